package accounts_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/handlers/accounts"
)

func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	unsigned := jwt.NewWithClaims(method, claims)
	maps.Copy(unsigned.Header, header)
	text, err := unsigned.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRefreshToken(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := present().Unix()
	hs256 := func(claims jwt.MapClaims) string {
		return sign(t, jwt.SigningMethodHS256, []byte(secret), nil, claims)
	}
	valid := hs256(jwt.MapClaims{"id": "1", "exp": now + 60})
	expired := hs256(jwt.MapClaims{"id": "1", "exp": now - 1})
	// Two bits of the last letter mean nothing.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	unusedBits := valid[:len(valid)-1] + string(alphabet[strings.IndexByte(alphabet, valid[len(valid)-1])|1])
	const (
		fine       = ""
		old        = `{"message":{"_schema":["Token has expired !"]}}`
		unreadable = `{"message":{"_schema":["Unable to decode data !"]}}`
	)
	tests := []struct{ name, token, want string }{
		{"valid", valid, fine},
		{"in its last second", hs256(jwt.MapClaims{"exp": now + 1}), fine},
		{"no exp", hs256(jwt.MapClaims{"id": "1"}), fine},
		{"expired", expired, old},
		{"expires now", hs256(jwt.MapClaims{"exp": now}), old},
		{"expired and not valid yet", hs256(jwt.MapClaims{"exp": now, "nbf": now + 1}), old},
		{"expired and tampered with", expired[:len(expired)-5] + "AAAAA", unreadable},
		{"not valid yet", hs256(jwt.MapClaims{"exp": now + 60, "nbf": now + 1}), unreadable},
		{"no claims", hs256(jwt.MapClaims{}), fine},
		{"null in place of claims", hs256(nil), unreadable},
		{"exp in words", hs256(jwt.MapClaims{"exp": "tomorrow"}), unreadable},
		{"tampered with", valid[:len(valid)-5] + "AAAAA", unreadable},
		{"tampered with where nothing is", unusedBits, unreadable},
		{"another secret", sign(t, jwt.SigningMethodHS256, []byte("another"), nil, jwt.MapClaims{"exp": now + 60}), unreadable},
		{"HS512", sign(t, jwt.SigningMethodHS512, []byte(secret), nil, jwt.MapClaims{"exp": now + 60}), unreadable},
		{"RS256", sign(t, jwt.SigningMethodRS256, key, nil, jwt.MapClaims{"exp": now + 60}), unreadable},
		{"none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, jwt.MapClaims{"exp": now + 60}), unreadable},
		{"critical extension", sign(t, jwt.SigningMethodHS256, []byte(secret), map[string]any{"crit": []string{"x"}}, jwt.MapClaims{"exp": now + 60}), unreadable},
		{"after Bearer", "Bearer " + valid, unreadable},
		{"empty", "", unreadable},
		{"words", "let me in", unreadable},
		{"dots", "..", unreadable},
	}
	a := newAccounts(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, got := call(t, a.RefreshToken, `{"token":"`+test.token+`"}`)
			switch {
			case test.want == fine && (status != 200 || !strings.HasPrefix(got, `{"message":null,"data":{"token":"`)):
				t.Errorf("got %d %s, want a token", status, got)
			case test.want != fine && (status != 400 || got != test.want):
				t.Errorf("got %d %s, want 400 %s", status, got, test.want)
			}
		})
	}
}

// All claims but exp come out as they went in, numbers digit by digit.
func TestRefreshTokenKeepsClaims(t *testing.T) {
	t.Parallel()
	old := jwt.MapClaims{
		"id": "1", "first_name": "Ada", "exp": present().Unix() + 1, "iat": present().Unix() - 60, "aud": []any{"a", "b"},
		"number": json.Number("12345678901234567890"), "fraction": json.Number("1.10"), "nested": map[string]any{"null": nil},
	}
	now := present()
	a := accounts.New(t.Context(), func(string) string { return secret }, func() time.Time { return now })
	_, got := call(t, a.RefreshToken, `{"token":"`+sign(t, jwt.SigningMethodHS256, []byte(secret), nil, old)+`"}`)
	var refreshed struct{ Data struct{ Token string } }
	if err := json.Unmarshal([]byte(got), &refreshed); err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithTimeFunc(present), jwt.WithJSONNumber())
	_, err := parser.ParseWithClaims(refreshed.Data.Token, claims, func(*jwt.Token) (any, error) { return []byte(secret), nil })
	if err != nil {
		t.Fatal(err)
	}
	want := jwt.MapClaims{
		"id": "1", "first_name": "Ada", "exp": json.Number("1795176300"), "iat": json.Number("1795175940"), "aud": []any{"a", "b"},
		"number": json.Number("12345678901234567890"), "fraction": json.Number("1.10"), "nested": map[string]any{"null": nil},
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The new token lives on when the old one has expired.
	now = now.Add(299 * time.Second)
	if status, got := call(t, a.RefreshToken, `{"token":"`+refreshed.Data.Token+`"}`); status != 200 {
		t.Errorf("got %d %s, want 200", status, got)
	}
	now = now.Add(time.Second)
	if _, got := call(t, a.RefreshToken, `{"token":"`+refreshed.Data.Token+`"}`); !strings.Contains(got, "Token has expired !") {
		t.Errorf("got %s, want expired", got)
	}
}

// Whatever the body, the client gets an answer in JSON, and no token for one that we did not sign.
func FuzzBodies(f *testing.F) {
	f.Add(`{"email":"ada@example.com","password":"x"}`, false)
	f.Add(`{"token":"e30.e30.e30"}`, false)
	f.Add(`bnVsbA==`, true)
	f.Add("{\"\xff\":1}", false)
	a := newAccounts(f, newDatabase(f))
	f.Fuzz(func(t *testing.T, body string, isBase64 bool) {
		event := events.APIGatewayProxyRequest{Body: body, IsBase64Encoded: isBase64}
		for _, answer := range []function{a.LogIn, a.RefreshToken} {
			status, got := callEvent(t, answer, event)
			if status != 400 || !json.Valid([]byte(got)) {
				t.Errorf("got %d %s", status, got)
			}
		}
	})
}
