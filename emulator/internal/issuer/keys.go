package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// rsaBits is the size of the RSA keys that we make, and the least that RFC 7518 section 3.3 allows.
const rsaBits = 2048

// keys are private, which sign, or public, which only verify what they signed before the last rotation. The first private key
// for an algorithm is the one that signs.
type keys []jose.JSONWebKey

// newKeys makes a key for each algorithm.
func newKeys() (keys, error) {
	rs256, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, err
	}
	es256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return webKeys(rs256, es256)
}

// webKeys gives keys the members that they have in a key set: alg follows from the type, kid is the thumbprint of RFC 7638.
func webKeys(bare ...any) (keys, error) {
	ring := make(keys, len(bare))
	for i, key := range bare {
		algorithm, err := algorithmOf(key)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		web := jose.JSONWebKey{Key: key, Algorithm: string(algorithm), Use: "sig"}
		thumbprint, err := web.Thumbprint(crypto.SHA256)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		web.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
		ring[i] = web
	}
	return ring, nil
}

func algorithmOf(key any) (Algorithm, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return algorithmOf(&key.PublicKey)
	case *ecdsa.PrivateKey:
		return algorithmOf(&key.PublicKey)
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < rsaBits {
			return "", fmt.Errorf("an RSA key of %d bits: RS256 needs %d", bits, rsaBits)
		}
		return RS256, nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return "", fmt.Errorf("a key of the curve %s: ES256 needs P-256", key.Curve.Params().Name)
		}
		return ES256, nil
	}
	return "", errors.New("neither an RSA key nor one of the curve P-256")
}

// signing returns the key that signs by the algorithm. It is the zero key if there is none.
func (k keys) signing(algorithm Algorithm) jose.JSONWebKey {
	for _, key := range k {
		if !key.IsPublic() && key.Algorithm == string(algorithm) {
			return key
		}
	}
	return jose.JSONWebKey{}
}

// retired returns the public halves of the keys that sign. Those that had been retired before are left out.
func (k keys) retired() keys {
	var public keys
	for _, key := range k {
		if !key.IsPublic() {
			public = append(public, key.Public())
		}
	}
	return public
}

// public returns what everybody may know: the key set.
func (k keys) public() jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, len(k))}
	for i, key := range k {
		set.Keys[i] = key.Public()
	}
	return set
}
