package issuer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/issuer"
)

// Each case is wrong in one respect: either the signature does not verify, or one rule for claims is broken. All that is in the
// token, but for what makes it so, is as in the valid one.
func TestCases(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{SecretKey: secret})
	set := keySet(t, i)
	tests := []struct {
		name          issuer.Case
		differs       []string // members of the header and claims that are not the valid token's
		wrongClaims   error
		wrongSignture bool
	}{
		{name: issuer.Valid},
		{name: issuer.Expired, differs: []string{"exp", "iat"}, wrongClaims: jwt.ErrTokenExpired},
		{name: issuer.NotYetValid, differs: []string{"exp", "nbf"}, wrongClaims: jwt.ErrTokenNotValidYet},
		{name: issuer.WrongAudience, differs: []string{"aud"}, wrongClaims: jwt.ErrTokenInvalidAudience},
		{name: issuer.WrongIssuer, differs: []string{"iss"}, wrongClaims: jwt.ErrTokenInvalidIssuer},
		{name: issuer.WrongKey, wrongSignture: true},
		{name: issuer.AlgNone, differs: []string{"alg"}, wrongSignture: true},
		{name: issuer.Tampered, differs: []string{"tampered"}, wrongSignture: true},
	}
	var names []issuer.Case
	for _, test := range tests {
		names = append(names, test.name)
		for _, algorithm := range issuer.Algorithms() {
			t.Run(string(test.name)+" "+string(algorithm), func(t *testing.T) {
				t.Parallel()
				token := mint(t, i, issuer.Request{Case: test.name, Algorithm: algorithm})
				if _, err := verify(set, token); (err != nil) != test.wrongSignture {
					t.Errorf("the signature is refused: %v, want %t", err, test.wrongSignture)
				}
				header, claims := decode(t, token)
				if err := validate(claims, present()); !errors.Is(err, test.wrongClaims) || len(reasons(err)) > 1 {
					t.Errorf("the claims are refused: %v, want %v", err, test.wrongClaims)
				}
				validHeader, validClaims := decode(t, mint(t, i, issuer.Request{Algorithm: algorithm}))
				got := slices.Concat(difference(validHeader, header), difference(validClaims, claims))
				if diff := cmp.Diff(test.differs, got); diff != "" {
					t.Errorf("members that differ (-want +got):\n%s", diff)
				}
			})
		}
	}
	if diff := cmp.Diff(names, issuer.Cases()); diff != "" {
		t.Errorf("cases (-tested +all):\n%s", diff)
	}
}

// What is wrong with a time is so at any leeway, and is right at another time.
func TestCasesAtAnotherTime(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{SecretKey: secret})
	tests := []struct {
		name issuer.Case
		then time.Time
	}{
		{issuer.Expired, present().Add(-time.Hour - time.Second)},
		{issuer.NotYetValid, present().Add(time.Hour)},
	}
	for _, test := range tests {
		t.Run(string(test.name), func(t *testing.T) {
			t.Parallel()
			_, claims := decode(t, mint(t, i, issuer.Request{Case: test.name, Algorithm: issuer.HS256}))
			if err := validate(claims, present(), jwt.WithLeeway(30*time.Minute)); err == nil {
				t.Error("accepted now, with a leeway")
			}
			if err := validate(claims, test.then); err != nil {
				t.Errorf("refused at %s: %v", test.then, err)
			}
		})
	}
}

// A request for the very claim that Tampered adds is no way to a valid token.
func TestTamperedWithItsOwnClaim(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{SecretKey: secret})
	token := mint(t, i, issuer.Request{
		Case: issuer.Tampered, Algorithm: issuer.HS256, Claims: map[string]any{"tampered": true},
	})
	if _, err := verify(keySet(t, i), token); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		t.Errorf("error = %v, want %v", err, jwt.ErrTokenSignatureInvalid)
	}
}

func TestAlgNoneHasNoSignature(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	token := mint(t, i, issuer.Request{Case: issuer.AlgNone})
	if header, _ := decode(t, token); header["alg"] != "none" || strings.Count(token, ".") != 2 || !strings.HasSuffix(token, ".") {
		t.Errorf("header %v of %s", header, token)
	}
}

// validate applies every rule for claims that an authorizer may have.
func validate(claims jwt.MapClaims, now time.Time, options ...jwt.ParserOption) error {
	return jwt.NewValidator(append([]jwt.ParserOption{
		jwt.WithIssuer(issuerURL),
		jwt.WithAudience(issuer.DefaultAudience),
		jwt.WithSubject(issuer.DefaultSubject),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	}, options...)...).Validate(claims)
}

// reasons takes apart what a validator says: all rules that are broken, joined.
func reasons(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// difference lists, sorted, the members in which two objects differ.
func difference(a, b map[string]any) []string {
	var names []string
	for _, object := range []map[string]any{a, b} {
		for name := range object {
			if !cmp.Equal(a[name], b[name]) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
