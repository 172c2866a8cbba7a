package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// secret is the tutorial's: 11 bytes, which is worth a warning and no refusal.
const secret = "hello-world"

const (
	ada     = `{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.com","password":"correct horse"}`
	created = `{"message":"Registered Successfully","data":{}}`
	taken   = `{"message":{"_schema":["This email address is already taken."]}}`
)

func startAccounts(t *testing.T) *gateway {
	t.Helper()
	return start(t, "accounts", "SECRET_KEY="+secret)
}

func (g *gateway) post(t *testing.T, path, body string, status int, want string) {
	t.Helper()
	g.want(t, request{method: http.MethodPost, path: path, body: body}, status, want)
}

// login returns the token that the user gets.
func (g *gateway) login(t *testing.T, email, password string) string {
	t.Helper()
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
	got := g.do(t, request{method: http.MethodPost, path: "/user/login", body: body})
	return tokenOf(t, got, `{"message":"Welcome !","data":{"token":"`)
}

// tokenOf takes the token out of an answer that begins so, and holds nothing else.
func tokenOf(t *testing.T, got answer, before string) string {
	t.Helper()
	token, found := strings.CutPrefix(got.body, before)
	token, closed := strings.CutSuffix(token, `"}}`)
	if got.status != http.StatusOK || !found || !closed {
		t.Fatalf("%d %s, want a token", got.status, got.body)
	}
	return token
}

// wantFiveMinutes looks at exp, and takes it out of the claims.
func wantFiveMinutes(t *testing.T, claims jwt.MapClaims) {
	t.Helper()
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil {
		t.Fatalf("exp: %v, %v", expires, err)
	}
	if left := time.Until(expires.Time); left < 4*time.Minute || left > 5*time.Minute {
		t.Errorf("the token is valid for %s, want 300 s", left)
	}
	delete(claims, "exp")
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	g := startAccounts(t)
	g.post(t, "/user", ada, http.StatusCreated, created)
	g.post(t, "/user", ada, http.StatusBadRequest, taken)
	g.post(t, "/user/login", `{"email":"ada@example.com","password":"battery staple"}`,
		http.StatusBadRequest, `{"message":{"_schema":["The password is invalid."]}}`)
	g.post(t, "/user/login", `{"email":"eve@example.com","password":"correct horse"}`,
		http.StatusBadRequest, `{"message":{"_schema":["Sorry! You have provided invalid email."]}}`)

	token := g.login(t, "ada@example.com", "correct horse")
	claims := payload(t, token)
	wantFiveMinutes(t, claims)
	if diff := cmp.Diff(jwt.MapClaims{"id": "1", "first_name": "Ada", "last_name": "Lovelace"}, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}

	// With Bearer and without.
	for _, header := range []string{"Authorization: Bearer " + token, "Authorization: " + token} {
		g.want(t, request{path: "/user", headers: []string{header}}, http.StatusOK,
			`{"message":"Success","data":[{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"}]}`)
	}
	g.stderr.await(t, 0, `(?m)^warning: SECRET_KEY is short bytes=11 recommended=32$`)
}

