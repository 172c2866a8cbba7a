package accounts

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite" // and the driver of that name
	sqlite3 "modernc.org/sqlite/lib"
)

// user is a row of the table users, without the password's hash.
type user struct {
	ID        string `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email"`
}

var (
	errTaken   = errors.New("e-mail address is taken")
	errUnknown = errors.New("e-mail address is unknown")
	errURL     = errors.New("DATABASE_URL is not of the form file:PATH")
)

// connections to the database, at most. Writers wait for one another anyway.
const connections = 4

// store is the database of users. It is opened when it is first needed, so that there is no file until then, and stays
// open, whatever URL comes later; a failure to open is not remembered.
type store struct {
	ctx  context.Context // whose end closes the database
	now  func() time.Time
	turn chan struct{} // to look at db and to open it. Unlike a mutex, a waiting function can give up.
	db   *database
}

// database is an open database, with the file that its errors name.
type database struct {
	*sql.DB

	path string
}

func newStore(ctx context.Context, now func() time.Time) *store {
	return &store{ctx: ctx, now: now, turn: make(chan struct{}, 1)}
}

// create adds a user. The error is errTaken when there is one with the same e-mail address: the database decides, so of two
// that come at once one is the second.
func (s *store) create(ctx context.Context, databaseURL string, u user, hash string) error {
	db, err := s.open(ctx, databaseURL)
	if err != nil {
		return err
	}
	result, err := db.ExecContext(ctx,
		`INSERT INTO users (first_name, last_name, email, password) VALUES (?, ?, ?, ?) ON CONFLICT (email) DO NOTHING`,
		u.FirstName, u.LastName, u.Email, hash)
	if err != nil {
		return describe(db.path, err)
	}
	created, err := result.RowsAffected()
	if err == nil && created == 0 {
		return errTaken
	}
	return err
}

// find returns the user with an e-mail address, and the hash of the password. The error is errUnknown when there is none.
func (s *store) find(ctx context.Context, databaseURL, email string) (u user, hash string, err error) {
	db, err := s.open(ctx, databaseURL)
	if err != nil {
		return user{}, "", err
	}
	row := db.QueryRowContext(ctx, `SELECT id, first_name, last_name, email, password FROM users WHERE email = ?`, email)
	err = row.Scan(&u.ID, &u.FirstName, &u.LastName, &u.Email, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return user{}, "", errUnknown
	}
	if err != nil {
		return user{}, "", describe(db.path, err)
	}
	return u, hash, nil
}

func (s *store) list(ctx context.Context, databaseURL string) ([]user, error) {
	db, err := s.open(ctx, databaseURL)
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT id, first_name, last_name, email FROM users ORDER BY id`)
	if err != nil {
		return nil, describe(db.path, err)
	}
	defer func() { _ = rows.Close() }()
	users := []user{} // none is an empty list, not null
	for rows.Next() {
		var u user
		if err := rows.Scan(&u.ID, &u.FirstName, &u.LastName, &u.Email); err != nil {
			return nil, describe(db.path, err)
		}
		users = append(users, u)
	}
	if err := rows.Err(); err != nil {
		return nil, describe(db.path, err)
	}
	return users, nil
}

func (s *store) open(ctx context.Context, databaseURL string) (*database, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	if s.db != nil {
		return s.db, nil
	}
	path, source, err := dataSource(databaseURL)
	if err != nil {
		return nil, err
	}
	if err := tornWAL(path); err != nil {
		return nil, describe(path, err)
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, describe(path, err)
	}
	db.SetMaxOpenConns(connections)
	if err := s.migrate(ctx, db); err != nil {
		return nil, errors.Join(describe(path, err), db.Close())
	}
	context.AfterFunc(s.ctx, func() { _ = db.Close() }) //nolint:contextcheck // it outlives the invocation that opens it
	s.db = &database{DB: db, path: path}
	return s.db, nil
}

// migrate brings the database up to date. Of several that open a new one at the same time, SQLite lets one switch it to
// write-ahead logging, and tells others at once that it is locked, busy_timeout or not. They try again a little later, but not
// for long: who has waited for busy_timeout already is to hear of it before API Gateway gives up the request (rest-gateway 4).
func (s *store) migrate(ctx context.Context, db *sql.DB) error {
	const attempts, pause, patience = 6, 5 * time.Millisecond, 500 * time.Millisecond
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := migrate(ctx, db, s.now())
		var failure *sqlite.Error
		if attempt == attempts || !errors.As(err, &failure) || failure.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-time.After(pause << attempt):
		case <-waiting.Done():
			return cmp.Or(ctx.Err(), err)
		}
	}
}

// dataSource returns the file that a URL names, and the URL with what several processes need to write to one database: to
// wait for each other, which only helps transactions that begin as writers, and not to shut out readers. A pragma that the URL
// sets is left as it is.
func dataSource(databaseURL string) (path, source string, err error) {
	file, query, _ := strings.Cut(databaseURL, "?")
	if name, ok := strings.CutPrefix(file, "file:"); !ok || name == "" {
		return "", "", errURL
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", errURL, err)
	}
	for _, pragma := range []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"} {
		name, _, _ := strings.Cut(pragma, "(")
		if !slices.ContainsFunc(values["_pragma"], func(set string) bool { return strings.HasPrefix(set, name) }) {
			values.Add("_pragma", pragma)
		}
	}
	if !values.Has("_txlock") {
		values.Set("_txlock", "immediate")
	}
	return pathOf(file), file + "?" + values.Encode(), nil
}
