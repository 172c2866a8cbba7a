package issuer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/issuer"
)

const (
	issuerURL = "http://127.0.0.1:3001/issuer/"
	secret    = "a secret of at least thirty-two bytes"
)

// present is the emulator's time. It is far from that of the machine, so that whoever asks the machine is found out.
func present() time.Time { return time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC) }

func newIssuer(t testing.TB, options issuer.Options) *issuer.Issuer {
	t.Helper()
	if options.URL == "" {
		options.URL = issuerURL
	}
	if options.Now == nil {
		options.Now = present
	}
	i, err := issuer.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func mint(t testing.TB, i *issuer.Issuer, request issuer.Request) string {
	t.Helper()
	token, err := i.Mint(request)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func call(t testing.TB, i *issuer.Issuer, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	i.Handler().ServeHTTP(w, r)
	return w
}

func keySet(t testing.TB, i *issuer.Issuer) jose.JSONWebKeySet {
	t.Helper()
	w := call(t, i, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/.well-known/jwks.json", nil))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// verify checks the signature of a token, and nothing else, as a stranger does: by the key of the set that kid names, for the
// algorithm that the set has for it. HS256 goes by the secret.
func verify(set jose.JSONWebKeySet, token string) (*jwt.Token, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256", "ES256", "HS256"}), jwt.WithoutClaimsValidation())
	return parser.Parse(token, func(parsed *jwt.Token) (any, error) {
		if parsed.Method.Alg() == "HS256" {
			return []byte(secret), nil
		}
		kid, _ := parsed.Header["kid"].(string)
		named := set.Key(kid)
		if len(named) != 1 || named[0].Algorithm != parsed.Method.Alg() || named[0].Use != "sig" || !named[0].IsPublic() {
			return nil, fmt.Errorf("%d keys have the name %q: %v", len(named), kid, named)
		}
		return named[0].Key, nil
	})
}

// decode reads a token without checking anything.
func decode(t testing.TB, token string) (header map[string]any, claims jwt.MapClaims) {
	t.Helper()
	claims = jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(token, claims)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header, claims
}

func TestNewRefusesURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "issuer", "/issuer/", "127.0.0.1:3001/issuer/", "ftp://host/", "http:///issuer/", "http://user@host/",
		"http://host/?", "http://host/?a=b", "http://host/#a", "http://host:port/",
	} {
		if _, err := issuer.New(issuer.Options{URL: url}); err == nil {
			t.Errorf("New with the URL %q succeeds", url)
		}
	}
}

func TestTokenLooksLikeAuth0s(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	token := mint(t, i, issuer.Request{Subject: "C8npTEMV@clients", Scopes: []string{"read:pets", "write:pets"}})
	header, claims := decode(t, token)
	set := keySet(t, i)
	if diff := cmp.Diff(map[string]any{"alg": "RS256", "typ": "JWT", "kid": set.Keys[0].KeyID}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	want := jwt.MapClaims{
		"iss":   issuerURL,
		"sub":   "C8npTEMV@clients",
		"aud":   "https://your-api-gateway",
		"azp":   "C8npTEMV",
		"gty":   "client-credentials",
		"scope": "read:pets write:pets",
		"iat":   float64(present().Unix()),
		"exp":   float64(present().Unix() + 300),
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if _, err := verify(set, token); err != nil {
		t.Error(err)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{Audience: "pets", SecretKey: secret})
	now := float64(present().Unix())
	tests := []struct {
		name    string
		request issuer.Request
		want    jwt.MapClaims // besides the defaults; nil is left out
	}{
		{name: "defaults"},
		{name: "subject that is no client", request: issuer.Request{Subject: "ada"}, want: jwt.MapClaims{"sub": "ada", "azp": nil, "gty": nil}},
		{name: "audience", request: issuer.Request{Audience: "toys"}, want: jwt.MapClaims{"aud": "toys"}},
		{name: "lifetime", request: issuer.Request{Lifetime: time.Hour}, want: jwt.MapClaims{"exp": now + 3600}},
		{
			name:    "claims added",
			request: issuer.Request{Claims: map[string]any{"tenant": "a", "roles": []string{"x"}}},
			want:    jwt.MapClaims{"tenant": "a", "roles": []any{"x"}},
		},
		{
			name: "claims replaced",
			request: issuer.Request{
				Subject: "s", Scopes: []string{"s"},
				Claims: map[string]any{"sub": "t", "scope": "t", "iss": "t", "aud": []string{"t"}, "exp": 1, "iat": 0},
			},
			want: jwt.MapClaims{
				"sub": "t", "scope": "t", "iss": "t", "aud": []any{"t"}, "exp": 1., "iat": 0., "azp": nil, "gty": nil,
			},
		},
		{name: "claim taken away", request: issuer.Request{Claims: map[string]any{"exp": nil}}, want: jwt.MapClaims{"exp": nil}},
		{
			name: "what the case is about stays",
			request: issuer.Request{
				Case: issuer.Expired, Claims: map[string]any{"exp": present().Unix() + 9, "iat": nil, "sub": "t"},
			},
			want: jwt.MapClaims{"exp": now - 3600, "iat": now - 3900, "sub": "t"},
		},
		{
			name:    "exp of a token that is not valid yet",
			request: issuer.Request{Case: issuer.NotYetValid, Claims: map[string]any{"exp": present().Unix() + 9}},
			want:    jwt.MapClaims{"exp": now + 9, "nbf": now + 3600},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := jwt.MapClaims{
				"iss": issuerURL, "sub": "dev@clients", "aud": "pets", "azp": "dev", "gty": "client-credentials",
				"iat": now, "exp": now + 300,
			}
			for name, value := range test.want {
				want[name] = value
				if value == nil {
					delete(want, name)
				}
			}
			test.request.Algorithm = issuer.HS256
			if _, got := decode(t, mint(t, i, test.request)); !cmp.Equal(want, got) {
				t.Errorf("claims (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func TestRequestsRefused(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	tests := []struct {
		name    string
		request issuer.Request
		is      error
		want    string
	}{
		{
			name: "case", request: issuer.Request{Case: "late"}, is: issuer.ErrRequest,
			want: `no such token: case "late" is none of [valid expired not-yet-valid wrong-audience wrong-issuer wrong-key alg-none tampered]`,
		},
		{
			name: "algorithm", request: issuer.Request{Algorithm: "RS512"}, is: issuer.ErrRequest,
			want: `no such token: algorithm "RS512" is none of [RS256 ES256 HS256]`,
		},
		{
			name: "lifetime", request: issuer.Request{Lifetime: -time.Second}, is: issuer.ErrRequest,
			want: `no such token: a lifetime of -1s`,
		},
		{
			name: "claims", request: issuer.Request{Claims: map[string]any{"f": func() {}}}, is: issuer.ErrRequest,
			want: `no such token: json: unsupported type: func()`,
		},
		{
			name: "no secret", request: issuer.Request{Algorithm: issuer.HS256}, is: issuer.ErrNoSecretKey,
			want: `HS256 needs a secret: SECRET_KEY is not set`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := i.Mint(test.request)
			if !errors.Is(err, test.is) {
				t.Fatalf("error = %v, want %v", err, test.is)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	var tokens [3][]string // of each generation of keys
	for generation := range tokens {
		if generation > 0 {
			if err := i.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		for _, algorithm := range []issuer.Algorithm{issuer.RS256, issuer.ES256} {
			tokens[generation] = append(tokens[generation], mint(t, i, issuer.Request{Algorithm: algorithm}))
		}
		set := keySet(t, i)
		if got, want := len(set.Keys), min(2*(generation+1), 4); got != want {
			t.Errorf("%d keys in the set after %d rotations, want %d", got, generation, want)
		}
		for of, signed := range tokens[:generation+1] {
			for _, token := range signed {
				_, err := verify(set, token)
				if known, want := err == nil, of >= generation-1; known != want {
					t.Errorf("after %d rotations, a token made after %d verifies: %t (%v), want %t", generation, of, known, err, want)
				}
			}
		}
	}
}

// An issuer whose keys nobody has seen has none to retire.
func TestRotationBeforeTheFirstUse(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	w := call(t, i, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/rotate", nil))
	if got := strings.Count(w.Body.String(), `"kid"`); w.Code != http.StatusOK || got != 2 {
		t.Errorf("%d with %d keys, want 200 with 2: %s", w.Code, got, w.Body)
	}
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for _, kind := range issuer.Cases() {
				_ = mint(t, i, issuer.Request{Case: kind})
				_ = keySet(t, i)
			}
		})
	}
	callers.Go(func() {
		if err := i.Rotate(); err != nil {
			t.Error(err)
		}
	})
	callers.Wait()
	if _, err := verify(keySet(t, i), mint(t, i, issuer.Request{})); err != nil {
		t.Error(err)
	}
}

// Until the first use there are no keys, so an issuer that nobody needs costs nothing.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = newIssuer(b, issuer.Options{})
	}
}

// What a start costs with keys that were made before.
func BenchmarkNewWithKeysFile(b *testing.B) {
	name := filepath.Join(b.TempDir(), "keys.json")
	_ = newIssuer(b, issuer.Options{KeysFile: name})
	b.ReportAllocs()
	for b.Loop() {
		_ = newIssuer(b, issuer.Options{KeysFile: name})
	}
}

func BenchmarkMint(b *testing.B) {
	i := newIssuer(b, issuer.Options{SecretKey: secret})
	for _, algorithm := range issuer.Algorithms() {
		b.Run(string(algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = mint(b, i, issuer.Request{Algorithm: algorithm})
			}
		})
	}
}
