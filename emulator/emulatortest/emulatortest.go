// Package emulatortest runs an emulator inside a test, without a network: requests go straight to the gateway, and the test
// sees each response together with its trace.
//
//	g := emulatortest.Run(t, emulator.RoutesFile("../routes.yaml"), emulator.Functions{
//		"authorizer": emulatortest.Allow("user-1"),
//		"pets":       emulator.Func(pets),
//	}, nil)
//	g.Get("/dev/pets", "Authorization", "Bearer x").AssertAllowed(t)
//	g.Get("/dev/pets").AssertRefused(t, trace.IdentityMissing)
//
// [Allow] and its neighbors are authorizers that are ready made, [NewIssuer] issues tokens for real ones. A test that fails
// prints the traces of its requests.
//
// It works inside testing/synctest, where timeouts pass in no time. There are two exceptions: [Gateway.URL], which is a network,
// and an identityValidationExpression with look-around or a back reference, which runs under a time limit whose clock outlives
// a bubble.
package emulatortest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// Gateway is an emulator that a test runs.
type Gateway struct {
	*emulator.Emulator

	// Client sends requests to the emulator, whatever host they name, and to nothing else. It follows no redirects.
	Client *http.Client

	t       testing.TB
	address address

	mu     sync.Mutex
	calls  map[string]int // of functions, by authorizer
	newest []trace.Trace  // at most maxPrinted
	older  int
}

// maxPrinted is how many traces a failing test prints.
const maxPrinted = 20

// Run starts an emulator. The test fails at once when the routes have problems. When it fails later, it prints the traces of
// its last 20 requests. At its end it waits until no function runs any more, and fails when one does not return.
func Run(t testing.TB, source emulator.Source, functions emulator.Functions, options *emulator.Options) *Gateway {
	t.Helper()
	if options == nil {
		options = &emulator.Options{}
	}
	g := &Gateway{t: t, calls: map[string]int{}}
	chained := *options
	chained.OnTrace = func(tr trace.Trace) {
		g.record(tr)
		if options.OnTrace != nil {
			options.OnTrace(tr)
		}
	}
	var err error
	if g.Emulator, err = emulator.New(source, functions, &chained); err != nil {
		t.Fatalf("the routes cannot be served:\n%v", err)
	}
	g.Client = &http.Client{
		Transport:     transport{g},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(g.finish)
	return g
}

// record keeps what a failing test prints, and counts.
func (g *Gateway) record(tr trace.Trace) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.newest) == maxPrinted {
		g.newest = append(g.newest[:0], g.newest[1:]...)
		g.older++
	}
	g.newest = append(g.newest, tr)
	for i := range tr.Steps {
		switch d := tr.Steps[i].Detail.(type) {
		case trace.InvocationDetail:
			g.calls[d.Authorizer]++
		case *trace.InvocationDetail:
			g.calls[d.Authorizer]++
		}
	}
}

// finish ends a test.
func (g *Gateway) finish() {
	// Longer than the longest of API Gateway's timeouts, after which a function has long been canceled.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(g.address.close(), g.Wait(ctx), g.Close(ctx)); err != nil {
		g.t.Error(err)
	}
	if !g.t.Failed() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.older > 0 {
		g.t.Logf("%d requests before these are not shown", g.older)
	}
	for _, tr := range g.newest {
		g.t.Log(rendered(tr))
	}
}
