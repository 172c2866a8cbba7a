package handlers_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/handlers"
)

type rs256Authorizer = func(context.Context, events.APIGatewayCustomAuthorizerRequest) (handlers.Authorization, error)

const (
	issuerURL = "https://issuer.example/"
	audience  = "https://your-api-gateway"
	keySetURI = "https://issuer.example/.well-known/jwks.json"
)

func rs256Environment() func(string) string {
	return environment(map[string]string{"TOKEN_ISSUER": issuerURL, "AUDIENCE": audience, "JWKS_URI": keySetURI})
}

func rs256Claims() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": issuerURL, "aud": audience, "sub": "dev@clients", "scope": "read:pets write:pets",
		"exp": present().Add(time.Hour).Unix(),
	}
}

func newKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newECKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// webKey is a key as a member of a key set, with members changed; one that is nil is taken away.
func webKey(t testing.TB, key any, changes map[string]any) map[string]any {
	t.Helper()
	algorithm := "RS256"
	switch key.(type) {
	case *ecdsa.PublicKey, *ecdsa.PrivateKey:
		algorithm = "ES256"
	}
	text, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: "k1", Use: "sig", Algorithm: algorithm})
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return with(members, changes)
}

func keySet(t testing.TB, keys ...any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// endpoint answers requests for the key set, without a network.
type endpoint func(*http.Request) (*http.Response, error)

func (e endpoint) RoundTrip(r *http.Request) (*http.Response, error) { return e(r) }

func answer(status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(body)}
}

func serve(body string) endpoint {
	return func(*http.Request) (*http.Response, error) {
		return answer(http.StatusOK, strings.NewReader(body)), nil
	}
}

func newRS256(t testing.TB, keys endpoint, o handlers.Options) rs256Authorizer {
	t.Helper()
	o.Getenv = rs256Environment()
	o.Client = &http.Client{Transport: keys}
	if o.Now == nil {
		o.Now = present
	}
	return function[rs256Authorizer](t, o, "jwt-rs256")
}

func tokenEvent(token string) events.APIGatewayCustomAuthorizerRequest {
	return events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: token, MethodArn: methodARN}
}

