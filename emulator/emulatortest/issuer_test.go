package emulatortest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
	"gatewayd/handlers"
)

// counted counts the requests of a client.
type counted struct {
	http.RoundTripper
	requests atomic.Int64
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

// issued is a gateway whose authorizer verifies real tokens, without a network.
type issued struct {
	*emulatortest.Gateway
	issuer  *emulatortest.Issuer
	fetches *atomic.Int64 // of the key set
}

func newIssued(t *testing.T) *issued {
	t.Helper()
	clock := emulator.NewClock()
	issuer := emulatortest.NewIssuer(t, clock)
	keys := &counted{RoundTripper: issuer.Client.Transport}
	functions := emulator.Functions{}
	for name, function := range handlers.New(handlers.Options{Getenv: issuer.Getenv, Now: clock.Now, Client: &http.Client{Transport: keys}}) {
		functions[name] = emulator.FuncOf(function)
	}
	g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
authorizers:
  rs256: { function: jwt-rs256, authorizerResultTtlInSeconds: 300 }
  hs256: { function: jwt-hs256, authorizerResultTtlInSeconds: 0 }
routes:
  GET /pets: { function: pets, authorizer: rs256 }
  GET /secret: { function: pets, authorizer: hs256 }
`), functions, &emulator.Options{Clock: clock})
	return &issued{g, issuer, &keys.requests}
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	g := newIssued(t)
	for _, algorithm := range emulator.TokenAlgorithms() {
		path := "/dev/pets"
		if algorithm == emulator.HS256 {
			path = "/dev/secret"
		}
		g.Get(path, "Authorization", "Bearer "+g.issuer.Mint(emulator.TokenRequest{Algorithm: algorithm})).AssertAllowed(t)
	}
	for _, wrong := range emulator.TokenCases()[1:] {
		g.Get("/dev/pets", "Authorization", "Bearer "+g.issuer.Mint(emulator.TokenRequest{Case: wrong})).AssertRefused(t, trace.AuthorizerUnauthorized)
	}
	if err := g.issuer.Rotate(); err != nil {
		t.Fatal(err)
	}
	g.Get("/dev/pets", "Authorization", "Bearer "+g.issuer.Token("after the rotation")).AssertAllowed(t)
	if g.issuer.Getenv("PATH") != "" {
		t.Error("the issuer knows a variable that it has nothing to do with")
	}
}

// What an issuer does not sign, fails the test that asks for it.
func TestIssuerRefuses(t *testing.T) {
	t.Parallel()
	f := run(t.Context(), func(t testing.TB) {
		emulatortest.NewIssuer(t, nil).Mint(emulator.TokenRequest{Case: "no such case"})
	})
	if !f.failed || !strings.Contains(f.text.String(), "no such case") {
		t.Errorf("it printed %q", &f.text)
	}
}

// One clock: what moves it makes a kept result old, a token expire and a key set be fetched again, all at once and nothing
// before its time; and what sets it back undoes it.
func TestClockMovesEverything(t *testing.T) {
	t.Parallel()
	const (
		ttl       = 300 * time.Second
		keySetAge = 10 * time.Minute
		lifetime  = 15 * time.Minute
	)
	moves := map[string]func(g *issued, d time.Duration){
		"FastForward": func(g *issued, d time.Duration) { g.FastForward(d) },
		"control API": func(g *issued, d time.Duration) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/_gatewayd/clock", strings.NewReader(`{"advance":"`+d.String()+`"}`))
			r.Host = "localhost"
			w := httptest.NewRecorder()
			g.Control(emulator.ControlOptions{}).ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("the clock does not move: %d %s", w.Code, w.Body)
			}
		},
	}
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newIssued(t)
			token := g.issuer.Mint(emulator.TokenRequest{Subject: "me", Lifetime: lifetime})
			get := func() emulatortest.Response { return g.Get("/dev/pets", "Authorization", "Bearer "+token) }
			want := func(when string, calls int, fetches int64) {
				t.Helper()
				if got := g.AuthorizerCalls("rs256"); got != calls {
					t.Errorf("%s: the authorizer was called %d times, want %d", when, got, calls)
				}
				if got := g.fetches.Load(); got != fetches {
					t.Errorf("%s: the key set was fetched %d times, want %d", when, got, fetches)
				}
			}
			get().AssertAllowed(t)
			get().AssertAllowed(t)
			want("at first", 1, 1)

			move(g, ttl+time.Second) // the result is old, the key set is not
			get().AssertAllowed(t)
			want("past the TTL", 2, 1)

			move(g, keySetAge-ttl) // both are, the token is not
			get().AssertAllowed(t)
			want("past the age of the key set", 3, 2)

			move(g, lifetime) // all of them are
			get().AssertRefused(t, trace.AuthorizerUnauthorized)
			want("past the expiry of the token", 4, 3)
			token = g.issuer.Mint(emulator.TokenRequest{Subject: "me", Lifetime: lifetime})
			get().AssertAllowed(t) // the issuer's time is the same: its new token is valid now
			want("with a new token", 5, 3)

			g.Reset()
			if offset := g.Clock().Offset(); offset != 0 || len(g.Traces(emulator.TraceFilter{})) != 0 {
				t.Errorf("after a reset the clock is ahead by %v, and there are %d traces", offset, len(g.Traces(emulator.TraceFilter{})))
			}
			token = g.issuer.Token("me")
			get().AssertAllowed(t)
			want("after the reset", 6, 4) // the key set, which came from the future, is fetched again
		})
	}
}
