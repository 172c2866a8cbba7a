package emulatortest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"gatewayd/emulator/trace"
)

// AssertAllowed fails the test, with the trace, unless the request was let through to its integration, whatever that answered.
func (r Response) AssertAllowed(t testing.TB) {
	t.Helper()
	if !strings.HasPrefix(string(r.Trace.Code), "integration.") {
		t.Errorf("the request was refused, and should have been let through to its integration:\n%s", rendered(r.Trace))
	}
}

// AssertRefused fails the test, with the trace, unless the request was refused for the reason that the code names:
// trace.PolicyImplicitDeny for example.
func (r Response) AssertRefused(t testing.TB, code trace.Code) {
	t.Helper()
	if r.Trace.Code != code {
		t.Errorf("the request ended with %s, and should have been refused with %s:\n%s", r.Trace.Code, code, rendered(r.Trace))
	}
}

// AuthorizerCalls is how often requests have had the function of an authorizer called. A request that found a kept result did
// not, nor did one without identity sources. An explanation and a test of an authorizer are no requests.
func (g *Gateway) AuthorizerCalls(authorizer string) int {
	g.t.Helper()
	var names []string
	for _, a := range g.Authorizers() {
		names = append(names, a.Name)
	}
	if !slices.Contains(names, authorizer) {
		g.t.Errorf("no authorizer %q; there are %s", authorizer, strings.Join(names, ", "))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls[authorizer]
}

// AssertAuthorizerCalls fails the test, which then prints its traces, unless requests have had the function of an authorizer
// called so often.
func (g *Gateway) AssertAuthorizerCalls(t testing.TB, authorizer string, want int) {
	t.Helper()
	if got := g.AuthorizerCalls(authorizer); got != want {
		t.Errorf("authorizer %q was called %d times, and should have been %d times; the traces below say by which requests", authorizer, got, want)
	}
}

// rendered is a trace as a person reads it.
func rendered(tr trace.Trace) string {
	var text bytes.Buffer
	if err := trace.Render(&text, tr, trace.RenderOptions{}); err != nil {
		return tr.Line()
	}
	return text.String()
}
