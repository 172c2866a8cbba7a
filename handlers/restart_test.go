package handlers_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/handlers"
)

// proxy calls one of the functions behind a proxy integration.
func proxy(t *testing.T, o handlers.Options, name, body string) string {
	t.Helper()
	response, err := function[proxyFunction](t, o, name)(t.Context(), events.APIGatewayProxyRequest{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return response.Body
}

// Users are there after a restart, whether the process before ended or was killed.
func TestUsersSurviveRestart(t *testing.T) {
	t.Parallel()
	const (
		user  = `{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.com","password":"correct horse"}`
		taken = `{"message":{"_schema":["This email address is already taken."]}}`
		users = `{"message":"Success","data":[{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"}]}`
	)
	options := func(ctx context.Context, file string) handlers.Options {
		return handlers.Options{
			Getenv:  environment(map[string]string{"DATABASE_URL": "file:" + file, "SECRET_KEY": secret}),
			Now:     present,
			Context: ctx,
		}
	}
	tests := []struct {
		name   string
		killed bool
	}{
		{name: "ended"},
		{name: "killed", killed: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before, after := t.TempDir(), t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancel(t.Context())
				defer end()
				if got := proxy(t, options(ctx, filepath.Join(before, "users.db")), "create-user", user); !strings.Contains(got, "Registered Successfully") {
					t.Fatalf("create: %s", got)
				}
				if !test.killed {
					end()
					synctest.Wait()
				}
				// What a process that is killed leaves behind is what there is while it runs.
				if err := os.CopyFS(after, os.DirFS(before)); err != nil {
					t.Fatal(err)
				}
			})
			o := options(t.Context(), filepath.Join(after, "users.db"))
			if got := proxy(t, o, "list-users", ""); got != users {
				t.Errorf("list: %s, want %s", got, users)
			}
			if got := proxy(t, o, "create-user", user); got != taken {
				t.Errorf("create again: %s, want %s", got, taken)
			}
			if got := proxy(t, o, "login", `{"email":"ada@example.com","password":"correct horse"}`); !strings.Contains(got, "Welcome !") {
				t.Errorf("log in: %s", got)
			}
		})
	}
}
