package accounts_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/crypto/argon2"
)

// The database has the hash at OWASP's cost, with a salt of its own, and never the password.
func TestStoredPassword(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	a := newAccounts(t, database)
	create(t, a, ada)
	create(t, a, strings.Replace(ada, "ada@", "eve@", 1))
	first := query(t, database, `SELECT password FROM users WHERE email = 'ada@example.com'`)
	second := query(t, database, `SELECT password FROM users WHERE email = 'eve@example.com'`)
	phc := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !phc.MatchString(first) || !phc.MatchString(second) {
		t.Errorf("hashes %s and %s, want %s", first, second, phc)
	}
	if first == second {
		t.Errorf("two users with the hash %s", first)
	}
}

// A hash says at which cost it was made; one that cannot be, or would exhaust the machine, is an error and no wrong password.
func TestVerifyStoredPassword(t *testing.T) {
	t.Parallel()
	encode := base64.RawStdEncoding.EncodeToString
	salt := []byte("sixteen bytes...")
	phc := func(time, memory uint32, threads uint8) string {
		return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, threads, encode(salt),
			encode(argon2.IDKey([]byte("correct horse"), salt, time, memory, threads, 32)))
	}
	good := phc(1, 8, 1)
	hash := good[strings.LastIndexByte(good, '$'):]
	tests := []struct {
		name, hash string
		want       string // part of the answer, or of the error
	}{
		{"cheaper", good, "Welcome !"},
		{"more lanes", phc(3, 64, 4), "Welcome !"},
		{"of another password", "$argon2id$v=19$m=8,t=2,p=1$" + encode(salt) + hash, "The password is invalid."},
		{"empty", "", "not an argon2id hash"},
		{"plain text", "correct horse", "not an argon2id hash"},
		{"argon2i", strings.Replace(good, "argon2id", "argon2i", 1), "not an argon2id hash"},
		{"another version", strings.Replace(good, "v=19", "v=16", 1), "not an argon2id hash"},
		{"no version", strings.Replace(good, "$v=19", "", 1), "not an argon2id hash"},
		{"a sign", strings.Replace(good, "t=1", "t=+1", 1), "not an argon2id hash"},
		{"a word", strings.Replace(good, "t=1", "t=one", 1), "parameters"},
		{"no time", strings.Replace(good, "t=1", "t=0", 1), "parameters out of range"},
		{"no lanes", strings.Replace(good, "p=1", "p=0", 1), "parameters out of range"},
		{"too many lanes", strings.Replace(good, "p=1", "p=256", 1), "parameters"},
		{"too much time", strings.Replace(good, "t=1", "t=17", 1), "parameters out of range"},
		{"too much memory", strings.Replace(good, "m=8", "m=4194304", 1), "parameters out of range"},
		{"empty hash", strings.TrimSuffix(good, hash) + "$", "parameters out of range"},
		{"hash not base64", good + "=", "hash: illegal base64"},
		{"salt not base64", strings.Replace(good, encode(salt), "!", 1), "salt: illegal base64"},
		{"too long a hash", strings.TrimSuffix(good, hash) + "$" + encode(make([]byte, 129)), "parameters out of range"},
		{"more after it", good + "$", "not an argon2id hash"},
	}
	database := newDatabase(t)
	a := newAccounts(t, database)
	create(t, a, ada)
	for _, test := range tests {
		exec(t, database, `UPDATE users SET password = ?`, test.hash)
		response, err := a.LogIn(t.Context(), events.APIGatewayProxyRequest{Body: `{"email":"ada@example.com","password":"correct horse"}`})
		got := response.Body
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %s gives %s, want %s", test.name, test.hash, got, test.want)
		}
	}
}
