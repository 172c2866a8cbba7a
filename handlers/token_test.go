package handlers_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// present is the time at which tokens are judged.
func present() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// with returns claims with some changed; one that is nil is taken away.
func with(claims, changes jwt.MapClaims) jwt.MapClaims {
	changed := maps.Clone(claims)
	maps.Copy(changed, changes)
	maps.DeleteFunc(changed, func(_ string, value any) bool { return value == nil })
	return changed
}

// sign returns a token with more header members.
func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// hs256Raw signs any payload, JSON or not, with the secret, without the help of a library.
func hs256Raw(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// manipulations are what the vectors of testdata/wycheproof.json do to a valid token, by their names there, for a token of ours.
func manipulations(t testing.TB, token string) map[string]string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in %s", len(parts), token)
	}
	header, payload, signature := parts[0], parts[1], parts[2]
	changed := func(part string) string {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		decoded[len(decoded)-3] ^= 1 // inside of the last value
		return base64.RawURLEncoding.EncodeToString(decoded)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	return map[string]string{
		"rejectsModifiedSignature":                   header + "." + payload + "." + changed(signature),
		"rejectsMissingSignature":                    header + "." + payload + ".",
		"rejectsMissingSignatureAndSeparator":        header + "." + payload,
		"rejectsModifiedPayload":                     header + "." + changed(payload) + "." + signature,
		"rejectsMissingPayload":                      header + ".." + signature,
		"rejectsMissingPayloadAndSeparator":          header + "." + signature,
		"rejectsModifiedHeader":                      changed(header) + "." + payload + "." + signature,
		"rejectsMissingHeader":                       "." + payload + "." + signature,
		"rejectsMissingHeaderAndSeparator":           payload + "." + signature,
		"rejectsMissingHeaderAndSignature":           "." + payload + ".",
		"rejectsMissingHeaderSignatureAndSeparators": payload,
		"rejectsEmptyString":                         "",
		"rejectsExtraEmptyComponent":                 token + ".",
		"rejectsExtraComponent":                      token + ".foo",
		"rejectsNoneAlgorithmAndMissingSignature":    none + "." + payload + ".",
		"rejectsNoneAlgorithmWithSignature":          none + "." + payload + "." + signature,
		"rejectsValidJsonSerialization": `{"payload":"` + payload + `","signatures":[{"protected":"` + header +
			`","signature":"` + signature + `"}]}`,
	}
}

// logbook is a log to read.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
