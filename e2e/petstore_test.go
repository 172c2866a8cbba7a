package e2e_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

const (
	pets = `[{"id":1,"type":"dog","price":249.99},{"id":2,"type":"cat","price":124.99},{"id":3,"type":"fish","price":0.99}]`
	dog  = `{"id":1,"type":"dog","price":249.99}`
)

func TestPetStore(t *testing.T) {
	t.Parallel()
	key := newKey(t, "k1")
	p := newProvider(t, key)
	g := start(t, "petstore", p.environment()...)
	tests := []struct {
		name    string
		request request // less its token
		status  int
		body    string
	}{
		{"list", request{path: "/pets"}, http.StatusOK, pets},
		{"one", request{path: "/pets/1"}, http.StatusOK, dog},
		{"none", request{path: "/pets/9"}, http.StatusNotFound, `{"message":"pet not found"}`},
		{"no pet", request{method: http.MethodPost, path: "/pets", body: "{}"}, http.StatusBadRequest, `{"message":"a pet has a type of up to 64 bytes and a price of at least 0"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// A token of its own, for its result is kept.
			test.request.headers = []string{bearer(t, key, p.claims(jwt.MapClaims{"jti": test.name}))}
			g.want(t, test.request, test.status, test.body)
		})
	}
}

// The policy is for the one method that was called first, and is kept for an hour: with the same token, another method is
// refused. AWS does so, and gatewayd says why.
func TestPetStoreSecondMethod(t *testing.T) {
	t.Parallel()
	key := newKey(t, "k1")
	p := newProvider(t, key)
	g := start(t, "petstore", p.environment()...)
	token := []string{bearer(t, key, p.claims(nil))}

	first := g.want(t, request{path: "/pets", headers: token}, http.StatusOK, pets)
	second := g.want(t, request{path: "/pets/1", headers: token}, http.StatusForbidden, implicitDeny)
	third := g.want(t, request{path: "/pets", headers: token}, http.StatusOK, pets)

	trace := g.trace(t, second)
	if trace.Code != "policy.implicit_deny" || trace.Cache.State != "hit" {
		t.Errorf("code %s, cache %s", trace.Code, trace.Cache.State)
	}
	for _, id := range []string{second, third} {
		writer := g.trace(t, id).Cache.WrittenBy
		if writer.RequestID != first || writer.Method != http.MethodGet || writer.Path != "/test/pets" {
			t.Errorf("the result was kept by %+v, want request %s", writer, first)
		}
	}
	line := g.line(t, second)
	for _, part := range []string{
		"GET /test/pets/1 403 implicit deny: the policy cached ", " s ago by GET /test/pets allows only …/GET/pets, not …/GET/pets/1",
		"a policy must cover every route that shares the authorizer, or set authorizerResultTtlInSeconds: 0",
	} {
		if !strings.Contains(line, part) {
			t.Errorf("log:\n got %s\nwant …%s…", line, part)
		}
	}
	g.stderr.await(t, 0, `(?m)^warning: .* the policy allows only the method that was asked for, and is cached: .*\[one-method-cached\]`)
}

// Whatever is wrong with a token, the client is told the same. gatewayd tells the developer what it was.
func TestPetStoreRefuses(t *testing.T) {
	t.Parallel()
	key, stranger := newKey(t, "k1"), newKey(t, "k2")
	p := newProvider(t, key)
	g := start(t, "petstore", p.environment()...)
	with := func(changes jwt.MapClaims) string { return bearer(t, key, p.claims(changes)) }
	signed := func(method jwt.SigningMethod, key any) string {
		return "Authorization: Bearer " + sign(t, method, key, "k1", p.claims(nil))
	}
	past, future := time.Now().Add(-time.Minute).Unix(), time.Now().Add(time.Minute).Unix()
	tests := []struct{ name, header, cause string }{
		{"expired", with(jwt.MapClaims{"exp": past}), "token is expired"},
		{"not yet valid", with(jwt.MapClaims{"nbf": future}), "token is not valid yet"},
		{"wrong audience", with(jwt.MapClaims{"aud": "https://another-api"}), "token has invalid audience"},
		{"no audience", with(jwt.MapClaims{"aud": nil}), "aud claim is required"},
		{"wrong issuer", with(jwt.MapClaims{"iss": "https://another-issuer/"}), "token has invalid issuer"},
		{"issuer without its slash", with(jwt.MapClaims{"iss": strings.TrimSuffix(p.url, "/")}), "token has invalid issuer"},
		{"no subject", with(jwt.MapClaims{"sub": nil}), "token has no sub"},
		{"unknown key", bearer(t, stranger, p.claims(nil)), `key .*k2.*: key set has no such key`},
		{"wrong key", signed(jwt.SigningMethodRS256, stranger.Key), "verification error"},
		{"no kid", "Authorization: Bearer " + sign(t, jwt.SigningMethodRS256, key.Key, "", p.claims(nil)), "token names no key"},
		{"none", signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), "signing method none is invalid"},
		{"the public key as a secret", signed(jwt.SigningMethodHS256, publicPEM(t, key)), "signing method HS256 is invalid"},
		{"RS384", signed(jwt.SigningMethodRS384, key.Key), "signing method RS384 is invalid"},
		{"tampered", "Authorization: Bearer " + tamper(t, sign(t, jwt.SigningMethodRS256, key.Key, "k1", p.claims(nil))), "verification error"},
		{"no token", "Authorization: Bearer a.b.c", "token is malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			logged := g.stderr.length()
			id := g.want(t, request{path: "/pets", headers: []string{test.header}}, http.StatusUnauthorized, unauthorized)
			trace := g.trace(t, id)
			if trace.Code != "authorizer.unauthorized" || trace.Cache.State != "miss" {
				t.Errorf("code %s, cache %s", trace.Code, trace.Cache.State)
			}
			if told := trace.Steps[len(trace.Steps)-1].Detail.Error; !regexp.MustCompile("^Unauthorized: .*" + test.cause).MatchString(told) {
				t.Errorf("the trace says %q, not what the matter is", told)
			}
			g.stderr.await(t, logged, `(?m)^warning: token refused cause=".*`+test.cause)
		})
	}
}

