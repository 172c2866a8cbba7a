package handlers_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers"
)

// rotating is an issuer whose keys change and whose endpoint may fail. It counts the requests for its key set.
type rotating struct {
	requests atomic.Int64
	body     atomic.Pointer[string] // the key set; empty: 503
}

func (r *rotating) endpoint(*http.Request) (*http.Response, error) {
	r.requests.Add(1)
	if body := r.body.Load(); *body != "" {
		return answer(http.StatusOK, strings.NewReader(*body)), nil
	}
	return answer(http.StatusServiceUnavailable, http.NoBody), nil
}

func bearer(t testing.TB, key *rsa.PrivateKey, kid string) string {
	t.Helper()
	return "Bearer " + sign(t, jwt.SigningMethodRS256, key, map[string]any{"kid": kid}, with(rs256Claims(), jwt.MapClaims{"exp": nil}))
}

func TestKeySetIsCached(t *testing.T) {
	t.Parallel()
	first, second := newKey(t, 2048), newKey(t, 2048)
	firstSet := keySet(t, webKey(t, first.Public(), map[string]any{"kid": "first"}))
	secondSet := keySet(t, webKey(t, second.Public(), map[string]any{"kid": "second"}))
	var (
		issuer rotating
		now    = present()
	)
	authorize := newRS256(t, issuer.endpoint, handlers.Options{Now: func() time.Time { return now }})
	steps := []struct {
		name     string
		set      string
		advance  time.Duration
		token    string
		allowed  bool
		requests int64 // in all
	}{
		{"cold", firstSet, 0, bearer(t, first, "first"), true, 1},
		{"cached", firstSet, 10*time.Minute - time.Nanosecond, bearer(t, first, "first"), true, 1},
		{"the endpoint is down, its keys are not needed", "", 0, bearer(t, first, "first"), true, 1},
		{"too old, and the endpoint is down", "", time.Nanosecond, bearer(t, first, "first"), false, 2},
		{"the endpoint is back", firstSet, 0, bearer(t, first, "first"), true, 3},
		{"rotated", secondSet, 0, bearer(t, second, "second"), true, 4},
		{"the withdrawn key", secondSet, 0, bearer(t, first, "first"), false, 5},
		{"the new key", secondSet, 0, bearer(t, second, "second"), true, 5},
		{"the clock was set back", secondSet, -time.Hour, bearer(t, second, "second"), true, 6},
	}
	for _, step := range steps {
		issuer.body.Store(&step.set)
		now = now.Add(step.advance)
		_, err := authorize(t.Context(), tokenEvent(step.token))
		if allowed := err == nil; allowed != step.allowed {
			t.Errorf("%s: allowed = %t (%v), want %t", step.name, allowed, errors.Unwrap(err), step.allowed)
		}
		if got := issuer.requests.Load(); got != step.requests {
			t.Errorf("%s: %d requests, want %d", step.name, got, step.requests)
		}
	}
}

// Keys of one key set are not taken for those of another, should the environment change.
func TestKeySetOfAnotherURI(t *testing.T) {
	t.Parallel()
	first, second := newKey(t, 2048), newKey(t, 2048)
	sets := map[string]string{
		"first.example":  keySet(t, webKey(t, first.Public(), nil)),
		"second.example": keySet(t, webKey(t, second.Public(), nil)),
	}
	variables := map[string]string{"TOKEN_ISSUER": issuerURL, "AUDIENCE": audience}
	authorize := function[rs256Authorizer](t, handlers.Options{
		Getenv: environment(variables),
		Now:    present,
		Client: &http.Client{Transport: endpoint(func(r *http.Request) (*http.Response, error) {
			return answer(http.StatusOK, strings.NewReader(sets[r.URL.Host])), nil
		})},
	}, "jwt-rs256")
	for _, host := range []string{"first.example", "second.example"} {
		variables["JWKS_URI"] = "https://" + host + "/jwks.json"
		for name, key := range map[string]*rsa.PrivateKey{"first.example": first, "second.example": second} {
			_, err := authorize(t.Context(), tokenEvent(bearer(t, key, "k1")))
			if allowed := err == nil; allowed != (name == host) {
				t.Errorf("keys of %s, token of %s: allowed = %t", host, name, allowed)
			}
		}
	}
}

