package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// migrations are the steps from an empty database to the present one. The first is number 1. One that was released is never
// changed: what comes later is added.
func migrations() []string {
	return []string{
		// Numbers of users are not given again: an old token must not become another user's.
		`CREATE TABLE users (
			id         INTEGER PRIMARY KEY AUTOINCREMENT,
			first_name TEXT NOT NULL,
			last_name  TEXT NOT NULL,
			email      TEXT NOT NULL UNIQUE,
			password   TEXT NOT NULL
		) STRICT`,
	}
}

// migrate takes the steps that the database has not seen, all or none of them. Of several processes that open a new database
// at once, one takes them, and the others find them taken.
func migrate(ctx context.Context, db *sql.DB, now time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	const table = `CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return err
	}
	var last int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM migrations`).Scan(&last); err != nil {
		return err
	}
	steps := migrations()
	if last > len(steps) {
		return fmt.Errorf("migration %d is of a newer version, this one knows %d", last, len(steps))
	}
	for number := last + 1; number <= len(steps); number++ {
		if _, err := tx.ExecContext(ctx, steps[number-1]); err != nil {
			return fmt.Errorf("migration %d: %w", number, err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO migrations VALUES (?, ?)`, number, now.UTC().Format(time.RFC3339))
		if err != nil {
			return fmt.Errorf("migration %d: %w", number, err)
		}
	}
	return tx.Commit()
}
