package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-jose/go-jose/v4"
)

// maxKeysFile is the most that is read of a keys file, in bytes. One of ours has about 2,500.
const maxKeysFile = 1 << 20

// openKeys reads the keys of a file, which is made if it does not exist. Of several processes that make it at once, all have the
// keys of the first.
func openKeys(name string) (keys, error) {
	ring, err := readKeys(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if ring, err = newKeys(); err != nil {
		return nil, err
	}
	err = writeKeys(name, ring, linkKeys)
	if errors.Is(err, fs.ErrExist) {
		return readKeys(name)
	}
	return ring, err
}

// replaceKeys writes a file that may exist. Whoever reads it sees all of the old keys or all of the new ones.
func replaceKeys(name string, ring keys) error { return writeKeys(name, ring, os.Rename) }

func readKeys(name string) (keys, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	// Windows keeps rights elsewhere, and reports 0666.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("%s: private keys that others have rights to (mode %04o): try chmod 600 %[1]s", name, mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeysFile))
	if err != nil {
		return nil, err
	}
	ring, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (without the file, new keys are made)", name, err)
	}
	return ring, nil
}

// parseKeys reads a JSON Web Key set. Only the keys themselves count, not the names that they have in it.
func parseKeys(text []byte) (keys, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("not a JSON Web Key set: %w", err)
	}
	bare := make([]any, len(set.Keys))
	for i, key := range set.Keys {
		bare[i] = key.Key
	}
	ring, err := webKeys(bare...)
	if err != nil {
		return nil, err
	}
	for _, algorithm := range []Algorithm{RS256, ES256} {
		if ring.signing(algorithm).Key == nil {
			return nil, fmt.Errorf("no private key for %s", algorithm)
		}
	}
	return ring, nil
}

// writeKeys writes a file beside the one of that name, which nobody else can read, and then has it put into its place.
func writeKeys(name string, ring keys, place func(from, to string) error) error {
	text, err := json.MarshalIndent(jose.JSONWebKeySet{Keys: ring}, "", "  ")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".issuer-keys-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // there is nothing to remove once it was renamed
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return place(file.Name(), name)
}

// linkKeys fails where there is a file already, if the file system has hard links.
func linkKeys(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(from, to)
}
