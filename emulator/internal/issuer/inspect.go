package issuer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Objection is what is wrong with a token: in itself, or for whoever trusts the local issuer.
type Objection struct {
	By      string `json:"by"` // token, issuer, or authorizer
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Inspection is a token taken apart. Header and claims are null where they cannot be read.
type Inspection struct {
	Header     json.RawMessage `json:"header"`
	Claims     json.RawMessage `json:"claims"`
	Objections []Objection     `json:"objections"`
}

// The parties that object.
const (
	byToken  = "token"
	byIssuer = "issuer"
)

func (i *Inspection) object(by, code, hint, format string, args ...any) {
	i.Objections = append(i.Objections, Objection{By: by, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

// Inspect decodes a token, whoever signed it, and says everything that is wrong with it. The local issuer, nil for none, is
// asked whether it is one of its own; what it objects to matters to an authorizer that trusts it. Nothing is verified for
// anybody: an authorizer has to do that itself.
func Inspect(token string, now time.Time, local *Issuer) Inspection {
	out := Inspection{Objections: []Objection{}}
	parts := strings.Split(token, ".")
	const segments = 3
	if len(parts) != segments {
		out.object(byToken, "token.malformed", "paste the whole token, without quotes",
			"a JSON Web Token has three parts with dots between them, and this text has %d", len(parts))
		return out
	}
	header, claims := map[string]any{}, jwt.MapClaims{}
	var err error
	if out.Header, err = segment(parts[0], &header); err != nil {
		out.object(byToken, "token.malformed", "", "the header cannot be read: %v", err)
	}
	if out.Claims, err = segment(parts[1], &claims); err != nil {
		out.object(byToken, "token.malformed", "", "the claims cannot be read: %v", err)
	}
	if len(out.Objections) > 0 {
		return out
	}
	out.algorithm(header, parts[2])
	out.times(claims, now)
	if local != nil {
		local.inspect(&out, header, claims, parts)
	}
	return out
}

// segment decodes a part that is a JSON object.
func segment(part string, into any) (json.RawMessage, error) {
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return nil, errors.New("it is not base64url")
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, errors.New("it is no JSON object")
	}
	return text, nil
}

func (i *Inspection) algorithm(header map[string]any, signature string) {
	algorithm, _ := header["alg"].(string)
	switch {
	case strings.EqualFold(algorithm, "none"):
		i.object(byToken, "token.alg_none", "an authorizer that accepts it accepts anything", "the token says that it is not signed: its alg is %q", algorithm)
	case jwt.GetSigningMethod(algorithm) == nil:
		i.object(byToken, "token.alg", "", "no algorithm is called %q", algorithm)
	case signature == "":
		i.object(byToken, "token.signature", "", "the signature is missing")
	}
}

// times objects to what AWS's and most other libraries do, without leeway.
func (i *Inspection) times(claims jwt.MapClaims, now time.Time) {
	expires, err := claims.GetExpirationTime()
	switch {
	case err != nil:
		i.object(byToken, "token.expiry", "", "exp is no number")
	case expires == nil:
		i.object(byToken, "token.expiry", "authorizers should refuse a token that never expires", "the token has no exp, so it never expires")
	case !now.Before(expires.Time):
		i.object(byToken, "token.expired", "get a new one; the clock of gatewayd may have been moved", "the token expired %v ago", now.Sub(expires.Time).Round(time.Second))
	}
	for _, claim := range []struct {
		name, code string
		get        func() (*jwt.NumericDate, error)
	}{
		{"nbf", "token.not_yet_valid", claims.GetNotBefore},
		{"iat", "token.issued_in_future", claims.GetIssuedAt},
	} {
		if at, err := claim.get(); err != nil {
			i.object(byToken, claim.code, "", "%s is no number", claim.name)
		} else if at != nil && now.Before(at.Time) {
			i.object(byToken, claim.code, "wait, or compare the clocks", "%s is %v from now", claim.name, at.Sub(now).Round(time.Second))
		}
	}
}

// inspect says whether a token is one of the issuer's own.
func (i *Issuer) inspect(out *Inspection, header map[string]any, claims jwt.MapClaims, parts []string) {
	if issuer, err := claims.GetIssuer(); err != nil || issuer != i.options.URL {
		out.object(byIssuer, "token.issuer", "an authorizer compares iss with its TOKEN_ISSUER byte for byte",
			"iss is %q; the local issuer is %q", fmt.Sprint(claims["iss"]), i.options.URL)
	}
	if audience, err := claims.GetAudience(); err != nil || !slices.Contains(audience, i.options.Audience) {
		out.object(byIssuer, "token.audience", "an authorizer wants its AUDIENCE among them", "aud is %q; the local issuer's is %q",
			strings.Join(audience, ", "), i.options.Audience)
	}
	algorithm, _ := header["alg"].(string)
	method := jwt.GetSigningMethod(algorithm)
	if method == nil || method == jwt.SigningMethodNone || parts[2] == "" {
		return
	}
	key, problem := i.verificationKey(Algorithm(algorithm), header["kid"])
	if problem != "" {
		out.object(byIssuer, "token.key", "", "%s", problem)
		return
	}
	signature, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[2], "="))
	if err == nil {
		err = method.Verify(parts[0]+"."+parts[1], signature, key)
	}
	if err != nil {
		out.object(byIssuer, "token.signature", "it was changed after it was signed, or signed with another key",
			"the signature is not that of the local issuer's key")
	}
}

// verificationKey is the key that a token of the issuer's own would have been signed with, or what is wrong.
func (i *Issuer) verificationKey(algorithm Algorithm, kid any) (key any, problem string) {
	switch algorithm {
	case HS256:
		secret, err := i.secretKey()
		if err != nil {
			return nil, "whether an HS256 signature is right only who has the secret can tell, and here is none"
		}
		return []byte(secret), ""
	case RS256, ES256:
	default:
		return nil, fmt.Sprintf("the local issuer does not sign by %s", algorithm)
	}
	ring, err := i.keys()
	if err != nil {
		return nil, err.Error()
	}
	for _, web := range ring {
		if web.KeyID == kid && web.Algorithm == string(algorithm) {
			return web.Public().Key, ""
		}
	}
	return nil, fmt.Sprintf("no key of the local key set is called %q", fmt.Sprint(kid))
}