// The answer is the tutorial's: the event's own ARN, whatever it looks like, and the token's scope.
func TestJWTRS256AsDeployed(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	tests := []struct {
		name   string
		claims jwt.MapClaims
		want   string
	}{
		{"scope", nil, `,"context":{"scope":"read:pets write:pets"}`},
		{"no scope", jwt.MapClaims{"scope": nil}, ""},
		{"empty scope", jwt.MapClaims{"scope": ""}, `,"context":{"scope":""}`},
		{"a list, which API Gateway would refuse (rest-authorizer 5.13)", jwt.MapClaims{"scope": []string{"read:pets"}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const arn = "arn:aws:execute-api:us-east-1:1234567890:apiId/stage/method/resourcePath"
			token := sign(t, jwt.SigningMethodRS256, key, map[string]any{"kid": "k1"}, with(rs256Claims(), test.claims))
			authorize := newRS256(t, serve(keySet(t, webKey(t, key.Public(), nil))), handlers.Options{})
			got, err := lambda.NewHandler(authorize).Invoke(t.Context(),
				[]byte(`{"type":"TOKEN","authorizationToken":"Bearer `+token+`","methodArn":"`+arn+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			want := `{"principalId":"dev@clients","policyDocument":{"Version":"2012-10-17","Statement":[` +
				`{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"` + arn + `"}]}` + test.want + `}`
			if diff := cmp.Diff(want, strings.TrimSpace(string(got))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJWTRS256Tokens(t *testing.T) {
	t.Parallel()
	key, otherKey := newKey(t, 2048), newKey(t, 2048)
	ecKey, otherECKey := newECKey(t, elliptic.P256()), newECKey(t, elliptic.P256())
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	kid, ecKid := map[string]any{"kid": "k1"}, map[string]any{"kid": "ec"}
	rs256 := func(changes jwt.MapClaims) string {
		return "Bearer " + sign(t, jwt.SigningMethodRS256, key, kid, with(rs256Claims(), changes))
	}
	header := func(members map[string]any) string {
		return "Bearer " + sign(t, jwt.SigningMethodRS256, key, members, rs256Claims())
	}
	now := present().Unix()
	tests := []struct {
		name, token string
		allowed     bool
		cause       error // that errors.Is finds, when there is one
		log         string
	}{
		{name: "valid", token: rs256(nil), allowed: true},
		{name: "one of several audiences", token: rs256(jwt.MapClaims{"aud": []string{"x", audience}}), allowed: true},
		{name: "no exp", token: rs256(jwt.MapClaims{"exp": nil}), allowed: true},
		{name: "expired", token: rs256(jwt.MapClaims{"exp": now - 1}), cause: jwt.ErrTokenExpired, log: "token is expired"},
		{name: "expires now", token: rs256(jwt.MapClaims{"exp": now}), cause: jwt.ErrTokenExpired, log: "token is expired"},
		{name: "not valid yet", token: rs256(jwt.MapClaims{"nbf": now + 1}), cause: jwt.ErrTokenNotValidYet, log: "token is not valid yet"},
		{name: "wrong audience", token: rs256(jwt.MapClaims{"aud": "x"}), cause: jwt.ErrTokenInvalidAudience, log: "invalid audience"},
		{name: "no audience", token: rs256(jwt.MapClaims{"aud": nil}), cause: jwt.ErrTokenRequiredClaimMissing, log: "aud claim is required"},
		{name: "wrong issuer", token: rs256(jwt.MapClaims{"iss": "https://other.example/"}), cause: jwt.ErrTokenInvalidIssuer, log: "invalid issuer"},
		{name: "issuer without its slash", token: rs256(jwt.MapClaims{"iss": strings.TrimSuffix(issuerURL, "/")}), cause: jwt.ErrTokenInvalidIssuer, log: "invalid issuer"},
		{name: "no issuer", token: rs256(jwt.MapClaims{"iss": nil}), cause: jwt.ErrTokenRequiredClaimMissing, log: "iss claim is required"},
		{name: "no sub", token: rs256(jwt.MapClaims{"sub": nil}), log: "token has no sub"},
		{name: "sub no string", token: rs256(jwt.MapClaims{"sub": 1}), cause: jwt.ErrTokenMalformed, log: "token is malformed"},
		{name: "wrong key", token: "Bearer " + sign(t, jwt.SigningMethodRS256, otherKey, kid, rs256Claims()), cause: jwt.ErrTokenSignatureInvalid, log: "signature is invalid"},
		{name: "unknown key", token: header(map[string]any{"kid": "k2"}), log: "no such key"},
		{name: "no kid", token: header(nil), log: "token names no key"},
		{name: "empty kid", token: header(map[string]any{"kid": ""}), log: "token names no key"},
		{name: "kid no string", token: header(map[string]any{"kid": []string{"k1"}}), log: "token names no key"},
		{name: "critical extension", token: header(map[string]any{"kid": "k1", "crit": []string{"x"}}), log: "critical extensions"},
		{name: "none", token: "Bearer " + sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, rs256Claims()), log: "signing method none is invalid"},
		{name: "public key taken for a secret", token: "Bearer " + sign(t, jwt.SigningMethodHS256, publicPEM, kid, rs256Claims()), log: "signing method HS256 is invalid"},
		{name: "RS384", token: "Bearer " + sign(t, jwt.SigningMethodRS384, key, kid, rs256Claims()), log: "signing method RS384 is invalid"},
		{name: "RS512", token: "Bearer " + sign(t, jwt.SigningMethodRS512, key, kid, rs256Claims()), log: "signing method RS512 is invalid"},
		{name: "PS256", token: "Bearer " + sign(t, jwt.SigningMethodPS256, key, kid, rs256Claims()), log: "signing method PS256 is invalid"},
		{name: "ES256", token: "Bearer " + sign(t, jwt.SigningMethodES256, ecKey, ecKid, rs256Claims()), allowed: true},
		{name: "ES256, expired", token: "Bearer " + sign(t, jwt.SigningMethodES256, ecKey, ecKid, with(rs256Claims(), jwt.MapClaims{"exp": now})), cause: jwt.ErrTokenExpired, log: "token is expired"},
		{name: "ES256, wrong key", token: "Bearer " + sign(t, jwt.SigningMethodES256, otherECKey, ecKid, rs256Claims()), cause: jwt.ErrTokenSignatureInvalid, log: "signature is invalid"},
		{name: "ES256 by the name of an RSA key", token: "Bearer " + sign(t, jwt.SigningMethodES256, ecKey, kid, rs256Claims()), cause: jwt.ErrTokenSignatureInvalid, log: `signing method ES256 is invalid for key \"k1\", which is for RS256`},
		{name: "RS256 by the name of an elliptic curve's key", token: "Bearer " + sign(t, jwt.SigningMethodRS256, key, ecKid, rs256Claims()), cause: jwt.ErrTokenSignatureInvalid, log: `signing method RS256 is invalid for key \"ec\", which is for ES256`},
		{name: "no Bearer", token: strings.TrimPrefix(rs256(nil), "Bearer "), log: "does not begin with"},
		{name: "bearer in lower case", token: strings.ToLower(rs256(nil)[:7]) + rs256(nil)[7:], log: "does not begin with"},
		{name: "Bearer alone", token: "Bearer ", cause: jwt.ErrTokenMalformed, log: "token is malformed"},
		{name: "nothing", token: "", log: "does not begin with"},
	}
	for name, token := range manipulations(t, strings.TrimPrefix(rs256(nil), "Bearer ")) {
		tests = append(tests, struct {
			name, token string
			allowed     bool
			cause       error
			log         string
		}{name: name, token: "Bearer " + token, log: "token refused"})
	}
	keys := serve(keySet(t, webKey(t, key.Public(), nil), webKey(t, ecKey.Public(), ecKid)))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log logbook
			authorize := newRS256(t, keys, handlers.Options{Log: log.logger()})
			_, err := authorize(t.Context(), tokenEvent(test.token))
			if test.allowed {
				if err != nil {
					t.Errorf("refused: %v", errors.Unwrap(err))
				}
				return
			}
			if err == nil || err.Error() != "Unauthorized" {
				t.Fatalf("error = %v, want Unauthorized", err)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("cause = %v, want %v", errors.Unwrap(err), test.cause)
			}
			if !strings.Contains(log.String(), test.log) {
				t.Errorf("log: %s, want %q", log.String(), test.log)
			}
			if token := strings.TrimPrefix(test.token, "Bearer "); token != "" && strings.Contains(log.String(), token) {
				t.Errorf("the log has the token: %s", log.String())
			}
		})
	}
}

func TestJWTRS256EventType(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	token := sign(t, jwt.SigningMethodRS256, key, map[string]any{"kid": "k1"}, rs256Claims())
	authorize := newRS256(t, serve(keySet(t, webKey(t, key.Public(), nil))), handlers.Options{})
	event := tokenEvent("Bearer " + token)
	event.Type = "REQUEST"
	if _, err := authorize(t.Context(), event); err == nil || err.Error() != "Unauthorized" {
		t.Errorf("error = %v, want Unauthorized", err)
	}
}

// Which keys of a key set may verify.
func TestJWTRS256Keys(t *testing.T) {
	t.Parallel()
	key, otherKey, small := newKey(t, 2048), newKey(t, 2048), newKey(t, 1024)
	ecKey, longer := newECKey(t, elliptic.P256()), newECKey(t, elliptic.P384())
	good := webKey(t, key.Public(), nil)
	tests := []struct {
		name    string
		key     any // that signs
		set     string
		allowed bool
		log     string
	}{
		{"usual", key, keySet(t, good), true, ""},
		{"nothing said of its use", key, keySet(t, webKey(t, key.Public(), map[string]any{"use": nil, "alg": nil})), true, ""},
		{"for verifying", key, keySet(t, webKey(t, key.Public(), map[string]any{"key_ops": []string{"verify"}})), true, ""},
		{"after keys that we cannot use", key, keySet(t, 1, nil, "x", map[string]any{"kty": "oct", "kid": "k1", "k": "AAAA"}, map[string]any{"kty": "RSA", "kid": "k1", "n": "!", "e": "AQAB"}, good), true, ""},
		{"first of two", key, keySet(t, good, webKey(t, otherKey.Public(), nil)), true, ""},
		{"second of two", key, keySet(t, webKey(t, otherKey.Public(), nil), good), false, "signature is invalid"},
		{"for encryption", key, keySet(t, webKey(t, key.Public(), map[string]any{"use": "enc"})), false, `use is \"enc\"`},
		{"for another algorithm", key, keySet(t, webKey(t, key.Public(), map[string]any{"alg": "RS512"})), false, `alg is \"RS512\"`},
		{"for signing only", key, keySet(t, webKey(t, key.Public(), map[string]any{"key_ops": []string{"sign"}})), false, `key_ops are [\"sign\"]`},
		{"for nothing", key, keySet(t, webKey(t, key.Public(), map[string]any{"key_ops": []string{}})), false, `key_ops are []`},
		{"private", key, keySet(t, webKey(t, key, nil)), false, "private key"},
		{"an elliptic curve's", ecKey, keySet(t, webKey(t, ecKey.Public(), nil)), true, ""},
		{"an elliptic curve's, nothing said of its use", ecKey, keySet(t, webKey(t, ecKey.Public(), map[string]any{"use": nil, "alg": nil})), true, ""},
		{"an elliptic curve's for encryption", ecKey, keySet(t, webKey(t, ecKey.Public(), map[string]any{"use": "enc"})), false, `use is \"enc\"`},
		{"an elliptic curve's for RS256", ecKey, keySet(t, webKey(t, ecKey.Public(), map[string]any{"alg": "RS256"})), false, `alg is \"RS256\"`},
		{"an elliptic curve's for deriving keys", ecKey, keySet(t, webKey(t, ecKey.Public(), map[string]any{"key_ops": []string{"deriveKey"}})), false, `key_ops are [\"deriveKey\"]`},
		{"an elliptic curve's, private", ecKey, keySet(t, webKey(t, ecKey, nil)), false, "private key"},
		{"a point beside the curve", ecKey, keySet(t, webKey(t, ecKey.Public(), map[string]any{"x": webKey(t, ecKey.Public(), nil)["y"]})), false, "no such key"},
		{"of another curve", ecKey, keySet(t, webKey(t, longer.Public(), map[string]any{"alg": nil})), false, "key of the curve P-384"},
		{"RSA for ES256", key, keySet(t, webKey(t, key.Public(), map[string]any{"alg": "ES256"})), false, `alg is \"ES256\"`},
		{"of another kind and the same name", ecKey, keySet(t, good, webKey(t, ecKey.Public(), nil)), false, "which is for RS256"},
		{"too small", small, keySet(t, webKey(t, small.Public(), nil)), false, "key of 1024 bits"},
		{"without a name", key, keySet(t, webKey(t, key.Public(), map[string]any{"kid": nil})), false, "no kid"},
		{"no keys", key, keySet(t), false, "no such key"},
		{"an object without keys", key, `{}`, false, "no such key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log logbook
			authorize := newRS256(t, serve(test.set), handlers.Options{Log: log.logger()})
			var method jwt.SigningMethod = jwt.SigningMethodRS256
			if test.key == ecKey {
				method = jwt.SigningMethodES256
			}
			_, err := authorize(t.Context(), tokenEvent("Bearer "+sign(t, method, test.key, map[string]any{"kid": "k1"}, rs256Claims())))
			if allowed := err == nil; allowed != test.allowed {
				t.Errorf("allowed = %t (%v), want %t", allowed, errors.Unwrap(err), test.allowed)
			}
			if !strings.Contains(log.String(), test.log) {
				t.Errorf("log: %s, want %q", log.String(), test.log)
			}
		})
	}
}

// Many callers at once each get the answer to their own token.
func TestJWTRS256AtOnce(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	authorize := newRS256(t, serve(keySet(t, webKey(t, key.Public(), nil))), handlers.Options{})
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			sub := string(rune('a' + i))
			token := sign(t, jwt.SigningMethodRS256, key, map[string]any{"kid": "k1"}, with(rs256Claims(), jwt.MapClaims{"sub": sub}))
			for range 20 {
				got, err := authorize(t.Context(), tokenEvent("Bearer "+token))
				if err != nil || got.PrincipalID != sub {
					t.Errorf("got %q, %v, want %q", got.PrincipalID, err, sub)
				}
				if _, err := authorize(t.Context(), tokenEvent("Bearer x")); err == nil {
					t.Error("a token that is none is allowed")
				}
			}
		})
	}
	callers.Wait()
}

