package handlers

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// verificationKey is a key together with the one algorithm that it is for.
type verificationKey struct {
	method jwt.SigningMethod
	key    any // *rsa.PublicKey for RS256, *ecdsa.PublicKey for ES256, []byte for HS256
}

// errLineBreak refuses what Go's decoder skips, so that a token has one spelling only.
var errLineBreak = errors.New("line break in base64url")

// verify checks the signature of a token in compact serialization (RFC 7515 section 7.1) with the key that find returns for
// its kid, and returns the token's header and its payload, which may be anything. The key says by which algorithm: the token,
// which could say "none" or take a public key for a secret, must say the same, and be of the algorithms that are accepted for
// find to be asked at all (RFC 8725 section 3.1). Keys that a token brings along, as jwk, jku or x5c, count for nothing.
func verify(
	token string,
	algorithms []string,
	find func(kid string) (verificationKey, error),
) (header, payload []byte, err error) {
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil, nil, fmt.Errorf("%w: token contains an invalid number of segments", jwt.ErrTokenMalformed)
	}
	var decoded [3][]byte
	for i, name := range []string{"header", "payload", "signature"} {
		if decoded[i], err = decodeSegment(parts[i]); err != nil {
			return nil, nil, fmt.Errorf("%w: %s: %w", jwt.ErrTokenMalformed, name, err)
		}
	}
	header, payload = decoded[0], decoded[1]
	var says map[string]any // of names that are case-sensitive, as members of a struct are not
	if err := json.Unmarshal(header, &says); err != nil {
		return nil, nil, fmt.Errorf("%w: header: %w", jwt.ErrTokenMalformed, err)
	}
	algorithm, _ := says["alg"].(string)
	if !slices.Contains(algorithms, algorithm) {
		return nil, nil, fmt.Errorf("%w: signing method %s is invalid", jwt.ErrTokenSignatureInvalid, algorithm)
	}
	// Who does not know an extension that is critical must refuse the token, and we know none (RFC 7515 section 4.1.11).
	if _, ok := says["crit"]; ok {
		return nil, nil, fmt.Errorf("%w: token has critical extensions", jwt.ErrTokenUnverifiable)
	}
	kid, _ := says["kid"].(string)
	key, err := find(kid)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", jwt.ErrTokenUnverifiable, err)
	}
	if expected := key.method.Alg(); algorithm != expected {
		return nil, nil, fmt.Errorf("%w: signing method %s is invalid for key %q, which is for %s",
			jwt.ErrTokenSignatureInvalid, algorithm, kid, expected)
	}
	if err := key.method.Verify(parts[0]+"."+parts[1], decoded[2], key.key); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", jwt.ErrTokenSignatureInvalid, err)
	}
	return header, payload, nil
}

// decodeSegment decodes a part of a token: base64url without padding, its unused bits zero, and nothing in between.
func decodeSegment(segment string) ([]byte, error) {
	if strings.ContainsAny(segment, "\r\n") {
		return nil, errLineBreak
	}
	return base64.RawURLEncoding.Strict().DecodeString(segment)
}

// readClaims decodes the payload of a verified token, and has the claims judged.
func readClaims(payload []byte, claims jwt.Claims, validator *jwt.Validator) error {
	// A claims set is an object (RFC 7519 section 7.2); null would decode as one without claims.
	if !bytes.HasPrefix(bytes.TrimLeft(payload, " \t\r\n"), []byte("{")) {
		return fmt.Errorf("%w: claims are no JSON object", jwt.ErrTokenMalformed)
	}
	if err := json.Unmarshal(payload, claims); err != nil {
		return fmt.Errorf("%w: claims: %w", jwt.ErrTokenMalformed, err)
	}
	if err := validator.Validate(claims); err != nil {
		return fmt.Errorf("%w: %w", jwt.ErrTokenInvalidClaims, err)
	}
	return nil
}