// Tokens that name made-up keys do not become requests without limit, and do not keep out those who have a good one.
func TestKeySetFetchesAreLimited(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	var (
		issuer rotating
		log    logbook
		now    = present()
	)
	set := keySet(t, webKey(t, key.Public(), nil))
	issuer.body.Store(&set)
	authorize := newRS256(t, issuer.endpoint, handlers.Options{Now: func() time.Time { return now }, Log: log.logger()})
	for minute := range 2 {
		for i := range 50 {
			if _, err := authorize(t.Context(), tokenEvent(bearer(t, key, fmt.Sprint("unknown", i)))); err == nil {
				t.Fatal("an unknown key is accepted")
			}
		}
		if _, err := authorize(t.Context(), tokenEvent(bearer(t, key, "k1"))); err != nil {
			t.Errorf("the known key is refused: %v", errors.Unwrap(err))
		}
		if got, want := issuer.requests.Load(), int64(10*(minute+1)); got != want {
			t.Errorf("%d requests, want %d", got, want)
		}
		now = now.Add(time.Minute)
	}
	if !strings.Contains(log.String(), "too often") {
		t.Errorf("log: %s", log.String())
	}
}

func TestKeyEndpointFails(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	good := keySet(t, webKey(t, key.Public(), nil))
	tests := []struct {
		name     string
		endpoint endpoint
		log      string
		takes    time.Duration
	}{
		{
			name:     "down",
			endpoint: func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
			log:      "connection refused",
		},
		{
			name:     "error",
			endpoint: func(*http.Request) (*http.Response, error) { return answer(500, strings.NewReader(good)), nil },
			log:      "Internal Server Error",
		},
		{name: "nothing", endpoint: serve(""), log: "unexpected end of JSON input"},
		{name: "garbage", endpoint: serve("<html>"), log: "invalid character"},
		{name: "a list", endpoint: serve("[]"), log: "cannot unmarshal array"},
		{name: "garbage after the keys", endpoint: serve(good + "}"), log: "invalid character"},
		{name: "huge", endpoint: serve(good + strings.Repeat(" ", 1<<20)), log: "more than 1048576 bytes"},
		{
			name: "endless",
			endpoint: func(*http.Request) (*http.Response, error) {
				return answer(200, endless{}), nil
			},
			log: "more than 1048576 bytes",
		},
		{
			name: "silent",
			endpoint: func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			},
			log:   "deadline exceeded",
			takes: 5 * time.Second,
		},
		{
			name: "stops in the middle",
			endpoint: func(r *http.Request) (*http.Response, error) {
				return answer(200, io.MultiReader(strings.NewReader(good[:20]), stalled{r.Context()})), nil
			},
			log:   "deadline exceeded",
			takes: 5 * time.Second,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log logbook
				authorize := newRS256(t, test.endpoint, handlers.Options{Log: log.logger()})
				began := time.Now()
				_, err := authorize(t.Context(), tokenEvent(bearer(t, key, "k1")))
				if err == nil || err.Error() != "Unauthorized" {
					t.Errorf("error = %v, want Unauthorized", err)
				}
				if took := time.Since(began); took != test.takes {
					t.Errorf("took %v, want %v", took, test.takes)
				}
				if !strings.Contains(log.String(), test.log) {
					t.Errorf("log: %s, want %q", log.String(), test.log)
				}
			})
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// The first callers all wait for one request, and find their key in its answer.
func TestKeySetFetchIsShared(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	token := bearer(t, key, "k1")
	set := keySet(t, webKey(t, key.Public(), nil))
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int64
		authorize := newRS256(t, func(*http.Request) (*http.Response, error) {
			requests.Add(1)
			time.Sleep(time.Second)
			return answer(200, strings.NewReader(set)), nil
		}, handlers.Options{})
		var callers sync.WaitGroup
		for range 64 {
			callers.Go(func() {
				if _, err := authorize(t.Context(), tokenEvent(token)); err != nil {
					t.Errorf("refused: %v", errors.Unwrap(err))
				}
			})
		}
		callers.Wait()
		if got := requests.Load(); got != 1 {
			t.Errorf("%d requests, want 1", got)
		}
	})
}