// Whatever a key set says, the only error is Unauthorized; and no token is made up that fits a key which has signed none.
func FuzzJWTRS256(f *testing.F) {
	key := newKey(f, 2048)
	valid := "Bearer " + sign(f, jwt.SigningMethodRS256, key, map[string]any{"kid": "k1"}, rs256Claims())
	f.Add(valid, keySet(f, webKey(f, key.Public(), nil)))
	f.Add(valid, keySet(f, webKey(f, key, nil)))
	f.Add(valid, keySet(f, webKey(f, newECKey(f, elliptic.P256()).Public(), nil)))
	f.Add("Bearer e30.e30.e30", `{"keys":[{"kty":"RSA","kid":"k1","n":"AQAB","e":"AQAB","x5c":["AAAA"]}]}`)
	unused := keySet(f, webKey(f, newKey(f, 2048).Public(), nil))
	f.Fuzz(func(t *testing.T, token, set string) {
		_, err := newRS256(t, serve(set), handlers.Options{})(t.Context(), tokenEvent(token))
		if err != nil && err.Error() != "Unauthorized" {
			t.Errorf("error = %v, want Unauthorized", err)
		}
		if _, err := newRS256(t, serve(unused), handlers.Options{})(t.Context(), tokenEvent(token)); err == nil {
			t.Errorf("%q is allowed", token)
		}
	})
}
