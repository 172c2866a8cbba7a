package control_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/internal/issuer"
)

// post sends a body, as a local client does unless change says otherwise.
func post(t *testing.T, options control.Options, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Host = "127.0.0.1:3001"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	control.New(options).ServeHTTP(w, r)
	return w
}

func newIssuer(t *testing.T) *issuer.Issuer {
	t.Helper()
	i, err := issuer.New(issuer.Options{
		URL: "http://127.0.0.1:3001/issuer/", SecretKey: "secret", Now: func() time.Time { return time.Unix(1_000_000, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		status     int
		want       string // the claims, or the error
	}{
		{
			name: "defaults", body: `{"alg":"HS256"}`, status: 200,
			want: `{"iss":"http://127.0.0.1:3001/issuer/","sub":"dev@clients","aud":"https://your-api-gateway","azp":"dev","gty":"client-credentials","iat":1000000,"exp":1000300}`,
		},
		{
			name: "everything", status: 200,
			body: `{"sub":"me","audience":"you","scope":["a","b"],"claims":{"n":12345678901234567,"iat":null},"expires":"1m30s","case":"expired","alg":"HS256"}`,
			want: `{"iss":"http://127.0.0.1:3001/issuer/","sub":"me","aud":"you","scope":"a b","n":12345678901234567,"iat":996310,"exp":996400}`,
		},
		{
			name: "one scope", body: `{"alg":"HS256","sub":"me","scope":"a b"}`, status: 200,
			want: `{"iss":"http://127.0.0.1:3001/issuer/","sub":"me","aud":"https://your-api-gateway","scope":"a b","iat":1000000,"exp":1000300}`,
		},
		{
			name: "no scope", body: `{"alg":"HS256","sub":"me","scope":null}`, status: 200,
			want: `{"iss":"http://127.0.0.1:3001/issuer/","sub":"me","aud":"https://your-api-gateway","iat":1000000,"exp":1000300}`,
		},
		{name: "a duration that is none", body: `{"expires":"5"}`, status: 400, want: `{"error":"expires \"5\" is no duration of a second or more, such as 5m"}`},
		{name: "no time at all", body: `{"expires":"0s"}`, status: 400, want: `{"error":"expires \"0s\" is no duration of a second or more, such as 5m"}`},
		{name: "a case that is none", body: `{"case":"late"}`, status: 400, want: `{"error":"no such token: case \"late\" is none of [valid expired not-yet-valid wrong-audience wrong-issuer wrong-key alg-none tampered]"}`},
		{name: "another key", body: `{"subject":"me"}`, status: 400, want: `{"error":"the body cannot be read: json: unknown field \"subject\""}`},
	}
	options := (&fake{}).options()
	options.Issuer = newIssuer(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := post(t, options, "/_gatewayd/tokens", tt.body, nil)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			got := any(decoded(t, w.Body.String()))
			if tt.status == http.StatusOK {
				got = claimsOf(t, decoded(t, w.Body.String())["token"])
			}
			if diff := cmp.Diff(any(decoded(t, tt.want)), got); diff != "" {
				t.Errorf("claims or error (-want +got):\n%s", diff)
			}
		})
	}
}

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// claimsOf verifies the signature of an HS256 token.
func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	claims := jwt.MapClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation(), jwt.WithJSONNumber()).
		ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return []byte("secret"), nil })
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// The issuer is where its URL says, and answers as it does by itself.
func TestIssuer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		want         string // within the answer
	}{
		{method: "GET", path: "/issuer", status: 200, want: issuer.Notice},
		{method: "GET", path: "/issuer/", status: 200, want: issuer.Notice},
		{method: "GET", path: "/issuer/.well-known/openid-configuration", status: 200, want: `"issuer":"http://127.0.0.1:3001/issuer/"`},
		{method: "GET", path: "/issuer/.well-known/jwks.json", status: 200, want: `"kty":"RSA"`},
		{method: "POST", path: "/issuer/rotate", status: 200, want: `"kty":"RSA"`},
		{method: "GET", path: "/issuer/token", status: 405, want: "does not take GET"},
		{method: "GET", path: "/issuer/none", status: 404, want: "nothing is at /issuer/none"},
	}
	options := (&fake{}).options()
	options.Issuer = newIssuer(t)
	for _, tt := range tests {
		w := send(t, options, tt.method, tt.path, nil)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s: status %d, %s", tt.method, tt.path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/issuer/", "/_gatewayd/tokens"} {
		if w := send(t, (&fake{}).options(), http.MethodPost, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("POST %s without an issuer: status %d", path, w.Code)
		}
	}
}
