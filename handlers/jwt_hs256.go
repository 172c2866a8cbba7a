package handlers

import (
	"context"
	"errors"
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
	getenv func(string) string
	log    *slog.Logger
	parser *jwt.Parser
	warned atomic.Bool
}

func newHS256(getenv func(string) string, now func() time.Time, log *slog.Logger) *hs256 {
	parser := jwt.NewParser(
		// Never what the token says of itself: that is how "none" gets through.
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithTimeFunc(now),
		jwt.WithStrictDecoding(),
	)
	return &hs256{getenv: getenv, log: log, parser: parser}
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
	_, err = a.parser.Parse(strings.TrimPrefix(event.AuthorizationToken, "Bearer "), func(token *jwt.Token) (any, error) {
		return []byte(secret), refuseExtensions(token)
	})
	if err != nil {
		a.log.WarnContext(ctx, "token refused", "cause", err)
	}
	return allMethods(hs256Principal, event.MethodArn, err == nil)
}

// refuseExtensions refuses a token that must not be accepted by who does not know its extensions, as we know none
// (RFC 7515 section 4.1.11).
func refuseExtensions(token *jwt.Token) error {
	if _, ok := token.Header["crit"]; ok {
		return errors.New("token has critical extensions")
	}
	return nil
}
