package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash: the least that OWASP's password storage recommendations call sufficient, which is 19 MiB and some 30 ms.
const (
	hashTime    = 2
	hashMemory  = 19 * 1024 // KiB
	hashThreads = 1
	hashLength  = 32 // bytes
	saltLength  = 16 // bytes
)

// The most that a stored hash may cost to verify, so that a wrong row cannot exhaust the memory.
const (
	maxHashTime   = 16
	maxHashMemory = 256 * 1024 // KiB
	maxHashLength = 128        // bytes, of salt and of hash
)

var (
	errMismatch = errors.New("password does not match its hash")
	errNotHash  = errors.New("not an argon2id hash")
)

// hasher hashes one password at a time, however many functions run: memory is for one hash.
type hasher struct{ turn chan struct{} }

func newHasher() *hasher { return &hasher{turn: make(chan struct{}, 1)} }

// hash returns the argon2id hash of a password as a PHC string: $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // documented never to return an error
	s := stored{time: hashTime, memory: hashMemory, threads: hashThreads, salt: salt}
	hash, err := h.compute(ctx, s, hashLength, password)
	if err != nil {
		return "", err
	}
	s.hash = hash
	return s.String(), nil
}

// verify compares a password with a hash; if they are not of one another, the error is errMismatch.
func (h *hasher) verify(ctx context.Context, hash, password string) error {
	s, err := parseHash(hash)
	if err != nil {
		return err
	}
	computed, err := h.compute(ctx, s, uint32(len(s.hash)), password) //nolint:gosec // parseHash limits it
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(s.hash, computed) != 1 {
		return errMismatch
	}
	return nil
}

// compute hashes a password with the salt and at the cost of s.
func (h *hasher) compute(ctx context.Context, s stored, length uint32, password string) ([]byte, error) {
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.turn }()
	return argon2.IDKey([]byte(password), s.salt, s.time, s.memory, s.threads, length), nil
}

// stored is a hash with what it was made of.
type stored struct {
	time, memory uint32
	threads      uint8
	salt, hash   []byte
}

// String is the PHC string of the hash.
func (s stored) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, s.memory, s.time, s.threads, encode(s.salt), encode(s.hash))
}

func parseHash(text string) (stored, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return stored{}, errNotHash
	}
	var s stored
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.memory, &s.time, &s.threads); err != nil {
		return stored{}, fmt.Errorf("%w: parameters: %w", errNotHash, err)
	}
	var err error
	if s.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return stored{}, fmt.Errorf("%w: salt: %w", errNotHash, err)
	}
	if s.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return stored{}, fmt.Errorf("%w: hash: %w", errNotHash, err)
	}
	// Another spelling of the same hash is none of ours: what comes before, another version, spaces, signs, leading zeros.
	if s.String() != text {
		return stored{}, errNotHash
	}
	if s.time < 1 || s.time > maxHashTime || s.memory > maxHashMemory || s.threads < 1 ||
		len(s.salt) > maxHashLength || len(s.hash) < 1 || len(s.hash) > maxHashLength {
		return stored{}, fmt.Errorf("%w: parameters out of range", errNotHash)
	}
	return s, nil
}
