package handlers_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"gatewayd/handlers"
)

// vectors are a key, and signed tokens that who has it accepts or refuses. What they are about, and where they are from,
// stands in their file.
type vectors struct {
	Algorithm string
	Key       json.RawMessage // a JSON Web Key: public, or a secret
	Tests     []vector
}

type vector struct{ Name, JWS, Result string }

func readVectors(t *testing.T, file string) []vectors {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Groups []vectors }
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read.Groups
}

// secret is the key for who takes any key for a secret: a public one is the bytes of its JSON.
func (v vectors) secret(t *testing.T) (secret string, public bool) {
	t.Helper()
	var about struct{ K string }
	if err := json.Unmarshal(v.Key, &about); err != nil {
		t.Fatal(err)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(about.K)
	if err != nil {
		t.Fatal(err)
	}
	if len(decoded) == 0 {
		return string(v.Key), true
	}
	return string(decoded), false
}

// Each token is verified by the code that it is for, and refused by the other, even with the key that it was signed with: a
// secret in a key set, and a public key, in JSON, as a secret.
func TestVectors(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]map[string]int{
		"testdata/wycheproof.json": {"valid": 2, "invalid": 30},
		"testdata/jws.json":        {"valid": 11, "invalid": 126},
	} {
		count := map[string]int{}
		for _, group := range readVectors(t, file) {
			secret, public := group.secret(t)
			client := &http.Client{Transport: serve(keySet(t, group.Key))}
			withSecret := func(token string) ([]byte, []byte, error) {
				return handlers.VerifyHS256(secret, token)
			}
			withKeySet := func(token string) ([]byte, []byte, error) {
				return handlers.VerifyKeySet(t.Context(), client, keySetURI, token)
			}
			own, other := withSecret, withKeySet
			if public {
				own, other = withKeySet, withSecret
			}
			for _, test := range group.Tests {
				count[test.Result]++
				t.Run(group.Algorithm+" "+test.Name, func(t *testing.T) {
					test.want(t, own)
					if _, _, err := other(test.JWS); err == nil {
						t.Error("the key is taken for one of another kind")
					}
				})
			}
		}
		for result, number := range want {
			if count[result] != number {
				t.Errorf("%s: %d %s, want %d", file, count[result], result, number)
			}
		}
	}
}

// want says whether the token is verified as it should be, and that what comes out is what was signed.
func (v vector) want(t *testing.T, verify func(string) ([]byte, []byte, error)) {
	t.Helper()
	header, payload, err := verify(v.JWS)
	switch {
	case v.Result == "valid" && err != nil:
		t.Errorf("refused: %v", err)
	case v.Result == "valid":
		encode := base64.RawURLEncoding.EncodeToString
		if signed := encode(header) + "." + encode(payload) + "."; !strings.HasPrefix(v.JWS, signed) {
			t.Errorf("header and payload are %s, of %s", signed, v.JWS)
		}
	case err == nil:
		t.Errorf("accepted: %s, %s", header, payload)
	case header != nil || payload != nil:
		t.Errorf("refused, but told: %s, %s", header, payload)
	}
}
