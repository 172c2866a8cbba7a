package issuer

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Defaults of a token.
const (
	DefaultSubject  = "dev@clients"
	DefaultLifetime = 5 * time.Minute
)

// Errors of Mint that are the caller's. Others mean that keys could not be made.
var (
	// ErrRequest means that there can be no such token.
	ErrRequest = errors.New("no such token")
	// ErrNoSecretKey means that an HS256 token was asked for, but the issuer has no secret.
	ErrNoSecretKey = errors.New("HS256 needs a secret: SECRET_KEY is not set")
)

// Algorithm is how a token is signed.
type Algorithm string

// The algorithms. RS256 and ES256 are verified by the key set, HS256 by the secret, which a key set never has.
const (
	RS256 Algorithm = "RS256"
	ES256 Algorithm = "ES256"
	HS256 Algorithm = "HS256"
)

// Algorithms lists the algorithms, the default first.
func Algorithms() []Algorithm { return []Algorithm{RS256, ES256, HS256} }

// Case is what is wrong with a token, if anything. Nothing else is.
type Case string

// The cases, each with what it decides itself, whatever the claims of the request say.
const (
	Valid         Case = "valid"
	Expired       Case = "expired"        // exp was an hour ago, iat its lifetime before that
	NotYetValid   Case = "not-yet-valid"  // nbf is in an hour; exp, unless asked for, its lifetime after that
	WrongAudience Case = "wrong-audience" // aud is https://wrong-audience.invalid
	WrongIssuer   Case = "wrong-issuer"   // iss is https://wrong-issuer.invalid/
	WrongKey      Case = "wrong-key"      // signed by a key that is in no key set, under the kid of the one that is
	AlgNone       Case = "alg-none"       // alg is none and the signature empty; kid is as ever
	Tampered      Case = "tampered"       // the claim `tampered` was added after signing
)

// Cases lists the cases, the default first.
func Cases() []Case {
	return []Case{Valid, Expired, NotYetValid, WrongAudience, WrongIssuer, WrongKey, AlgNone, Tampered}
}

// tamperedClaim is what Tampered adds.
const tamperedClaim = "tampered"

// clientSuffix marks the subject of a client that got a token by its own credentials, as Auth0 does.
const clientSuffix = "@clients"

// caseOffset is how far the times of Expired and NotYetValid are from now: more than any leeway.
const caseOffset = time.Hour

// Request is a token that is asked for. The zero value asks for a valid one with all the defaults.
type Request struct {
	// Subject is sub; DefaultSubject if empty. `ID@clients`, a client by its own credentials, adds azp (ID) and gty.
	Subject string
	// Audience is aud; the issuer's if empty.
	Audience string
	// Scopes are joined by spaces as scope. Without any there is no such claim.
	Scopes []string
	// Claims are added to those above or replace them, iss, iat and exp included; one that is nil is left out. Only what the
	// Case is about they cannot change.
	Claims map[string]any
	// Lifetime is exp - iat, in whole seconds; DefaultLifetime if 0.
	Lifetime time.Duration
	// Case is Valid if empty.
	Case Case
	// Algorithm is RS256 if empty.
	Algorithm Algorithm
}

// Mint returns a signed token, in the compact serialization. The same request in the same second gives the same RS256 or HS256
// token. Errors are ErrRequest (an unknown case or algorithm, a negative lifetime, claims that are no JSON) and ErrNoSecretKey.
func (i *Issuer) Mint(request Request) (string, error) {
	request, err := i.complete(request)
	if err != nil {
		return "", err
	}
	by, err := i.signer(request)
	if err != nil {
		return "", err
	}
	claims := i.claims(request)
	token := jwt.NewWithClaims(by.method, claims)
	if by.kid != "" {
		token.Header["kid"] = by.kid
	}
	text, err := token.SigningString()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRequest, err)
	}
	signature, err := by.method.Sign(text, by.key)
	if err != nil {
		return "", err
	}
	if request.Case == Tampered {
		claims[tamperedClaim] = true
		if text, err = token.SigningString(); err != nil {
			return "", err
		}
	}
	return text + "." + token.EncodeSegment(signature), nil
}

