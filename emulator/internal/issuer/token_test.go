package issuer_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/issuer"
)

const (
	form      = "application/x-www-form-urlencoded"
	jsonMedia = "application/json"
)

type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func requestToken(t testing.TB, i *issuer.Issuer, contentType, authorization, body string) (int, tokenResponse) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/token", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := call(t, i, r)
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	var response tokenResponse
	if err := json.Unmarshal(w.Body.Bytes(), &response); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code, response
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	set := keySet(t, i)
	tests := []struct {
		name, contentType, authorization, body string
		sub, aud, scope                        string
	}{
		{
			name: "form", contentType: form,
			body: "grant_type=client_credentials&client_id=abc&client_secret=x&scope=read:pets+write:pets&audience=https%3A%2F%2Fpets%2F",
			sub:  "abc@clients", aud: "https://pets/", scope: "read:pets write:pets",
		},
		{
			name: "JSON", contentType: "application/json; charset=utf-8",
			body: `{"grant_type":"client_credentials","client_id":"abc","client_secret":"x","audience":"https://pets/","more":1}`,
			sub:  "abc@clients", aud: "https://pets/",
		},
		{
			name: "no audience", contentType: form, body: "grant_type=client_credentials&client_id=abc&audience=",
			sub: "abc@clients", aud: issuer.DefaultAudience,
		},
		{
			name: "HTTP Basic", contentType: form, authorization: "Basic YSUyMGI6eA==", body: "grant_type=client_credentials",
			sub: "a b@clients", aud: issuer.DefaultAudience,
		},
		{
			name: "both", contentType: form, authorization: "Basic YWJjOg==", body: "grant_type=client_credentials&client_id=abc",
			sub: "abc@clients", aud: issuer.DefaultAudience,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, got := requestToken(t, i, test.contentType, test.authorization, test.body)
			want := tokenResponse{AccessToken: got.AccessToken, TokenType: "Bearer", ExpiresIn: 300, Scope: test.scope}
			if diff := cmp.Diff(want, got); status != http.StatusOK || diff != "" {
				t.Fatalf("%d, response (-want +got):\n%s", status, diff)
			}
			token, err := verify(set, got.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			claims := jwt.MapClaims{
				"iss": issuerURL, "sub": test.sub, "aud": test.aud,
				"azp": strings.TrimSuffix(test.sub, "@clients"), "gty": "client-credentials",
				"iat": float64(present().Unix()), "exp": float64(present().Unix() + 300),
			}
			if test.scope != "" {
				claims["scope"] = test.scope
			}
			if diff := cmp.Diff(jwt.Claims(claims), token.Claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	const valid = "grant_type=client_credentials&client_id=abc"
	tests := []struct {
		name, contentType, authorization, body string
		status                                 int
		code, description                      string
	}{
		{"nothing", form, "", "", 400, "invalid_request", "grant_type is missing"},
		{"null", jsonMedia, "", "null", 400, "invalid_request", "grant_type is missing"},
		{"another grant", form, "", "grant_type=password", 400, "unsupported_grant_type", `grant_type is "password", want client_credentials`},
		{"no client", form, "", "grant_type=client_credentials", 400, "invalid_request", "client_id is missing"},
		{"twice", form, "", valid + "&scope=a&scope=b", 400, "invalid_request", "scope was sent more than once"},
		{"two clients", form, "Basic eDp5", valid, 400, "invalid_request", "client_id and Authorization name different clients"},
		{"client that is not encoded", form, "Basic JXg6eQ==", valid, 400, "invalid_request", `the user of Authorization: invalid URL escape "%x"`},
		{"no form", form, "", valid + "&%x", 400, "invalid_request", `the body is no form: invalid URL escape "%x"`},
		{"control character", form, "", valid + "%0a", 400, "invalid_request", "client_id has other characters than printable ASCII"},
		{"not ASCII", jsonMedia, "", `{"scope":"é"}`, 400, "invalid_request", "scope has other characters than printable ASCII"},
		{"no JSON", jsonMedia, "", valid, 400, "invalid_request", "the body is no JSON object of texts: invalid character 'g' looking for beginning of value"},
		{
			"no text", jsonMedia, "", `{"grant_type":1}`, 400, "invalid_request",
			"the body is no JSON object of texts: json: cannot unmarshal number into Go struct field tokenRequest.grant_type of type string",
		},
		{"neither", "text/plain", "", valid, 400, "invalid_request", "the Content-Type is neither application/x-www-form-urlencoded nor application/json"},
		{"none", "", "", valid, 400, "invalid_request", "the Content-Type is neither application/x-www-form-urlencoded nor application/json"},
		{"too long", form, "", valid + "&x=" + strings.Repeat("x", 64<<10), 413, "invalid_request", "the body has more than 65536 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, got := requestToken(t, i, test.contentType, test.authorization, test.body)
			want := tokenResponse{Error: test.code, Description: test.description}
			if diff := cmp.Diff(want, got); status != test.status || diff != "" {
				t.Errorf("%d, want %d, response (-want +got):\n%s", status, test.status, diff)
			}
		})
	}
}

// Whatever is sent, the answer is a token that verifies, or an error of the client's.
func FuzzTokenEndpoint(f *testing.F) {
	i := newIssuer(f, issuer.Options{})
	set := keySet(f, i)
	f.Add(form, "", "grant_type=client_credentials&client_id=abc&scope=a+b&audience=https%3A%2F%2Fpets%2F")
	f.Add(jsonMedia, "", `{"grant_type":"client_credentials","client_id":"abc","scope":"a b"}`)
	f.Add(form, "Basic YWJjOg==", "grant_type=client_credentials")
	f.Fuzz(func(t *testing.T, contentType, authorization, body string) {
		status, response := requestToken(t, i, contentType, authorization, body)
		if status != http.StatusOK {
			if status >= 500 || response.Error == "" || response.AccessToken != "" {
				t.Errorf("%d %+v", status, response)
			}
			return
		}
		token, err := verify(set, response.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		claims, ok := token.Claims.(jwt.MapClaims)
		if subject, _ := claims.GetSubject(); !ok || len(subject) <= len("@clients") || !strings.HasSuffix(subject, "@clients") {
			t.Errorf("sub = %q", subject)
		}
	})
}