// Who gives up takes only the own request along: those who waited for it make another.
func TestKeySetFetchGivenUp(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	token := bearer(t, key, "k1")
	set := keySet(t, webKey(t, key.Public(), nil))
	synctest.Test(t, func(t *testing.T) {
		authorize := newRS256(t, func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(2 * time.Second):
				return answer(200, strings.NewReader(set)), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}, handlers.Options{})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := authorize(impatient, tokenEvent(token)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cause = %v, want %v", errors.Unwrap(err), context.DeadlineExceeded)
			}
		})
		synctest.Wait()
		for range 4 {
			callers.Go(func() {
				if _, err := authorize(t.Context(), tokenEvent(token)); err != nil {
					t.Errorf("refused: %v", errors.Unwrap(err))
				}
			})
		}
		// One that waits for another's request can give up as well.
		callers.Go(func() {
			brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := authorize(brief, tokenEvent(token)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cause = %v, want %v", errors.Unwrap(err), context.DeadlineExceeded)
			}
		})
		callers.Wait()
	})
}

// A request that was on its way when the keys were rotated does not decide about a token signed after that.
func TestKeySetRotatedDuringFetch(t *testing.T) {
	t.Parallel()
	first, second := newKey(t, 2048), newKey(t, 2048)
	synctest.Test(t, func(t *testing.T) {
		before := keySet(t, webKey(t, first.Public(), map[string]any{"kid": "first"}))
		after := keySet(t, webKey(t, second.Public(), map[string]any{"kid": "second"}))
		var set atomic.Pointer[string]
		set.Store(&before)
		authorize := newRS256(t, func(*http.Request) (*http.Response, error) {
			body := set.Load()
			time.Sleep(time.Second)
			return answer(200, strings.NewReader(*body)), nil
		}, handlers.Options{})
		var callers sync.WaitGroup
		call := func(token string) {
			callers.Go(func() {
				if _, err := authorize(t.Context(), tokenEvent(token)); err != nil {
					t.Errorf("refused: %v", errors.Unwrap(err))
				}
			})
			synctest.Wait()
		}
		call(bearer(t, first, "first"))
		set.Store(&after)
		call(bearer(t, second, "second"))
		callers.Wait()
	})
}

// With the default client, over a network.
func TestKeySetOverHTTP(t *testing.T) {
	t.Parallel()
	key := newKey(t, 2048)
	set := keySet(t, webKey(t, key.Public(), nil))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Accept") != "application/json" {
			t.Errorf("%s, Accept: %s", r.Method, r.Header.Get("Accept"))
		}
		_, _ = io.WriteString(w, set)
	}))
	defer server.Close()
	tests := []struct {
		name, uri string
		allowed   bool
	}{
		{"there", server.URL, true},
		{"not a URL", "::", false},
		{"not HTTP", "file:///etc/passwd", false},
	}
	for _, test := range tests {
		authorize := function[rs256Authorizer](t, handlers.Options{
			Getenv: environment(map[string]string{"TOKEN_ISSUER": issuerURL, "AUDIENCE": audience, "JWKS_URI": test.uri}),
			Now:    present,
		}, "jwt-rs256")
		_, err := authorize(t.Context(), tokenEvent(bearer(t, key, "k1")))
		if allowed := err == nil; allowed != test.allowed {
			t.Errorf("%s: allowed = %t (%v), want %t", test.name, allowed, errors.Unwrap(err), test.allowed)
		}
	}
}