func TestAccountsRefusesBodies(t *testing.T) {
	t.Parallel()
	g := startAccounts(t)
	const unparsable = `{"message":"Something went wrong. Unable to parse data !"}`
	tests := []struct{ name, path, body, want string }{
		{"no body", "/user", "", unparsable},
		{"no JSON", "/user", "first_name=Ada", unparsable},
		{"no body to log in", "/user/login", "", unparsable},
		{
			"nothing", "/user/login", "{}",
			`{"message":"Error !","data":{"email":["Missing data for required field."],"password":["Missing data for required field."]}}`,
		},
		{
			"no e-mail address", "/user/login", `{"email":"ada","password":"x"}`,
			`{"message":"Error !","data":{"email":["Not a valid email address."]}}`,
		},
		{
			"no string", "/user/login", `{"email":"ada@example.com","password":1}`,
			`{"message":"Error !","data":{"password":["Not a valid string."]}}`,
		},
		{
			"one too many", "/user/login", `{"email":"ada@example.com","password":"x","admin":true}`,
			`{"message":"Error !","data":{"admin":["Unknown field."]}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g.post(t, test.path, test.body, http.StatusBadRequest, test.want)
		})
	}
}

// Of many who take the same e-mail address at the same instant, one gets it.
func TestAccountsAtTheSameInstant(t *testing.T) {
	t.Parallel()
	const clients = 4
	g := startAccounts(t)
	var (
		ready, done sync.WaitGroup
		answers     [clients]answer
	)
	ready.Add(clients)
	for i := range answers {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			answers[i] = g.do(t, request{method: http.MethodPost, path: "/user", body: ada})
		})
	}
	done.Wait()
	count := map[string]int{}
	for _, got := range answers {
		count[fmt.Sprint(got.status, " ", got.body)]++
	}
	want := map[string]int{"201 " + created: 1, "400 " + taken: clients - 1}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestAccountsRefresh(t *testing.T) {
	t.Parallel()
	g := startAccounts(t)
	// It has a claim of its own, and a minute left.
	old := sign(t, jwt.SigningMethodHS256, []byte(secret), "", jwt.MapClaims{
		"id": "7", "plan": "gold", "exp": time.Now().Add(time.Minute).Unix(),
	})
	refresh := func(token string) request {
		body, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			t.Fatal(err)
		}
		return request{method: http.MethodPost, path: "/user/refresh-token", headers: []string{"Authorization: " + old}, body: string(body)}
	}
	claims := payload(t, tokenOf(t, g.do(t, refresh(old)), `{"message":null,"data":{"token":"`))
	wantFiveMinutes(t, claims)
	if diff := cmp.Diff(jwt.MapClaims{"id": "7", "plan": "gold"}, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}

	expired := sign(t, jwt.SigningMethodHS256, []byte(secret), "", jwt.MapClaims{"exp": time.Now().Add(-time.Minute).Unix()})
	g.want(t, refresh(expired), http.StatusBadRequest, `{"message":{"_schema":["Token has expired !"]}}`)
	for name, token := range map[string]string{
		"no token":       "no token",
		"tampered":       tamper(t, old),
		"none":           sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "", jwt.MapClaims{"id": "7"}),
		"another secret": sign(t, jwt.SigningMethodHS256, []byte("Hello-World"), "", jwt.MapClaims{"id": "7"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g.want(t, refresh(token), http.StatusBadRequest, `{"message":{"_schema":["Unable to decode data !"]}}`)
		})
	}
}

// The authorizer of the accounts denies what it does not accept: 403, where the one of the pet store says 401.
func TestAccountsAuthorizer(t *testing.T) {
	t.Parallel()
	g := startAccounts(t)
	claims := func(expires time.Duration) jwt.MapClaims {
		return jwt.MapClaims{"id": "1", "exp": time.Now().Add(expires).Unix()}
	}
	valid := sign(t, jwt.SigningMethodHS256, []byte(secret), "", claims(time.Minute))
	tests := []struct {
		name, token string
		cause       string // "" is accepted
	}{
		{"valid", valid, ""},
		{"bearer", "Bearer " + valid, ""},
		{"no exp", sign(t, jwt.SigningMethodHS256, []byte(secret), "", jwt.MapClaims{"id": "1"}), ""},
		{"expired", sign(t, jwt.SigningMethodHS256, []byte(secret), "", claims(-time.Minute)), "token is expired"},
		{"another secret", sign(t, jwt.SigningMethodHS256, []byte("Hello-World"), "", claims(time.Minute)), "signature is invalid"},
		{"tampered", tamper(t, valid), "signature is invalid"},
		{"HS384", sign(t, jwt.SigningMethodHS384, []byte(secret), "", claims(time.Minute)), "signing method HS384 is invalid"},
		{"RS256", sign(t, jwt.SigningMethodRS256, newKey(t, "").Key, "", claims(time.Minute)), "signing method RS256 is invalid"},
		{
			"none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "", claims(time.Minute)),
			"signing method none is invalid",
		},
		{"no token", "allow", "token is malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			get := request{path: "/user", headers: []string{"Authorization: " + test.token}}
			if test.cause == "" {
				g.want(t, get, http.StatusOK, `{"message":"Success","data":[]}`)
				return
			}
			logged := g.stderr.length()
			id := g.want(t, get, http.StatusForbidden, explicitDeny)
			if trace := g.trace(t, id); trace.Code != "policy.explicit_deny" {
				t.Errorf("code %s", trace.Code)
			}
			g.stderr.await(t, logged, `(?m)^warning: token refused cause=".*`+test.cause)
		})
	}
}

// The stage is in the URL, and the functions that are not opted out are behind the default authorizer.
func TestAccountsStage(t *testing.T) {
	t.Parallel()
	g := startAccounts(t)
	g.api = strings.TrimSuffix(g.api, "/dev")
	if trace := g.trace(t, g.want(t, request{path: "/user"}, http.StatusForbidden, `{"message":"Forbidden"}`)); trace.Code != "route.unknown_stage" {
		t.Errorf("code %s", trace.Code)
	}
	for _, r := range []request{
		{path: "/dev/user"},
		{method: http.MethodPost, path: "/dev/user/refresh-token", body: `{"token":"x"}`},
	} {
		g.want(t, r, http.StatusUnauthorized, unauthorized)
	}
	g.post(t, "/dev/user", "", http.StatusBadRequest, `{"message":"Something went wrong. Unable to parse data !"}`)
}

// Users are there after a restart. A token that was given before is taken after it.
func TestAccountsRestart(t *testing.T) {
	t.Parallel()
	environment := []string{"SECRET_KEY=" + secret, "DATABASE_URL=file:" + filepath.Join(t.TempDir(), "users.db")}
	var token string
	ended := t.Run("before", func(t *testing.T) { // at whose end gatewayd is stopped
		g := start(t, "accounts", environment...)
		g.post(t, "/user", ada, http.StatusCreated, created)
		token = g.login(t, "ada@example.com", "correct horse")
	})
	if !ended {
		return
	}
	g := start(t, "accounts", environment...)
	g.want(t, request{path: "/user", headers: []string{"Authorization: " + token}}, http.StatusOK,
		`{"message":"Success","data":[{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"}]}`)
	g.post(t, "/user", ada, http.StatusBadRequest, taken)
	if claims := payload(t, g.login(t, "ada@example.com", "correct horse")); claims["id"] != "1" {
		t.Errorf("id %v, want 1", claims["id"])
	}
}

// A database that cannot be used is a 502 to clients. The trace says which file it is and what to do, and the file stays as it is.
func TestAccountsDatabaseCannotBeUsed(t *testing.T) {
	t.Parallel()
	const garbage = "These are not the users that you are looking for."
	damaged := filepath.Join(t.TempDir(), "users.db")
	if err := os.WriteFile(damaged, []byte(garbage), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, file, told string }{
		{"damaged", damaged, "database " + damaged + ": damaged, or no SQLite database, and left as it is: restore a copy of it, or move it away to begin anew"},
		{"no folder", damaged + "/users.db", "database " + damaged + "/users.db: its folder does not exist: create it, or set DATABASE_URL to another file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := start(t, "accounts", "SECRET_KEY="+secret, "DATABASE_URL=file:"+test.file)
			id := g.want(t, request{method: http.MethodPost, path: "/user", body: ada}, http.StatusBadGateway, `{"message": "Internal server error"}`)
			trace := g.trace(t, id)
			if told := trace.Steps[len(trace.Steps)-1].Detail.Error; !strings.Contains(told, test.told) {
				t.Errorf("the trace says %q, want %q", told, test.told)
			}
		})
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(damaged); string(text) != garbage {
			t.Errorf("the file holds %q, %v", text, err)
		}
	})
}
