package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// withDefaults is the environment of in-process functions: gatewayd's own, with values for what they cannot do without.
func withDefaults(getenv func(string) string, key *secretFile, log *slog.Logger) func(string) string {
	return func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		switch name {
		case "AUDIENCE":
			return "https://your-api-gateway"
		case "DATABASE_URL":
			return "file:gatewayd.db"
		case "SECRET_KEY":
			secret, err := key.get()
			if err != nil {
				// The function goes on to say that the variable is not set.
				log.Error("there is no key to sign tokens with", "cause", err, hintKey, "set SECRET_KEY")
			}
			return secret
		}
		return ""
	}
}

// secretFile is a random secret in a file that only its owner can read. It is made when it is first asked for.
type secretFile struct {
	path string

	mu    sync.Mutex
	value string
}

func (f *secretFile) get() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.value != "" {
		return f.value, nil
	}
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = f.create(); err == nil {
			text, err = os.ReadFile(f.path)
		}
	}
	if err != nil {
		return "", err
	}
	f.value = strings.TrimSpace(string(text))
	if f.value == "" {
		return "", fmt.Errorf("%s is empty", f.path)
	}
	return f.value, nil
}

// create makes the file whole: another gatewayd that starts at the same time sees all of it or nothing, and both end up with
// the same secret.
func (f *secretFile) create() error {
	const folderMode = 0o700
	folder := filepath.Dir(f.path)
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, filepath.Base(f.path)+"-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())                                //nolint:errcheck // it is gone when it was renamed
	_, err = draft.WriteString(rand.Text() + rand.Text() + "\n") // HS256 wants 256 bits, and a text has 130
	if err := errors.Join(err, draft.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, leaves a file be that is there already. Some file systems have no links.
	err = os.Link(draft.Name(), f.path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(draft.Name(), f.path)
}
