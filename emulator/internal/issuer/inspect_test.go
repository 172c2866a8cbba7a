package issuer_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/issuer"
)

// Every case of a token is told by what is wrong with it, and nothing else is said.
func TestInspect(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	local, err := issuer.New(issuer.Options{URL: "http://127.0.0.1:3001/issuer/", SecretKey: "a secret for tests", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	want := map[issuer.Case][]string{
		issuer.Valid: nil, issuer.Expired: {"token.expired"}, issuer.NotYetValid: {"token.not_yet_valid"},
		issuer.WrongAudience: {"token.audience"}, issuer.WrongIssuer: {"token.issuer"}, issuer.WrongKey: {"token.signature"},
		issuer.AlgNone: {"token.alg_none"}, issuer.Tampered: {"token.signature"},
	}
	for _, algorithm := range issuer.Algorithms() {
		for _, kind := range issuer.Cases() {
			token, err := local.Mint(issuer.Request{Case: kind, Algorithm: algorithm})
			if err != nil {
				t.Fatal(err)
			}
			got := issuer.Inspect(token, now, local)
			if diff := cmp.Diff(want[kind], codes(got)); diff != "" || !strings.Contains(string(got.Claims), `"sub"`) {
				t.Errorf("%s %s: objections (-want +got):\n%s", algorithm, kind, diff)
			}
		}
	}
	token, err := local.Mint(issuer.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if err := local.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got := codes(issuer.Inspect(token, now, local)); got != nil {
		t.Errorf("signed before a rotation: %v", got)
	}
	if got := codes(issuer.Inspect(token, now.Add(issuer.DefaultLifetime), local)); cmp.Diff([]string{"token.expired"}, got) != "" {
		t.Errorf("in the second of its end: %v", got)
	}
}

func TestInspectStrangeTokens(t *testing.T) {
	t.Parallel()
	part := base64.RawURLEncoding.EncodeToString
	token := func(header, claims string) string {
		return part([]byte(header)) + "." + part([]byte(claims)) + "." + part([]byte("x"))
	}
	tests := []struct {
		name, token string
		want        []string
	}{
		{"nothing", "", []string{"token.malformed"}},
		{"two parts", "a.b", []string{"token.malformed"}},
		{"no base64", "?.?.?", []string{"token.malformed", "token.malformed"}},
		{"no JSON", token("x", "[]"), []string{"token.malformed", "token.malformed"}},
		{"no algorithm", token("{}", `{"exp":99999999999}`), []string{"token.alg"}},
		{"unsigned", part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(`{"exp":99999999999}`)) + ".", []string{"token.signature"}},
		{"times that are none", token(`{"alg":"RS256"}`, `{"exp":"x","nbf":"x","iat":"x"}`), []string{"token.expiry", "token.not_yet_valid", "token.issued_in_future"}},
		{"no end", token(`{"alg":"RS256"}`, `{"iat":99999999999}`), []string{"token.expiry", "token.issued_in_future"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, codes(issuer.Inspect(test.token, time.Unix(1_700_000_000, 0), nil))); diff != "" {
			t.Errorf("%s: objections (-want +got):\n%s", test.name, diff)
		}
	}
	local, err := issuer.New(issuer.Options{URL: "http://127.0.0.1:3001/issuer/"})
	if err != nil {
		t.Fatal(err)
	}
	stranger := token(`{"alg":"RS256","kid":"k1"}`, `{"exp":99999999999,"iss":"https://stranger/","aud":["a"]}`)
	if diff := cmp.Diff([]string{"token.issuer", "token.audience", "token.key"}, codes(issuer.Inspect(stranger, time.Unix(0, 0), local))); diff != "" {
		t.Errorf("a stranger's (-want +got):\n%s", diff)
	}
	other := token(`{"alg":"PS512"}`, `{"exp":99999999999,"iss":"http://127.0.0.1:3001/issuer/","aud":"https://your-api-gateway"}`)
	if diff := cmp.Diff([]string{"token.key"}, codes(issuer.Inspect(other, time.Unix(0, 0), local))); diff != "" {
		t.Errorf("another algorithm (-want +got):\n%s", diff)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.eA")
	local, err := issuer.New(issuer.Options{URL: "http://127.0.0.1:3001/issuer/", SecretKey: "a secret for tests"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if got := issuer.Inspect(token, time.Unix(0, 0), local); got.Claims == nil && len(got.Objections) == 0 {
			t.Errorf("%q is accepted without claims", token)
		}
	})
}

func codes(i issuer.Inspection) []string {
	var out []string
	for _, o := range i.Objections {
		out = append(out, o.Code)
	}
	return out
}
