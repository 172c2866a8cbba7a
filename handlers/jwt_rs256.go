package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers/authpolicy"
)

// Authorization is the answer of jwt-rs256: a policy for the one method that was called, its resource a string.
type Authorization struct {
	PrincipalID    string            `json:"principalId"`
	PolicyDocument MethodPolicy      `json:"policyDocument"`
	Context        map[string]string `json:"context,omitempty"`
}

// MethodPolicy is a policy of statements for one method each.
type MethodPolicy struct {
	Version   string
	Statement []MethodStatement
}

// MethodStatement allows or denies the method that has the ARN Resource.
type MethodStatement struct {
	Action   string
	Effect   authpolicy.Effect
	Resource string
}

// rs256 is an authorizer for bearer tokens of an issuer (TOKEN_ISSUER, byte for byte) for an audience (AUDIENCE), signed with a
// key of the issuer's key set (JWKS_URI): by RS256 with an RSA key, by ES256 with one of the curve P-256. The token's sub is
// the principal; its scope, if it has one, is handed to the integration. Whatever is wrong ends in "Unauthorized", which is
// 401 and is not cached; the cause is in the log.
//
// The policy is for the method ARN of the event alone, as in the tutorial. With caching, a second method called with the same
// token is judged by the first one's policy and refused: that is API Gateway's own behavior.
type rs256 struct {
	getenv func(string) string
	now    func() time.Time
	log    *slog.Logger
	keys   *keyCache
}

func (a *rs256) authorize(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (Authorization, error) {
	issuer, noIssuer := variable(a.getenv, "TOKEN_ISSUER")
	audience, noAudience := variable(a.getenv, "AUDIENCE")
	uri, noURI := variable(a.getenv, "JWKS_URI")
	if err := errors.Join(noIssuer, noAudience, noURI); err != nil {
		return Authorization{}, err
	}
	claims, err := a.verify(ctx, event, issuer, audience, uri)
	if err != nil {
		a.log.WarnContext(ctx, "token refused", "cause", err)
		return Authorization{}, unauthorized{cause: err}
	}
	authorization := Authorization{
		PrincipalID: claims.Subject,
		PolicyDocument: MethodPolicy{
			Version:   authpolicy.Version,
			Statement: []MethodStatement{{Action: authpolicy.Action, Effect: authpolicy.Allow, Resource: event.MethodArn}},
		},
	}
	// A list or an object would be refused with the whole answer (rest-authorizer 5.13).
	if scope, ok := claims.Scope.(string); ok {
		authorization.Context = map[string]string{"scope": scope}
	}
	return authorization, nil
}

type rs256Claims struct {
	jwt.RegisteredClaims
	Scope any `json:"scope"`
}

func (a *rs256) verify(
	ctx context.Context,
	event events.APIGatewayCustomAuthorizerRequest,
	issuer, audience, uri string,
) (*rs256Claims, error) {
	if event.Type != "TOKEN" {
		return nil, fmt.Errorf("event of type %q, not TOKEN", event.Type)
	}
	encoded, ok := strings.CutPrefix(event.AuthorizationToken, "Bearer ")
	if !ok {
		return nil, errors.New(`token does not begin with "Bearer "`)
	}
	_, payload, err := a.verifySignature(ctx, uri, encoded)
	if err != nil {
		return nil, err
	}
	claims := &rs256Claims{}
	validator := jwt.NewValidator(jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithTimeFunc(a.now))
	if err := readClaims(payload, claims, validator); err != nil {
		return nil, err
	}
	if claims.Subject == "" {
		return nil, errors.New("token has no sub")
	}
	return claims, nil
}

// verifySignature is verify with the keys of a key set.
func (a *rs256) verifySignature(ctx context.Context, uri, token string) (header, payload []byte, err error) {
	algorithms := []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg()}
	return verify(token, algorithms, func(kid string) (verificationKey, error) {
		if kid == "" {
			return verificationKey{}, errors.New("token names no key")
		}
		return a.keys.key(ctx, uri, kid)
	})
}
