package accounts_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gatewayd/handlers/accounts"
)

const secret = "hello-world" // as short as the tutorial's

// present is the time at which tokens are judged.
func present() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// newAccounts returns functions on a database.
func newAccounts(t testing.TB, databaseURL string) *accounts.Accounts {
	t.Helper()
	return accounts.New(t.Context(), func(name string) string {
		return map[string]string{"DATABASE_URL": databaseURL, "SECRET_KEY": secret}[name]
	}, present)
}

func newDatabase(t testing.TB) string {
	t.Helper()
	return "file:" + filepath.Join(t.TempDir(), "users.db")
}

type function = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// call is what a function answers to a body: its status and its body.
func call(t testing.TB, f function, body string) (int, string) {
	t.Helper()
	return callEvent(t, f, events.APIGatewayProxyRequest{Body: body})
}

func callEvent(t testing.TB, f function, event events.APIGatewayProxyRequest) (int, string) {
	t.Helper()
	response, err := f(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Headers["Content-Type"]; got != "application/json" {
		t.Errorf("Content-Type: %s", got)
	}
	return response.StatusCode, response.Body
}

const (
	ada        = `{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.com","password":"correct horse"}`
	registered = `{"message":"Registered Successfully","data":{}}`
	taken      = `{"message":{"_schema":["This email address is already taken."]}}`
)

func create(t testing.TB, a *accounts.Accounts, body string) {
	t.Helper()
	if status, got := call(t, a.CreateUser, body); status != 201 || got != registered {
		t.Fatalf("create: %d %s", status, got)
	}
}

// token logs in and returns the token.
func token(t testing.TB, a *accounts.Accounts, body string) string {
	t.Helper()
	status, got := call(t, a.LogIn, body)
	if status != 200 {
		t.Fatalf("log in: %d %s", status, got)
	}
	var welcome struct{ Data struct{ Token string } }
	if err := json.Unmarshal([]byte(got), &welcome); err != nil {
		t.Fatal(err)
	}
	if want := `{"message":"Welcome !","data":{"token":"` + welcome.Data.Token + `"}}`; got != want {
		t.Fatalf("log in: got %s, want %s", got, want)
	}
	return welcome.Data.Token
}

// The life of an account, body by body.
func TestAccount(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, newDatabase(t))
	const grace = `{"first_name":"Grace","last_name":"<Höpper> & \"co\"","email":"grace@example.com","password":""}`
	steps := []struct {
		name     string
		function function
		body     string
		status   int
		want     string
	}{
		{"nobody yet", a.ListUsers, "", 200, `{"message":"Success","data":[]}`},
		{"create", a.CreateUser, ada, 201, registered},
		{"create again", a.CreateUser, ada, 400, taken},
		{"empty password, which a client may choose", a.CreateUser, grace, 201, registered},
		{"another case is another address", a.CreateUser, strings.Replace(ada, "ada@", "Ada@", 1), 201, registered},
		{
			"list", a.ListUsers, "", 200, `{"message":"Success","data":[` +
				`{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"},` +
				`{"id":"3","first_name":"Grace","last_name":"<Höpper> & \"co\"","email":"grace@example.com"},` +
				`{"id":"4","first_name":"Ada","last_name":"Lovelace","email":"Ada@example.com"}]}`,
		},
		{"wrong password", a.LogIn, `{"email":"ada@example.com","password":"wrong horse"}`, 400, `{"message":{"_schema":["The password is invalid."]}}`},
		{"no password", a.LogIn, `{"email":"ada@example.com","password":""}`, 400, `{"message":{"_schema":["The password is invalid."]}}`},
		{"unknown e-mail", a.LogIn, `{"email":"bob@example.com","password":"x"}`, 400, `{"message":{"_schema":["Sorry! You have provided invalid email."]}}`},
	}
	for _, step := range steps {
		status, got := call(t, step.function, step.body)
		if status != step.status {
			t.Errorf("%s: status %d, want %d", step.name, status, step.status)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	token(t, a, `{"email":"grace@example.com","password":""}`)
}

func TestFields(t *testing.T) {
	t.Parallel()
	const unable = `{"message":"Something went wrong. Unable to parse data !"}`
	problems := func(fields string) string { return `{"message":"Error !","data":{` + fields + `}}` }
	a := newAccounts(t, newDatabase(t))
	tests := []struct {
		name       string
		function   function
		body, want string
	}{
		{"no body", a.CreateUser, ``, unable},
		{"not JSON", a.CreateUser, `first_name=Ada`, unable},
		{"half of it", a.CreateUser, `{"email":`, unable},
		{"more than one", a.CreateUser, ada + ada, unable},
		{"no object: null", a.CreateUser, `null`, problems(`"_schema":["Invalid input type."]`)},
		{"no object: list", a.CreateUser, `[` + ada + `]`, problems(`"_schema":["Invalid input type."]`)},
		{"no object: string", a.CreateUser, `"x"`, problems(`"_schema":["Invalid input type."]`)},
		{"no object: number", a.CreateUser, `1`, problems(`"_schema":["Invalid input type."]`)},
		{
			"nothing, in the order of the fields", a.CreateUser, `{}`,
			problems(`"first_name":["Missing data for required field."],"last_name":["Missing data for required field."],` +
				`"email":["Missing data for required field."],"password":["Missing data for required field."]`),
		},
		{
			"one of each", a.CreateUser, `{"zeta":1,"first_name":1,"last_name":null,"email":"ada","alpha":{}}`,
			problems(`"first_name":["Not a valid string."],"last_name":["Field may not be null."],"email":["Not a valid email address."],` +
				`"password":["Missing data for required field."],"alpha":["Unknown field."],"zeta":["Unknown field."]`),
		},
		{
			"names of fields are exact", a.LogIn, `{"Email":"ada@example.com","password":"x"}`,
			problems(`"email":["Missing data for required field."],"Email":["Unknown field."]`),
		},
		{"number", a.LogIn, `{"email":"ada@example.com","password":12345}`, problems(`"password":["Not a valid string."]`)},
		{"boolean", a.LogIn, `{"email":"ada@example.com","password":true}`, problems(`"password":["Not a valid string."]`)},
		{"list", a.LogIn, `{"email":"ada@example.com","password":["x"]}`, problems(`"password":["Not a valid string."]`)},
		{"object", a.LogIn, `{"email":"ada@example.com","password":{}}`, problems(`"password":["Not a valid string."]`)},
		{"e-mail no string", a.LogIn, `{"email":1,"password":"x"}`, problems(`"email":["Not a valid string."]`)},
		{"e-mail empty", a.LogIn, `{"email":"","password":"x"}`, problems(`"email":["Not a valid email address."]`)},
		{
			"a name to be escaped", a.LogIn, `{"email":"a@b.example","password":"x","\"<\n":1}`,
			problems(`"\"<\n":["Unknown field."]`),
		},
		{"token missing", a.RefreshToken, `{}`, problems(`"token":["Missing data for required field."]`)},
		{"token null", a.RefreshToken, `{"token":null}`, problems(`"token":["Field may not be null."]`)},
		{"token no string", a.RefreshToken, `{"token":1}`, problems(`"token":["Not a valid string."]`)},
		{"token and more", a.RefreshToken, `{"token":"x","exp":1}`, problems(`"exp":["Unknown field."]`)},
		{"refresh without body", a.RefreshToken, ``, unable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, got := call(t, test.function, test.body)
			if status != 400 {
				t.Errorf("status %d, want 400", status)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBase64Body(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, newDatabase(t))
	tests := []struct {
		name, body, want string
		status           int
	}{
		{"base64", base64.StdEncoding.EncodeToString([]byte(ada)), registered, 201},
		{"not base64", ada, `{"message":"Something went wrong. Unable to parse data !"}`, 400},
	}
	for _, test := range tests {
		event := events.APIGatewayProxyRequest{Body: test.body, IsBase64Encoded: true}
		if status, got := callEvent(t, a.CreateUser, event); status != test.status || got != test.want {
			t.Errorf("%s: got %d %s, want %d %s", test.name, status, got, test.status, test.want)
		}
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, newDatabase(t))
	tests := []struct {
		email string
		valid bool
	}{
		{"ada@example.com", true},
		{"ada.lovelace+engine@mail.example.co.uk", true},
		{"!#$%&'*+-/=?^_`{|}~@example.com", true},
		{"ada@localhost", true},
		{"ada@xn--bcher-kva.example", true},
		{"jürgen@bücher.example", true},
		{"1@2.3", true},
		{strings.Repeat("a", 64) + "@example.com", true},
		{"ada@" + strings.Repeat("a", 63) + ".example", true},
		{"", false},
		{"ada", false},
		{"@", false},
		{"@example.com", false},
		{"ada@", false},
		{"ada@example", false},
		{"ada@@example.com", false},
		{"ada@example..com", false},
		{"ada@.example.com", false},
		{"ada@example.com.", false},
		{".ada@example.com", false},
		{"ada.@example.com", false},
		{"ada..lovelace@example.com", false},
		{"ada lovelace@example.com", false},
		{" ada@example.com", false},
		{"ada@example.com\n", false},
		{"ada\x00@example.com", false},
		{"ada@-example.com", false},
		{"ada@example-.com", false},
		{"ada@exam_ple.com", false},
		{"ada@[192.0.2.1]", false},
		{`"ada"@example.com`, false},
		{"Ada <ada@example.com>", false},
		{"\uFFFD@example.com", false},
		{strings.Repeat("a", 65) + "@example.com", false},
		{"ada@" + strings.Repeat("a", 64) + ".example", false},
		{"ada@" + strings.Repeat("a.", 125) + "example", false},
	}
	for _, test := range tests {
		body, err := json.Marshal(map[string]string{"email": test.email, "password": "x"})
		if err != nil {
			t.Fatal(err)
		}
		want := `{"message":{"_schema":["Sorry! You have provided invalid email."]}}` // valid, but nobody's
		if !test.valid {
			want = `{"message":"Error !","data":{"email":["Not a valid email address."]}}`
		}
		if _, got := call(t, a.LogIn, string(body)); got != want {
			t.Errorf("%q: got %s, want %s", test.email, got, want)
		}
	}
}

func TestTokenOfLogIn(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, newDatabase(t))
	create(t, a, ada)
	claims := jwt.MapClaims{}
	parsed, err := jwt.NewParser(jwt.WithTimeFunc(present)).ParseWithClaims(
		token(t, a, `{"email":"ada@example.com","password":"correct horse"}`), claims,
		func(*jwt.Token) (any, error) { return []byte(secret), nil })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"alg": "HS256", "typ": "JWT"}, parsed.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	want := jwt.MapClaims{"id": "1", "first_name": "Ada", "last_name": "Lovelace", "exp": float64(present().Unix() + 300)}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// However many ask for one e-mail address at once, one gets it, be they functions of one process or of several.
func TestCreateUserAtOnce(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	one, other := newAccounts(t, database), newAccounts(t, database)
	var (
		mu      sync.Mutex
		bodies  = map[string]int{}
		clients sync.WaitGroup
	)
	for _, a := range []*accounts.Accounts{one, other, one, other, one, other} {
		clients.Go(func() {
			response, err := a.CreateUser(t.Context(), events.APIGatewayProxyRequest{Body: ada})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			bodies[response.Body]++
			mu.Unlock()
		})
	}
	clients.Wait()
	if diff := cmp.Diff(map[string]int{registered: 1, taken: 5}, bodies); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const want = `{"message":"Success","data":[{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"}]}`
	if _, got := call(t, other.ListUsers, ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Everything at once, each client with a user of its own.
func TestFunctionsAtOnce(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, newDatabase(t))
	var clients sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		clients.Go(func() {
			create(t, a, strings.Replace(ada, "ada@", name+"@", 1))
			log := token(t, a, `{"email":"`+name+`@example.com","password":"correct horse"}`)
			if status, got := call(t, a.RefreshToken, `{"token":"`+log+`"}`); status != 200 {
				t.Errorf("refresh: %d %s", status, got)
			}
			if _, got := call(t, a.ListUsers, ""); !strings.Contains(got, name+"@example.com") {
				t.Errorf("list without %s: %s", name, got)
			}
		})
	}
	clients.Wait()
}

// The functions run where time is fake: no lock is held while one waits, and the end of the context leaves nothing behind.
func TestInBubble(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	synctest.Test(t, func(t *testing.T) {
		a := newAccounts(t, database)
		var clients sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			clients.Go(func() { create(t, a, strings.Replace(ada, "ada@", name+"@", 1)) })
		}
		clients.Wait()
		token(t, a, `{"email":"b@example.com","password":"correct horse"}`)
	})
}

// The database is closed with the context of New, and the functions say so from then on.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		database := newDatabase(t)
		a := accounts.New(ctx, func(string) string { return database }, present)
		create(t, a, ada)
		end()
		synctest.Wait()
		if _, err := a.ListUsers(t.Context(), events.APIGatewayProxyRequest{}); err == nil {
			t.Error("the functions still answer")
		}
	})
}

// A function that is given up while others hash or open the database does not wait for them.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, newDatabase(t))
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	for name, f := range map[string]function{"create": a.CreateUser, "log in": a.LogIn, "list": a.ListUsers} {
		body := ada
		if name == "log in" {
			body = `{"email":"ada@example.com","password":"x"}`
		}
		if _, err := f(ctx, events.APIGatewayProxyRequest{Body: body}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error = %v, want %v", name, err, context.Canceled)
		}
	}
}

// query reads one text from a database.
func query(t *testing.T, databaseURL, statement string) string {
	t.Helper()
	db, err := sql.Open("sqlite", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var text string
	if err := db.QueryRowContext(t.Context(), statement).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// exec changes a database.
func exec(t *testing.T, databaseURL, statement string, values ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement, values...); err != nil {
		t.Fatal(err)
	}
}
