package issuer

import (
	"fmt"
	"net/url"
	"sync"
	"time"
)

// Notice is what a user has to be told where the issuer is announced.
const Notice = "for development only: whoever asks is given a token"

// DefaultAudience is the audience of tokens where none is configured.
const DefaultAudience = "https://your-api-gateway"

// Options are what an issuer is told. All but URL may be left out.
type Options struct {
	// URL is the `iss` of every token and the `issuer` of the discovery document, byte for byte: with a slash at its end, as
	// Auth0 has it, or without. It is where clients find the handler, whatever that is mounted on.
	URL string

	// Audience is the `aud` of tokens; DefaultAudience if empty.
	Audience string

	// SecretKey signs HS256 tokens. Without one there are none.
	SecretKey string

	// FindSecretKey is asked for the SecretKey, if that is empty, whenever an HS256 token is asked for. Nil finds none.
	FindSecretKey func() (string, error)

	// KeysFile keeps the keys from one start to the next. If empty, they end with the process.
	KeysFile string

	// Now is the time that iat, nbf and exp count from; time.Now if nil.
	Now func() time.Time
}

// Issuer issues tokens. It is safe for concurrent use.
type Issuer struct {
	options   Options
	strangers func() (keys, error) // that are in no key set

	mu   sync.Mutex // held while keys are made or written, never while waiting for anybody
	ring keys       // nil until the first use
}

// New returns an issuer.
//
// Making keys takes some 100 ms, so it is left to the first use, unless there is a KeysFile: that is read now, and made now if
// it does not exist. It is a JSON Web Key set with a private key for each of RS256 (at least 2048 bits) and ES256 (P-256), and
// nobody but its owner may have any right to it. One that is not so is an error, and is left as it is.
func New(options Options) (*Issuer, error) {
	u, err := url.Parse(options.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("issuer URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return nil, fmt.Errorf("issuer URL %q: want http://HOST[:PORT]/PATH or https, without user, query and fragment", options.URL)
	}
	if options.Audience == "" {
		options.Audience = DefaultAudience
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	i := &Issuer{options: options, strangers: sync.OnceValues(newKeys)}
	if options.KeysFile != "" {
		if i.ring, err = openKeys(options.KeysFile); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// Rotate makes new keys, which sign from now on. The key set has the public halves of the old ones until the next rotation, so
// that tokens which they signed can be verified until then. If the keys file cannot be written, nothing changes.
//
// Another process that uses the same file goes on with the keys that it read.
func (i *Issuer) Rotate() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	ring, err := newKeys()
	if err != nil {
		return err
	}
	ring = append(ring, i.ring.retired()...)
	if i.options.KeysFile != "" {
		if err := replaceKeys(i.options.KeysFile, ring); err != nil {
			return err
		}
	}
	i.ring = ring
	return nil
}

// keys returns the keys, and makes them if they are asked for the first time. They are not to be changed.
func (i *Issuer) keys() (keys, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ring == nil {
		ring, err := newKeys()
		if err != nil {
			return nil, err
		}
		i.ring = ring
	}
	return i.ring, nil
}