// What does not look like a token does not reach the function.
func TestPetStoreValidationExpression(t *testing.T) {
	t.Parallel()
	g := start(t, "petstore")
	for _, value := range []string{"a.b.c", "bearer a.b.c", "Bearer a.b.c!", " Bearer  a.b.c"} {
		id := g.want(t, request{path: "/pets", headers: []string{"Authorization: " + value}}, http.StatusUnauthorized, unauthorized)
		if trace := g.trace(t, id); trace.Code != "identity.mismatch" || trace.names() != "route identity" {
			t.Errorf("%q: code %s, steps %s", value, trace.Code, trace.names())
		}
	}
}

// A key that the provider has replaced signs no more tokens; the new one does, at once.
func TestPetStoreRotatedKey(t *testing.T) {
	t.Parallel()
	former, present := newKey(t, "k1"), newKey(t, "k2")
	p := newProvider(t, former)
	g := start(t, "petstore", p.environment()...)
	get := func(key jose.JSONWebKey, id string) request {
		return request{path: "/pets", headers: []string{bearer(t, key, p.claims(jwt.MapClaims{"jti": id}))}}
	}
	g.want(t, get(former, "1"), http.StatusOK, pets)
	p.publish(present)
	g.want(t, get(present, "2"), http.StatusOK, pets)
	logged := g.stderr.length()
	g.want(t, get(former, "3"), http.StatusUnauthorized, unauthorized)
	g.stderr.await(t, logged, `key .*k1.*: key set has no such key`)
	// The result of the first request is kept, whatever happened to the key.
	g.want(t, get(former, "1"), http.StatusOK, pets)
}

// The key says how it signs: an elliptic curve's ES256, as the local issuer can mint it, where the tutorial has RS256.
func TestPetStoreES256(t *testing.T) {
	t.Parallel()
	g := start(t, "petstore")
	command := exec.Command(os.Getenv(programVariable), "token", "--url", g.control, "--alg", "ES256", "--sub", "dev@clients")
	command.Dir, command.Env = filepath.Dir(g.routes), []string{}
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(output))
	header, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
	if err != nil || !strings.Contains(string(header), `"alg":"ES256"`) {
		t.Fatalf("header %s, %v", header, err)
	}
	g.want(t, request{path: "/pets", headers: []string{"Authorization: Bearer " + token}}, http.StatusOK, pets)
	g.want(t, request{path: "/pets", headers: []string{"Authorization: Bearer " + tamper(t, token)}}, http.StatusUnauthorized, unauthorized)
}

// Without the keys every token is refused with 401. That is not kept: when they are there again, so is access.
func TestPetStoreKeyEndpointDown(t *testing.T) {
	t.Parallel()
	key := newKey(t, "k1")
	p := newProvider(t, key)
	g := start(t, "petstore", p.environment()...)
	get := request{path: "/pets", headers: []string{bearer(t, key, p.claims(nil))}}
	p.fail(true)
	id := g.want(t, get, http.StatusUnauthorized, unauthorized)
	if trace := g.trace(t, id); trace.Code != "authorizer.unauthorized" {
		t.Errorf("code %s", trace.Code)
	}
	g.stderr.await(t, 0, `cause=".*jwks.json: 503 Service Unavailable`)
	p.fail(false)
	g.want(t, get, http.StatusOK, pets)
}

// Nor does it matter how the key endpoint fails.
func TestPetStoreKeyEndpointUnreachable(t *testing.T) {
	t.Parallel()
	key := newKey(t, "k1")
	p := newProvider(t, key)
	g := start(t, "petstore", "TOKEN_ISSUER="+p.url, "JWKS_URI=http://127.0.0.1:1/jwks.json", "AUDIENCE="+audience)
	get := request{path: "/pets", headers: []string{bearer(t, key, p.claims(nil))}}
	g.want(t, get, http.StatusUnauthorized, unauthorized)
	g.stderr.await(t, 0, `cause=".*connection refused`)
}

func publicPEM(t *testing.T, key jose.JSONWebKey) []byte {
	t.Helper()
	text, err := x509.MarshalPKIXPublicKey(key.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: text})
}
