package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Several programs that start at the same time sign with the same key.
func TestSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".gatewayd", "secret")
	const programs = 16
	secrets := make([]string, programs)
	var running sync.WaitGroup
	for i := range programs {
		running.Go(func() {
			var err error
			if secrets[i], err = (&secretFile{path: path}).get(); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	for _, secret := range secrets {
		if secret != secrets[0] || len(secret) < 32 {
			t.Fatalf("secrets differ, or are short: %q", secrets)
		}
	}
	file, err := os.Stat(path)
	if err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is not 0600: %v, %v", file, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("something is left beside it: %v, %v", left, err)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	kept := filepath.Join(folder, "secret")
	empty := filepath.Join(folder, "empty")
	for path, text := range map[string]string{kept: "kept\n", empty: "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name     string
		variable string
		set      string
		secret   string // the file
		control  string // URL of the control listener, with an issuer
		issuer   string // what that is called
		want     string
		log      string
	}{
		{name: "audience", variable: "AUDIENCE", want: "https://your-api-gateway"},
		{name: "audience that is set", variable: "AUDIENCE", set: "https://api.example", want: "https://api.example"},
		{name: "database", variable: "DATABASE_URL", want: "file:gatewayd.db"},
		{name: "secret that is kept", variable: "SECRET_KEY", secret: kept, want: "kept"},
		{name: "secret that is set", variable: "SECRET_KEY", set: "mine", secret: empty, want: "mine"},
		{name: "empty secret", variable: "SECRET_KEY", secret: empty, log: "is empty"},
		{name: "secret that cannot be made", variable: "SECRET_KEY", secret: filepath.Join(kept, "folder", "secret"), log: "not a directory"},
		{name: "issuer", variable: "TOKEN_ISSUER", control: "http://127.0.0.1:3001/", want: "http://127.0.0.1:3001/issuer/"},
		{name: "issuer of another name", variable: "TOKEN_ISSUER", control: "http://127.0.0.1:3001", issuer: "https://issuer.example", want: "https://issuer.example"},
		{name: "issuer that is set", variable: "TOKEN_ISSUER", set: "https://issuer.example/", control: "http://127.0.0.1:3001", want: "https://issuer.example/"},
		{name: "no issuer", variable: "TOKEN_ISSUER"},
		{
			name: "keys of an issuer of another name", variable: "JWKS_URI", control: "http://127.0.0.1:3001", issuer: "https://issuer.example",
			want: "http://127.0.0.1:3001/issuer/.well-known/jwks.json",
		},
		{name: "no keys", variable: "JWKS_URI"},
		{name: "anything else", variable: "TABLE", control: "http://127.0.0.1:3001"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			environment := &defaults{
				getenv: func(string) string { return test.set }, key: &secretFile{path: test.secret}, log: newLog(&log, textFormat, slog.LevelInfo),
			}
			if test.control != "" {
				environment.issueFrom(test.control, test.issuer)
			}
			if got := environment.get(test.variable); got != test.want {
				t.Errorf("%s is %q, want %q", test.variable, got, test.want)
			}
			if !strings.Contains(log.String(), test.log) || (test.log == "") != (log.String() == "") {
				t.Errorf("log %q, want %q in it", log.String(), test.log)
			}
		})
	}
}
