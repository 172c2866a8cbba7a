package handlers_test

import (
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers"
)

func BenchmarkAllowToken(b *testing.B) {
	authorize := function[tokenAuthorizer](b, handlers.Options{}, "allow-token")
	event := tokenEvent("allow")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := authorize(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJWTHS256(b *testing.B) {
	authorize := function[tokenAuthorizer](b, handlers.Options{
		Getenv: environment(map[string]string{"SECRET_KEY": secret}),
		Now:    present,
	}, "jwt-hs256")
	event := tokenEvent(sign(b, jwt.SigningMethodHS256, []byte(secret), nil, hs256Claims()))
	b.ReportAllocs()
	for b.Loop() {
		if got := decision(authorize(b.Context(), event)); got != "Allow" {
			b.Fatal(got)
		}
	}
}

func BenchmarkJWTRS256(b *testing.B) {
	key := newKey(b, 2048)
	authorize := newRS256(b, serve(keySet(b, webKey(b, key.Public(), nil))), handlers.Options{})
	event := tokenEvent(bearer(b, key, "k1"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := authorize(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}
