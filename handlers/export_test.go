package handlers

// What verifies a token in jwt-hs256 and jwt-rs256 before its claims are looked at, for tokens whose payload is no claims.

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// VerifyHS256 returns the header and the payload of a token that was signed with the secret.
func VerifyHS256(secret, token string) (header, payload []byte, err error) {
	return verifyHS256(secret, token)
}

// VerifyKeySet returns the header and the payload of a token that was signed with a key of the key set at uri.
func VerifyKeySet(ctx context.Context, client *http.Client, uri, token string) (header, payload []byte, err error) {
	a := &rs256{keys: &keyCache{client: client, now: time.Now, log: slog.New(slog.DiscardHandler)}}
	return a.verifySignature(ctx, uri, token)
}
