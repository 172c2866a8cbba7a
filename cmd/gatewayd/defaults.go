package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"gatewayd/emulator"
)

// defaults is the environment of in-process functions: gatewayd's own, with values for what they cannot do without.
type defaults struct {
	getenv         func(string) string
	key            *secretFile
	log            *slog.Logger
	issuer, keySet string // URLs of the local issuer, "" while there is none
}

func (p *program) defaults(log *slog.Logger) *defaults {
	return &defaults{getenv: p.getenv, key: &secretFile{path: filepath.Join(".gatewayd", "secret")}, log: log}
}

// issueFrom tells functions of an issuer on the control listener at a URL. What tokens say as iss may be another place; their
// keys are fetched from this one.
func (d *defaults) issueFrom(control, issuerURL string) {
	local := strings.TrimRight(control, "/") + emulator.IssuerPath
	d.issuer, d.keySet = cmp.Or(issuerURL, local), local+".well-known/jwks.json"
}

// get is a variable.
func (d *defaults) get(name string) string {
	if value := d.getenv(name); value != "" {
		return value
	}
	switch name {
	case "TOKEN_ISSUER":
		return d.issuer
	case "JWKS_URI":
		return d.keySet
	case "AUDIENCE":
		return emulator.DefaultAudience
	case "DATABASE_URL":
		return "file:gatewayd.db"
	case "SECRET_KEY":
		secret, err := d.secretKey()
		if err != nil {
			// The function goes on to say that the variable is not set.
			d.log.Error("there is no key to sign tokens with", "cause", err, hintKey, "set SECRET_KEY")
		}
		return secret
	}
	return ""
}

// secretKey is what HS256 tokens are signed with: SECRET_KEY, or a secret of our own.
func (d *defaults) secretKey() (string, error) {
	if key := d.getenv("SECRET_KEY"); key != "" {
		return key, nil
	}
	return d.key.get()
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
