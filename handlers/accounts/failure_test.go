package accounts_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/handlers/accounts"
)

// closedDatabase is the file of a database with one user, closed as at the end of a process.
func closedDatabase(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.db")
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		create(t, accounts.New(ctx, func(string) string { return "file:" + file }, present), ada)
		end()
		synctest.Wait()
	})
	return file
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// names are the names of the files in the folder of a file.
func names(t *testing.T, file string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return strings.Join(all, " ")
}

// wantError says whether a function fails with an error that names the file and says these words.
func wantError(t *testing.T, f function, body, file, words string) {
	t.Helper()
	response, err := f(t.Context(), events.APIGatewayProxyRequest{Body: body})
	if want := "database " + file + ": " + words; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%d, error = %v\nwant %s", response.StatusCode, err, want)
	}
}

const (
	locked   = "locked by another program: wait until it has finished, or end it: "
	readOnly = "read-only: make the file and its folder writable, or set DATABASE_URL to another file: "
	damaged  = "damaged, or no SQLite database, and left as it is: restore a copy of it, or move it away to begin anew: "
	adaOnly  = `{"message":"Success","data":[{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"}]}`
)

func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	garbage := bytes.Repeat([]byte("no database "), 2000) // longer than a database of one user
	tests := []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"another file", func([]byte) []byte { return garbage }},
		{"a short text", func([]byte) []byte { return []byte("hello") }},
		{"garbage in the header", func(text []byte) []byte { return slices.Concat(garbage[:16], text[16:]) }},
		{"garbage after the header", func(text []byte) []byte { return slices.Concat(text[:16], garbage[16:len(text)]) }},
		{"part of the header", func(text []byte) []byte { return text[:10] }},
		{"the header alone", func(text []byte) []byte { return text[:100] }},
		{"the first page alone", func(text []byte) []byte { return text[:4096] }},
		{"without its last page", func(text []byte) []byte { return text[:len(text)-4096] }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := closedDatabase(t)
			text := test.damage(read(t, file))
			write(t, file, text)
			a := newAccounts(t, "file:"+file)
			wantError(t, a.ListUsers, "", file, damaged)
			wantError(t, a.CreateUser, ada, file, damaged)
			wantError(t, a.LogIn, `{"email":"ada@example.com","password":"correct horse"}`, file, damaged)
			if !bytes.Equal(read(t, file), text) || names(t, file) != "users.db" {
				t.Errorf("the file was changed, or others made: %s", names(t, file))
			}
		})
	}
}

// What was damaged where opening does not look is found out by who reads it.
func TestDamagedTable(t *testing.T) {
	t.Parallel()
	file := closedDatabase(t)
	text := read(t, file)
	for page := 2 * 4096; page < len(text); page += 4096 { // but those of the schema and of the migrations
		clear(text[page : page+8])
	}
	write(t, file, text)
	a := newAccounts(t, "file:"+file)
	wantError(t, a.ListUsers, "", file, damaged)
	wantError(t, a.CreateUser, ada, file, damaged)
}

// When the file is lost and its write-ahead log is not, SQLite alone would begin anew and delete the log.
func TestLogWithoutDatabase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		lose func(file string) error
	}{
		{"missing", os.Remove},
		{"empty", func(file string) error { return os.Truncate(file, 0) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "users.db")
			create(t, newAccounts(t, "file:"+file), ada)
			crashed := filepath.Join(t.TempDir(), "users.db")
			text, log := read(t, file), read(t, file+"-wal")
			write(t, crashed, text)
			write(t, crashed+"-wal", log)
			if err := test.lose(crashed); err != nil {
				t.Fatal(err)
			}
			a := newAccounts(t, "file:"+crashed)
			wantError(t, a.CreateUser, ada, crashed, "missing or empty, though its write-ahead log is there: ")
			if !bytes.Equal(read(t, crashed+"-wal"), log) {
				t.Error("the log was changed")
			}
			// It is as good as before when the file is put back.
			write(t, crashed, text)
			if _, got := call(t, a.ListUsers, ""); got != adaOnly {
				t.Errorf("got %s, want %s", got, adaOnly)
			}
		})
	}
}

