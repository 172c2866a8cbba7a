package issuer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/issuer"
)

func TestKeysFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "keys.json")
	i := newIssuer(t, issuer.Options{KeysFile: name})
	old := mint(t, i, issuer.Request{})
	if _, err := verify(keySet(t, newIssuer(t, issuer.Options{KeysFile: name})), old); err != nil {
		t.Errorf("after a restart: %v", err)
	}

	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	again := newIssuer(t, issuer.Options{KeysFile: name})
	if diff := cmp.Diff(names(keySet(t, i)), names(keySet(t, again))); diff != "" {
		t.Errorf("keys after a rotation and a restart (-before +after):\n%s", diff)
	}
	for _, token := range []string{old, mint(t, i, issuer.Request{}), mint(t, i, issuer.Request{Algorithm: issuer.ES256})} {
		if _, err := verify(keySet(t, again), token); err != nil {
			t.Errorf("after a rotation and a restart: %v", err)
		}
	}
	if diff := cmp.Diff(mint(t, i, issuer.Request{}), mint(t, again, issuer.Request{})); diff != "" {
		t.Errorf("another key signs after the restart (-before +after):\n%s", diff)
	}

	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o600 {
		t.Errorf("mode %04o, want 0600", got)
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left (%v), want 1", len(entries), err)
	}
}

// A key that no longer signs is kept without its private half.
func TestKeysFileAfterRotation(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "keys.json")
	i := newIssuer(t, issuer.Options{KeysFile: name})
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	var private []bool
	for _, key := range set.Keys {
		private = append(private, key["d"] != nil)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, private); diff != "" {
		t.Errorf("private keys (-want +got):\n%s", diff)
	}
}

func TestKeysFileMadeAtOnce(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "keys.json")
	var issuers [3]*issuer.Issuer
	var processes sync.WaitGroup
	for n := range issuers {
		processes.Go(func() { issuers[n] = newIssuer(t, issuer.Options{KeysFile: name}) })
	}
	processes.Wait()
	for _, i := range issuers[1:] {
		if diff := cmp.Diff(names(keySet(t, issuers[0])), names(keySet(t, i))); diff != "" {
			t.Errorf("keys (-one +another):\n%s", diff)
		}
	}
}

func TestKeysFileRefused(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		want       string
	}{
		{"empty", "", "not a JSON Web Key set: unexpected end of JSON input"},
		{"cut off", webKeys(t, p256)[:40], "not a JSON Web Key set: unexpected end of JSON input"},
		{"no object", `[]`, "not a JSON Web Key set: "},
		{"no keys", `{}`, "no private key for RS256"},
		{"null", `{"keys":[null]}`, "not a JSON Web Key set: "},
		{"only public keys", webKeys(t, p256.Public()), "no private key for RS256"},
		{"small key", webKeys(t, small), "key 1: an RSA key of 1024 bits: RS256 needs 2048"},
		{"other curve", webKeys(t, p256, p384), "key 2: a key of the curve P-384: ES256 needs P-256"},
		{"secret", webKeys(t, []byte("x")), "key 1: neither an RSA key nor one of the curve P-256"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := issuer.New(issuer.Options{URL: issuerURL, KeysFile: name})
			if err == nil || !strings.HasPrefix(err.Error(), name+": "+test.want) {
				t.Errorf("error = %v, want %s: %s", err, name, test.want)
			}
			if text, err := os.ReadFile(name); err != nil || string(text) != test.text {
				t.Errorf("the file is now %q (%v), want it as it was", text, err)
			}
		})
	}
}

func TestKeysFileThatOthersCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("rights are kept elsewhere")
	}
	name := filepath.Join(t.TempDir(), "keys.json")
	_ = newIssuer(t, issuer.Options{KeysFile: name})
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.New(issuer.Options{URL: issuerURL, KeysFile: name}); err == nil {
			t.Errorf("keys of mode %04o are used", mode)
		}
	}
}

func TestKeysFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "keys")
	name := filepath.Join(directory, "keys.json")
	if _, err := issuer.New(issuer.Options{URL: issuerURL, KeysFile: name}); err == nil {
		t.Error("New in a folder that does not exist succeeds")
	}
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	i := newIssuer(t, issuer.Options{KeysFile: name})
	before := names(keySet(t, i))
	if err := os.RemoveAll(directory); err != nil {
		t.Fatal(err)
	}
	w := call(t, i, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/rotate", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"error":"server_error"`) {
		t.Errorf("a rotation in a folder that does not exist: %d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff(before, names(keySet(t, i))); diff != "" {
		t.Errorf("keys after a rotation that failed (-want +got):\n%s", diff)
	}
}

func names(set jose.JSONWebKeySet) []string {
	var names []string
	for _, key := range set.Keys {
		names = append(names, key.KeyID)
	}
	return names
}

func webKeys(t *testing.T, keys ...any) string {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, key := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key})
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
