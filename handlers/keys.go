package handlers

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// Limits of fetching a key set.
const (
	keySetAge     = 10 * time.Minute // a key that its issuer withdrew is accepted so long
	keySetTimeout = 5 * time.Second  // for the whole answer
	keySetBytes   = 1 << 20
	keySetFetches = 10 // a minute, so that made-up key names do not become requests to the issuer
)

// Sizes of RSA keys in bits: the least that RFC 7518 section 3.3 allows, and the most that is worth the time to verify.
const (
	minKeyBits = 2048
	maxKeyBits = 8192
)

var (
	errUnknownKey = errors.New("key set has no such key for RS256 or ES256 signatures")
	errTooOften   = errors.New("key set was fetched too often within a minute")
)

// keyCache keeps the public keys of an issuer. It is safe for concurrent use; those who wait for the same key set share one
// request for it. No lock is held while waiting.
type keyCache struct {
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	set     keySet
	running *fetch
	recent  []time.Time // when the last fetches began, at most keySetFetches
}

// keySet is what the issuer said last.
type keySet struct {
	uri     string
	fetched time.Time
	keys    map[string]verificationKey
}

// fetch is a request on its way: set and err are there when done is closed.
type fetch struct {
	uri  string
	done chan struct{}
	set  keySet
	err  error
}

// key returns the public key that the key set at uri names kid, with the algorithm of its type. It fetches the key set when
// there is none of the last ten minutes, and again when that has no such key, as after a rotation.
func (c *keyCache) key(ctx context.Context, uri, kid string) (verificationKey, error) {
	c.mu.Lock()
	set := c.set
	c.mu.Unlock()
	// A key set of the future was fetched before the clock was set back.
	age := c.now().Sub(set.fetched)
	if set.uri == uri && 0 <= age && age < keySetAge {
		if key, ok := set.keys[kid]; ok {
			return key, nil
		}
	}
	for again := false; ; again = true {
		f, own, err := c.fetch(ctx, uri)
		if err != nil {
			return verificationKey{}, err
		}
		key, err := f.key(uri, kid)
		// A request that was on its way before us may have been answered before the key was added, or been given up by who
		// waited for it. The next one cannot.
		if err == nil || own || again {
			return key, err
		}
	}
}

// fetch waits for the request that is on its way, or makes one of its own.
func (c *keyCache) fetch(ctx context.Context, uri string) (f *fetch, own bool, err error) {
	now := c.now()
	c.mu.Lock()
	if f := c.running; f != nil {
		c.mu.Unlock()
		select {
		case <-f.done:
			return f, false, nil
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	c.recent = slices.DeleteFunc(c.recent, func(began time.Time) bool {
		age := now.Sub(began)
		return age < 0 || age >= time.Minute
	})
	if len(c.recent) >= keySetFetches {
		c.mu.Unlock()
		return nil, false, errTooOften
	}
	c.recent = append(c.recent, now)
	f = &fetch{uri: uri, done: make(chan struct{})}
	c.running = f
	c.mu.Unlock()

	f.set, f.err = c.get(ctx, uri)
	c.mu.Lock()
	c.running = nil
	if f.err == nil {
		c.set = f.set
	}
	c.mu.Unlock()
	close(f.done)
	return f, true, nil
}

func (f *fetch) key(uri, kid string) (verificationKey, error) {
	if f.err != nil {
		return verificationKey{}, f.err
	}
	key, ok := f.set.keys[kid]
	if f.uri != uri || !ok {
		return verificationKey{}, fmt.Errorf("%s: key %q: %w", uri, kid, errUnknownKey)
	}
	return key, nil
}

func (c *keyCache) get(ctx context.Context, uri string) (keySet, error) {
	set := keySet{uri: uri, fetched: c.now()}
	ctx, cancel := context.WithTimeout(ctx, keySetTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return keySet{}, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return keySet{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return keySet{}, fmt.Errorf("%s: %s", uri, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, keySetBytes+1))
	if err != nil {
		return keySet{}, fmt.Errorf("%s: %w", uri, err)
	}
	if len(body) > keySetBytes {
		return keySet{}, fmt.Errorf("%s: key set of more than %d bytes", uri, keySetBytes)
	}
	if set.keys, err = c.parse(ctx, body); err != nil {
		return keySet{}, fmt.Errorf("%s: %w", uri, err)
	}
	return set, nil
}

// parse finds the keys of a JSON Web Key set that are for RS256 or ES256 signatures. Others are passed over, as RFC 7517
// section 5 asks; of several keys of one name the first counts, whatever its type.
func (c *keyCache) parse(ctx context.Context, text []byte) (map[string]verificationKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	keys := make(map[string]verificationKey)
	for i, raw := range set.Keys {
		kid, key, err := signatureKey(raw)
		if err != nil {
			c.log.DebugContext(ctx, "key passed over", "index", i, "kid", kid, "cause", err)
			continue
		}
		if _, ok := keys[kid]; !ok {
			keys[kid] = key
		}
	}
	return keys, nil
}

// signatureKey returns the name and the key of a JSON Web Key that may verify signatures, by the algorithm of its type.
func signatureKey(raw json.RawMessage) (string, verificationKey, error) {
	var about struct {
		Kty    string   `json:"kty"`
		Kid    string   `json:"kid"`
		Use    string   `json:"use"`
		Alg    string   `json:"alg"`
		KeyOps []string `json:"key_ops"`
		D      *string  `json:"d"`
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return "", verificationKey{}, err
	}
	var problem error
	switch {
	case about.Kid == "":
		problem = errors.New("no kid")
	case about.Kty != "RSA" && about.Kty != "EC":
		problem = fmt.Errorf("kty is %q", about.Kty)
	case about.Use != "" && about.Use != "sig":
		problem = fmt.Errorf("use is %q", about.Use)
	case about.KeyOps != nil && !slices.Contains(about.KeyOps, "verify"):
		problem = fmt.Errorf("key_ops are %q", about.KeyOps)
	case about.D != nil:
		problem = errors.New("private key")
	}
	if problem != nil {
		return about.Kid, verificationKey{}, problem
	}
	key, err := publicKey(raw)
	if err == nil && about.Alg != "" && about.Alg != key.method.Alg() {
		err = fmt.Errorf("alg is %q", about.Alg)
	}
	return about.Kid, key, err
}

// publicKey reads an RSA key, which is for RS256, or one of the curve P-256, which is for ES256 (RFC 7518 section 3.1).
func publicKey(raw json.RawMessage) (verificationKey, error) {
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(raw); err != nil {
		return verificationKey{}, err
	}
	switch key := parsed.Key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minKeyBits || bits > maxKeyBits {
			return verificationKey{}, fmt.Errorf("key of %d bits", bits)
		}
		return verificationKey{method: jwt.SigningMethodRS256, key: key}, nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return verificationKey{}, fmt.Errorf("key of the curve %s", key.Curve.Params().Name)
		}
		return verificationKey{method: jwt.SigningMethodES256, key: key}, nil
	default:
		return verificationKey{}, fmt.Errorf("%T", key)
	}
}
