package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

const audience = "https://your-api-gateway"

// provider is the external identity provider of the tutorials. Its keys can change, and its key endpoint can fail.
type provider struct {
	url string // its iss

	mu   sync.Mutex
	keys jose.JSONWebKeySet
	down bool
}

func newProvider(t *testing.T, keys ...jose.JSONWebKey) *provider {
	t.Helper()
	p := &provider{}
	p.publish(keys...)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL + "/"
	return p
}

// ServeHTTP answers with the key set.
func (p *provider) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_ = json.NewEncoder(w).Encode(p.keys) // gatewayd says what it could not read
}

func (p *provider) publish(keys ...jose.JSONWebKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys.Keys = p.keys.Keys[:0]
	for _, key := range keys {
		p.keys.Keys = append(p.keys.Keys, key.Public())
	}
}

func (p *provider) fail(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// environment are the variables that the authorizer is configured with.
func (p *provider) environment() []string {
	return []string{"TOKEN_ISSUER=" + p.url, "JWKS_URI=" + p.url + "jwks.json", "AUDIENCE=" + audience}
}

// claims are those of a valid token, with changes; a claim that is nil is left out.
func (p *provider) claims(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{
		"iss": p.url, "aud": audience, "sub": "dev@clients", "scope": "read:pets",
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func newKey(t *testing.T, kid string) jose.JSONWebKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: "RS256", Use: "sig"}
}

// bearer is the header line with an RS256 token of the key.
func bearer(t *testing.T, key jose.JSONWebKey, claims jwt.MapClaims) string {
	t.Helper()
	return "Authorization: Bearer " + sign(t, jwt.SigningMethodRS256, key.Key, key.KeyID, claims)
}

// sign makes a token. Without a kid, the header has none.
func sign(t *testing.T, method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tamper adds a claim to a token after it was signed.
func tamper(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	claims := payload(t, token)
	claims["admin"] = true
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(text)
	return strings.Join(parts, ".")
}

// payload is the claims of a token, unverified.
func payload(t *testing.T, token string) jwt.MapClaims {
	t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	return claims
}
