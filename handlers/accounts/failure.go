package accounts

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What is the matter with a database, and what its owner can do. Nothing is ever repaired or made anew over what is there.
var (
	errLocked   = errors.New("locked by another program: wait until it has finished, or end it")
	errReadOnly = errors.New("read-only: make the file and its folder writable, or set DATABASE_URL to another file")
	errDamaged  = errors.New("damaged, or no SQLite database, and left as it is: restore a copy of it, or move it away to begin anew")
	errFolder   = errors.New("a folder: set DATABASE_URL to a file in it")
	errNoFolder = errors.New("its folder does not exist: create it, or set DATABASE_URL to another file")
	errNoAccess = errors.New("cannot be opened: see that the file and its folder can be read and written")
	errTornWAL  = errors.New("missing or empty, though its write-ahead log is there: put back the file that belongs to it, or move the log away too to begin anew")
)

// describe returns an error of a database in words that name its file and say what to do.
func describe(path string, err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("database %s: %w", path, err)
	}
	var reason error
	switch failure.Code() & 0xff { // what is above says more than is needed here
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		reason = errLocked
	case sqlite3.SQLITE_READONLY:
		reason = errReadOnly
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		reason = errDamaged
	case sqlite3.SQLITE_CANTOPEN:
		reason = unopened(path)
	default:
		return fmt.Errorf("database %s: %w", path, err)
	}
	return fmt.Errorf("database %s: %w: %w", path, reason, err)
}

// unopened finds out why SQLite could not open a file, which it does not tell.
func unopened(path string) error {
	if file, err := os.Stat(path); err == nil && file.IsDir() {
		return errFolder
	}
	if folder, err := os.Stat(filepath.Dir(path)); errors.Is(err, os.ErrNotExist) || err == nil && !folder.IsDir() {
		return errNoFolder
	}
	return errNoAccess
}

// tornWAL finds a write-ahead log without the file that it belongs to. SQLite would delete it, and with it the users that had
// been written to nothing else. The log is looked at first: when another process makes a new database, the file is there before.
func tornWAL(path string) error {
	log, err := os.Stat(path + "-wal")
	if err != nil || log.Size() == 0 {
		return nil //nolint:nilerr // no log, or none that can be looked at: SQLite will tell
	}
	if file, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && file.Size() == 0 {
		return errTornWAL
	}
	return nil
}

// pathOf is the file that a URI of SQLite names: file:PATH, file:///PATH or file://localhost/PATH.
func pathOf(uri string) string {
	path := strings.TrimPrefix(uri, "file:")
	if authority, ok := strings.CutPrefix(path, "//"); ok {
		_, path, _ = strings.Cut(authority, "/")
		path = "/" + path
	}
	decoded, _ := url.PathUnescape(path)
	return cmp.Or(decoded, path)
}
