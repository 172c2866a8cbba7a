package issuer_test

import (
	"errors"
	"io/fs"
	"testing"

	"gatewayd/emulator/internal/issuer"
)

func TestFindSecretKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		known string
		found string
		err   error
		asked int
		is    error
	}{
		{name: "found", found: secret, asked: 1},
		{name: "not needed", known: secret, found: "another"},
		{name: "empty", asked: 1, is: issuer.ErrNoSecretKey},
		{name: "not to be had", err: fs.ErrPermission, asked: 1, is: fs.ErrPermission},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			i := newIssuer(t, issuer.Options{SecretKey: test.known, FindSecretKey: func() (string, error) {
				asked++
				return test.found, test.err
			}})
			token, err := i.Mint(issuer.Request{Algorithm: issuer.HS256})
			if !errors.Is(err, test.is) || asked != test.asked {
				t.Fatalf("error %v, want %v; asked %d times, want %d", err, test.is, asked, test.asked)
			}
			if _, err := verify(keySet(t, i), token); (err != nil) != (test.is != nil) {
				t.Errorf("the token is refused: %v", err)
			}
		})
	}
}