// complete fills in the defaults, and refuses what cannot be.
func (i *Issuer) complete(r Request) (Request, error) {
	r.Subject = cmp.Or(r.Subject, DefaultSubject)
	r.Audience = cmp.Or(r.Audience, i.options.Audience)
	r.Lifetime = cmp.Or(r.Lifetime, DefaultLifetime)
	r.Case = cmp.Or(r.Case, Valid)
	r.Algorithm = cmp.Or(r.Algorithm, RS256)
	switch {
	case r.Lifetime < 0:
		return r, fmt.Errorf("%w: a lifetime of %s", ErrRequest, r.Lifetime)
	case !slices.Contains(Cases(), r.Case):
		return r, fmt.Errorf("%w: case %q is none of %v", ErrRequest, r.Case, Cases())
	case !slices.Contains(Algorithms(), r.Algorithm):
		return r, fmt.Errorf("%w: algorithm %q is none of %v", ErrRequest, r.Algorithm, Algorithms())
	}
	return r, nil
}

func (i *Issuer) claims(r Request) jwt.MapClaims {
	now := i.options.Now()
	claims := jwt.MapClaims{
		"iss": i.options.URL,
		"sub": r.Subject,
		"aud": r.Audience,
		"iat": now.Unix(),
		"exp": now.Add(r.Lifetime).Unix(),
	}
	if client, ok := strings.CutSuffix(r.Subject, clientSuffix); ok {
		claims["azp"], claims["gty"] = client, "client-credentials"
	}
	if len(r.Scopes) > 0 {
		claims["scope"] = strings.Join(r.Scopes, " ")
	}
	if r.Case == NotYetValid {
		claims["exp"] = now.Add(caseOffset + r.Lifetime).Unix()
	}
	maps.Copy(claims, r.Claims)
	switch r.Case {
	case Expired:
		claims["iat"] = now.Add(-caseOffset - r.Lifetime).Unix()
		claims["exp"] = now.Add(-caseOffset).Unix()
	case NotYetValid:
		claims["nbf"] = now.Add(caseOffset).Unix()
	case WrongAudience:
		claims["aud"] = "https://wrong-audience.invalid"
	case WrongIssuer:
		claims["iss"] = "https://wrong-issuer.invalid/"
	case Tampered:
		delete(claims, tamperedClaim) // so that it makes a difference
	case Valid, WrongKey, AlgNone: // the claims are right
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// signer is how a token is signed. A key without a name has no place in a key set.
type signer struct {
	method jwt.SigningMethod
	key    any
	kid    string
}

func (i *Issuer) signer(r Request) (signer, error) {
	by := signer{method: jwt.GetSigningMethod(string(r.Algorithm))}
	if r.Algorithm == HS256 {
		secret, err := i.secretKey()
		if err != nil {
			return by, err
		}
		by.key = []byte(secret)
		if r.Case == WrongKey {
			by.key = []byte("not " + secret)
		}
	} else {
		ring, err := i.keys()
		if err != nil {
			return by, err
		}
		key := ring.signing(r.Algorithm)
		by.key, by.kid = key.Key, key.KeyID
	}
	switch {
	case r.Case == AlgNone:
		by.method, by.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
	case r.Case == WrongKey && r.Algorithm != HS256:
		strangers, err := i.strangers()
		if err != nil {
			return by, err
		}
		by.key = strangers.signing(r.Algorithm).Key
	}
	return by, nil
}

func (i *Issuer) secretKey() (string, error) {
	switch {
	case i.options.SecretKey != "":
		return i.options.SecretKey, nil
	case i.options.FindSecretKey == nil:
		return "", ErrNoSecretKey
	}
	secret, err := i.options.FindSecretKey()
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrNoSecretKey, err)
	case secret == "":
		return "", ErrNoSecretKey
	}
	return secret, nil
}
