package accounts_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, want string }{
		{"another database", "postgres://localhost/users", "DATABASE_URL is not of the form file:PATH"},
		{"a path alone", filepath.Join(t.TempDir(), "x"), "DATABASE_URL is not of the form file:PATH"},
		{"no path", "file:", "DATABASE_URL is not of the form file:PATH"},
		{"no path but parameters", "file:?mode=rwc", "DATABASE_URL is not of the form file:PATH"},
		{"bad parameters", "file:x?%zz", "invalid URL escape"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := newAccounts(t, test.url).ListUsers(t.Context(), events.APIGatewayProxyRequest{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
}

// Nothing is opened before the first function needs it, and a failure is not remembered.
func TestOpenedWhenNeeded(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "later")
	file := filepath.Join(folder, "users.db")
	a := newAccounts(t, "file:"+file)
	if _, err := a.ListUsers(t.Context(), events.APIGatewayProxyRequest{}); err == nil {
		t.Error("a database in a folder that does not exist")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	call(t, a.RefreshToken, `{"token":""}`)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("stat: %v, want no file for a function that needs none", err)
	}
	create(t, a, ada)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestDatabaseSettings(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, parameters, want string }{
		{"readers and writers at once", "", "wal"},
		{"as the URL says", "?_pragma=journal_mode(DELETE)", "delete"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			database := newDatabase(t)
			create(t, newAccounts(t, database+test.parameters), ada)
			if got := query(t, database, `PRAGMA journal_mode`); got != test.want {
				t.Errorf("journal mode %s, want %s", got, test.want)
			}
		})
	}
}

// The tables are made once, however many begin at the same time, and stay.
func TestMigrations(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	var functions sync.WaitGroup
	for range 6 {
		functions.Go(func() {
			if _, err := newAccounts(t, database).ListUsers(t.Context(), events.APIGatewayProxyRequest{}); err != nil {
				t.Error(err)
			}
		})
	}
	functions.Wait()
	create(t, newAccounts(t, database), ada)
	if got := query(t, database, `SELECT group_concat(number || ' ' || applied) FROM migrations`); got != "1 2026-11-20T12:00:00Z" {
		t.Errorf("migrations %s, want number 1 alone", got)
	}
	if status, got := call(t, newAccounts(t, database).CreateUser, ada); status != 400 || got != taken {
		t.Errorf("after opening again: %d %s", status, got)
	}
}

// An older program keeps away from what it does not know.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	create(t, newAccounts(t, database), ada)
	exec(t, database, `INSERT INTO migrations VALUES (1000, '')`)
	_, err := newAccounts(t, database).ListUsers(t.Context(), events.APIGatewayProxyRequest{})
	if err == nil || !strings.Contains(err.Error(), "migration 1000 is of a newer version") {
		t.Errorf("error = %v, want a newer version", err)
	}
}

// The number of a user is not given again: tokens with it may still be around.
func TestNumbersAreNotReused(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	a := newAccounts(t, database)
	create(t, a, ada)
	exec(t, database, `DELETE FROM users`)
	create(t, a, ada)
	if _, got := call(t, a.ListUsers, ""); !strings.Contains(got, `"id":"2"`) {
		t.Errorf("got %s, want the id 2", got)
	}
}
