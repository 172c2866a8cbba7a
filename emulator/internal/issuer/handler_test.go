package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/issuer"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, url, base string
	}{
		{"slash at the end", "http://127.0.0.1:3001/issuer/", "http://127.0.0.1:3001/issuer"},
		{"none", "https://cognito.example/pool", "https://cognito.example/pool"},
		{"root", "http://localhost:80/", "http://localhost:80"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t, issuer.Options{URL: test.url, SecretKey: secret})
			w := call(t, i, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/.well-known/openid-configuration", nil))
			want := `{"issuer":"` + test.url + `","token_endpoint":"` + test.base + `/token",` +
				`"jwks_uri":"` + test.base + `/.well-known/jwks.json","grant_types_supported":["client_credentials"],` +
				`"token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic","none"],` +
				`"response_types_supported":["token"],"subject_types_supported":["public"],` +
				`"id_token_signing_alg_values_supported":["RS256","ES256"]}` + "\n"
			if diff := cmp.Diff(want, w.Body.String()); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if _, claims := decode(t, mint(t, i, issuer.Request{Algorithm: issuer.HS256})); claims["iss"] != test.url {
				t.Errorf("iss = %v, want %s", claims["iss"], test.url)
			}
		})
	}
}

func TestKeySet(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	w := call(t, i, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/.well-known/jwks.json", nil))
	for _, private := range []string{`"d"`, `"p"`, `"q"`, `"dp"`, `"dq"`, `"qi"`} {
		if strings.Contains(w.Body.String(), private) {
			t.Errorf("the key set has %s", private)
		}
	}
	var got [][2]string
	for _, key := range keySet(t, i).Keys {
		got = append(got, [2]string{key.Algorithm, key.Use})
		if len(key.KeyID) != 43 { // SHA-256 in base64url
			t.Errorf("kid %q is no thumbprint", key.KeyID)
		}
	}
	if diff := cmp.Diff([][2]string{{"RS256", "sig"}, {"ES256", "sig"}}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	// As in the control API, whose own answer to a wrong method says nothing of the right ones.
	control := chi.NewRouter()
	control.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	control.Mount("/issuer", newIssuer(t, issuer.Options{}).Handler())
	tests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/issuer", http.StatusOK, ""},
		{http.MethodGet, "/issuer/", http.StatusOK, ""},
		{http.MethodHead, "/issuer/.well-known/openid-configuration", http.StatusOK, ""},
		{http.MethodPost, "/issuer/.well-known/openid-configuration", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodPut, "/issuer/.well-known/jwks.json", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodGet, "/issuer/token", http.StatusMethodNotAllowed, "POST"},
		{http.MethodGet, "/issuer/rotate", http.StatusMethodNotAllowed, "POST"},
		{http.MethodGet, "/issuer/authorize", http.StatusNotFound, ""},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			control.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), test.method, test.path, nil))
			if w.Code != test.status || w.Header().Get("Allow") != test.allow {
				t.Errorf("%d, Allow %q, want %d, %q", w.Code, w.Header().Get("Allow"), test.status, test.allow)
			}
		})
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	w := call(t, newIssuer(t, issuer.Options{}), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if !strings.Contains(w.Body.String(), issuer.Notice) {
		t.Errorf("%q does not have the notice", w.Body)
	}
}
