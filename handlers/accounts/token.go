package accounts

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenAge is how long a token is valid.
const tokenAge = 300 * time.Second

var (
	errExpired     = errors.New("token has expired")
	errUndecodable = errors.New("token cannot be decoded")
)

// signer issues and refreshes tokens.
type signer struct {
	now    func() time.Time
	parser *jwt.Parser
}

func newSigner(now func() time.Time) *signer {
	return &signer{now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithTimeFunc(now),
		jwt.WithStrictDecoding(),
		jwt.WithJSONNumber(), // claims are to come out of a refresh as they went in
	)}
}

func (s *signer) issue(secret string, u user) (string, error) {
	return s.sign(secret, jwt.MapClaims{"id": u.ID, "first_name": u.FirstName, "last_name": u.LastName})
}

// refresh returns a token with all claims of another but its exp. The error is errExpired, errUndecodable, or that of signing.
func (s *signer) refresh(secret, old string) (string, error) {
	claims := jwt.MapClaims{}
	_, err := s.parser.ParseWithClaims(old, claims, func(token *jwt.Token) (any, error) {
		// We know no extension, so none that must be understood (RFC 7515 section 4.1.11).
		if _, ok := token.Header["crit"]; ok {
			return nil, errUndecodable
		}
		return []byte(secret), nil
	})
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return "", errExpired
	case err != nil:
		return "", fmt.Errorf("%w: %w", errUndecodable, err)
	case len(claims) == 0 && !isObject(s.parser, old):
		return "", fmt.Errorf("%w: its claims are no object", errUndecodable)
	}
	return s.sign(secret, claims)
}

// isObject tells {} from null, which package jwt takes for the same (RFC 7519 section 7.2).
func isObject(parser *jwt.Parser, token string) bool {
	_, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	text, err := parser.DecodeSegment(claims)
	return err == nil && strings.HasPrefix(strings.TrimLeft(string(text), " \t\r\n"), "{")
}

func (s *signer) sign(secret string, claims jwt.MapClaims) (string, error) {
	claims["exp"] = s.now().Add(tokenAge).Unix()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}
