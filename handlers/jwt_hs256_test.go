package handlers_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers"
)

const secret = "0123456789abcdef0123456789abcdef"

func hs256Claims() jwt.MapClaims {
	return jwt.MapClaims{"id": "1", "first_name": "Ada", "last_name": "Lovelace", "exp": present().Add(time.Minute).Unix()}
}

// authorizeHS256 is the decision of a fresh jwt-hs256.
func authorizeHS256(t testing.TB, token string) string {
	t.Helper()
	authorize := function[tokenAuthorizer](t, handlers.Options{
		Getenv: environment(map[string]string{"SECRET_KEY": secret}),
		Now:    present,
	}, "jwt-hs256")
	response, err := authorize(t.Context(), events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: token, MethodArn: methodARN,
	})
	if err == nil && response.PrincipalID != "abc123" {
		t.Errorf("principal %q, want abc123", response.PrincipalID)
	}
	return decision(response, err)
}

func TestJWTHS256(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(changes jwt.MapClaims) string {
		return sign(t, jwt.SigningMethodHS256, []byte(secret), nil, with(hs256Claims(), changes))
	}
	const header = `{"alg":"HS256","typ":"JWT"}`
	tests := []struct{ name, token, want string }{
		{"valid", hs256(nil), "Allow"},
		{"after Bearer", "Bearer " + hs256(nil), "Allow"},
		{"no exp", hs256(jwt.MapClaims{"exp": nil}), "Allow"},
		{"for an audience", hs256(jwt.MapClaims{"aud": "https://your-api-gateway"}), "Allow"},
		{"valid for one second more", hs256(jwt.MapClaims{"exp": present().Unix() + 1}), "Allow"},
		{"expired", hs256(jwt.MapClaims{"exp": present().Unix() - 1}), "Deny"},
		{"expires now", hs256(jwt.MapClaims{"exp": present().Unix()}), "Deny"},
		{"not valid yet", hs256(jwt.MapClaims{"nbf": present().Unix() + 1}), "Deny"},
		{"exp in words", hs256(jwt.MapClaims{"exp": "tomorrow"}), "Deny"},
		{"another secret", sign(t, jwt.SigningMethodHS256, []byte("another"), nil, hs256Claims()), "Deny"},
		{"HS384", sign(t, jwt.SigningMethodHS384, []byte(secret), nil, hs256Claims()), "Deny"},
		{"HS512", sign(t, jwt.SigningMethodHS512, []byte(secret), nil, hs256Claims()), "Deny"},
		{"RS256", sign(t, jwt.SigningMethodRS256, rsaKey, nil, hs256Claims()), "Deny"},
		{"none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, hs256Claims()), "Deny"},
		{"critical extension", sign(t, jwt.SigningMethodHS256, []byte(secret), map[string]any{"crit": []string{"x"}, "x": 1}, hs256Claims()), "Deny"},
		{"payload no object", hs256Raw(header, `[]`), "Deny"},
		{"payload no JSON", hs256Raw(header, `foo`), "Deny"},
		{"payload null", hs256Raw(header, `null`), "Deny"},
		{"payload of two objects", hs256Raw(header, `{}{}`), "Deny"},
		{"algorithm in lower case", hs256Raw(`{"alg":"hs256"}`, `{}`), "Deny"},
		{"signed without a library", hs256Raw(header, `{}`), "Allow"},
		{"nothing", "", "Deny"},
		{"only Bearer", "Bearer ", "Deny"},
		{"bearer in lower case", "bearer " + hs256(nil), "Deny"},
		{"words", "let me in", "Deny"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := authorizeHS256(t, test.token); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	for name, token := range manipulations(t, hs256(nil)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := authorizeHS256(t, token); got != "Deny" {
				t.Errorf("got %s, want Deny", got)
			}
		})
	}
}

// A signature has two unused bits; a token in which they are set was tampered with.
func TestJWTHS256UnusedBits(t *testing.T) {
	t.Parallel()
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), nil, hs256Claims())
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	if got := authorizeHS256(t, token[:len(token)-1]+string(alphabet[last|1])); got != "Deny" {
		t.Errorf("got %s, want Deny", got)
	}
}

// A short secret works, as in the tutorial, which has one of 11 bytes. The log says so, once.
func TestJWTHS256ShortSecret(t *testing.T) {
	t.Parallel()
	var log logbook
	authorize := function[tokenAuthorizer](t, handlers.Options{
		Getenv: environment(map[string]string{"SECRET_KEY": "hello-world"}),
		Now:    present,
		Log:    log.logger(),
	}, "jwt-hs256")
	token := sign(t, jwt.SigningMethodHS256, []byte("hello-world"), nil, hs256Claims())
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			event := events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: token, MethodArn: methodARN}
			if got := decision(authorize(t.Context(), event)); got != "Allow" {
				t.Errorf("got %s, want Allow", got)
			}
		})
	}
	callers.Wait()
	if got := strings.Count(log.String(), "SECRET_KEY is short"); got != 1 {
		t.Errorf("%d warnings, want 1:\n%s", got, log.String())
	}
	if strings.Contains(log.String(), "hello-world") {
		t.Errorf("the log has the secret:\n%s", log.String())
	}
}

// The client only sees 403; the log has the cause, and no token.
func TestJWTHS256LogsCause(t *testing.T) {
	t.Parallel()
	var log logbook
	authorize := function[tokenAuthorizer](t, handlers.Options{
		Getenv: environment(map[string]string{"SECRET_KEY": secret}),
		Now:    present,
		Log:    log.logger(),
	}, "jwt-hs256")
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), nil, with(hs256Claims(), jwt.MapClaims{"exp": 1}))
	event := events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: token, MethodArn: methodARN}
	if got := decision(authorize(t.Context(), event)); got != "Deny" {
		t.Fatalf("got %s, want Deny", got)
	}
	if !strings.Contains(log.String(), "token is expired") || strings.Contains(log.String(), token) {
		t.Errorf("log: %s", log.String())
	}
}

func FuzzJWTHS256(f *testing.F) {
	valid := sign(f, jwt.SigningMethodHS256, []byte(secret), nil, hs256Claims())
	f.Add(valid)
	f.Add(hs256Raw(`{"alg":"HS256"}`, `{"exp":1e300}`))
	f.Fuzz(func(t *testing.T, token string) {
		if authorizeHS256(t, token) != "Allow" {
			return
		}
		token = strings.TrimPrefix(token, "Bearer ")
		dot := strings.LastIndexByte(token, '.')
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write([]byte(token[:dot]))
		if token[dot+1:] != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) {
			t.Errorf("%q is allowed", token)
		}
	})
}