// The users of a database that cannot be written to can be listed; there are just no new ones.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, parameters string
		modes            []os.FileMode // of the file and its folder
	}{
		{name: "by its URL", parameters: "?mode=ro"},
		{name: "as on a medium that cannot be written to", parameters: "?immutable=1"},
		{name: "file", modes: []os.FileMode{0o400, 0o700}},
		{name: "file and folder", parameters: "?immutable=1", modes: []os.FileMode{0o400, 0o500}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := closedDatabase(t)
			if test.modes != nil {
				protect(t, file, test.modes[0])
				protect(t, filepath.Dir(file), test.modes[1])
			}
			before := read(t, file)
			a := newAccounts(t, "file:"+file+test.parameters)
			wantError(t, a.CreateUser, strings.Replace(ada, "ada@", "grace@", 1), file, readOnly)
			if !bytes.Equal(read(t, file), before) {
				t.Error("the file was changed")
			}
			if test.modes != nil {
				return // whether it can be read depends on the shared memory of the log
			}
			if _, got := call(t, a.ListUsers, ""); got != adaOnly {
				t.Errorf("got %s, want %s", got, adaOnly)
			}
			token(t, a, `{"email":"ada@example.com","password":"correct horse"}`)
		})
	}
}

// protect takes away rights until the test ends. Root has them all the same.
func protect(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may write what is read-only")
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(name, 0o700) })
}

func TestDatabaseThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	const (
		noFolder = "its folder does not exist: create it, or set DATABASE_URL to another file: "
		noAccess = "cannot be opened: see that the file and its folder can be read and written: "
	)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a file"), nil)
	tests := []struct {
		name, url string
		file      string // in the folder
		want      string
	}{
		{"a folder", "file:" + folder, "", "a folder: set DATABASE_URL to a file in it: "},
		{"a folder, as a URL", "file://" + folder, "", "a folder: set DATABASE_URL to a file in it: "},
		{"a folder, as a URL with a host", "file://localhost" + folder, "", "a folder: set DATABASE_URL to a file in it: "},
		{"no folder", "file:" + filepath.Join(folder, "none", "x"), "none/x", noFolder},
		{"a file for a folder, escaped", "file:" + filepath.Join(folder, "a%20file", "x"), "a file/x", noFolder},
		{"a file for a folder of a folder", "file:" + filepath.Join(folder, "a file", "x", "y"), "a file/x/y", noAccess},
		{"nothing to read", "file:" + filepath.Join(folder, "x?mode=ro"), "x", noAccess},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, newAccounts(t, test.url).CreateUser, ada, filepath.Join(folder, test.file), test.want)
		})
	}
}

// lock keeps a database from being written to, as another program would, until it is released.
func lock(t *testing.T, file string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), `BEGIN EXCLUSIVE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.ExecContext(t.Context(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"WAL", "DELETE"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			file := closedDatabase(t)
			exec(t, "file:"+file, `PRAGMA journal_mode = `+mode)
			database := "file:" + file + "?_pragma=busy_timeout(20)&_pragma=journal_mode(" + mode + ")"
			opened, unopened := newAccounts(t, database), newAccounts(t, database)
			if _, got := call(t, opened.ListUsers, ""); got != adaOnly {
				t.Fatalf("got %s, want %s", got, adaOnly)
			}
			release := lock(t, file)
			grace := strings.Replace(ada, "ada@", "grace@", 1)
			wantError(t, opened.CreateUser, grace, file, locked)
			wantError(t, unopened.CreateUser, grace, file, locked)
			wantError(t, unopened.ListUsers, "", file, locked)
			release()
			create(t, unopened, grace)
			for _, a := range []*accounts.Accounts{opened, unopened} {
				if _, got := call(t, a.ListUsers, ""); strings.Count(got, `"id"`) != 2 {
					t.Errorf("got %s, want two users", got)
				}
			}
		})
	}
}

// A lock that is released in time is not noticed.
func TestLockedDatabaseIsWaitedFor(t *testing.T) {
	t.Parallel()
	file := closedDatabase(t)
	release := lock(t, file)
	var client sync.WaitGroup
	client.Go(func() { create(t, newAccounts(t, "file:"+file), strings.Replace(ada, "ada@", "grace@", 1)) })
	release()
	client.Wait()
}

// Who has waited for busy_timeout does not wait again, or API Gateway would give up the request first, after 29 seconds
// (rest-gateway 4).
func TestLockedDatabaseIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	file := closedDatabase(t)
	defer lock(t, file)()
	began := time.Now()
	const patience = 3 * time.Second // long beside what else a busy machine takes
	wantError(t, newAccounts(t, fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)", file, patience.Milliseconds())).ListUsers, "", file, locked)
	if took := time.Since(began); took >= 2*patience {
		t.Errorf("took %s, want %s", took, patience)
	}
}
