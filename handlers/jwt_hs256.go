package handlers

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers/authpolicy"
)

// hs256Principal is whom the tutorial's authorizer names, whoever calls.
const hs256Principal = "abc123"

// shortestSecret is the length in bytes that RFC 7518 section 3.2 requires of a key for HS256.
const shortestSecret = 32

// hs256 is an authorizer for tokens that were signed with SECRET_KEY, with or without "Bearer " before them. A valid token
// allows every method of the API. One that has expired, is not valid yet, is signed badly or with another algorithm, or is no
// token denies them all: 403, not 401. A token without exp does not expire; who issued it, and for whom, does not matter.
type hs256 struct {
	getenv    func(string) string
	log       *slog.Logger
	validator *jwt.Validator
	warned    atomic.Bool
}

func newHS256(getenv func(string) string, now func() time.Time, log *slog.Logger) *hs256 {
	return &hs256{getenv: getenv, log: log, validator: jwt.NewValidator(jwt.WithTimeFunc(now))}
}

func (a *hs256) authorize(
	ctx context.Context,
	event events.APIGatewayCustomAuthorizerRequest,
) (authpolicy.Response, error) {
	secret, err := variable(a.getenv, "SECRET_KEY")
	if err != nil {
		return authpolicy.Response{}, err
	}
	if len(secret) < shortestSecret && !a.warned.Swap(true) {
		a.log.WarnContext(ctx, "SECRET_KEY is short", "bytes", len(secret), "recommended", shortestSecret)
	}
	err = a.verify(secret, strings.TrimPrefix(event.AuthorizationToken, "Bearer "))
	if err != nil {
		a.log.WarnContext(ctx, "token refused", "cause", err)
	}
	return allMethods(hs256Principal, event.MethodArn, err == nil)
}

func (a *hs256) verify(secret, token string) error {
	_, payload, err := verifyHS256(secret, token)
	if err != nil {
		return err
	}
	return readClaims(payload, &jwt.MapClaims{}, a.validator)
}

// verifyHS256 is verify with a secret: the only key, whatever the token calls it.
func verifyHS256(secret, token string) (header, payload []byte, err error) {
	key := verificationKey{method: jwt.SigningMethodHS256, key: []byte(secret)}
	return verify(token, []string{key.method.Alg()}, func(string) (verificationKey, error) { return key, nil })
}
