package gateway

import (
	"net/http"
	"time"

	"gatewayd/emulator/trace"
)

// Meter is the step that looks at API keys and throttles, for a request that may be made over and over. It reports whether the
// request may pass.
func (g *Gateway) Meter(r *http.Request) func() bool {
	x := g.begin(nil, r)
	resourcePath, refusal := x.stage()
	if refusal != nil {
		panic(refusal)
	}
	found, refusal := x.route(resourcePath)
	if refusal != nil {
		panic(refusal)
	}
	steps := x.trace.Steps
	return func() bool {
		x.trace.Steps = steps
		return x.meter(found, nil) == nil
	}
}

// Account writes the trace of an authorized request, without the request.
func (g *Gateway) Account() {
	x := &exchange{gateway: g, started: time.Now()}
	x.account = &account{}
	x.trace = trace.Trace{Method: "GET", Path: "/", Steps: x.account.steps[:0]}
	x.step(trace.Step{Name: "route", Detail: &x.account.route})
	x.step(trace.Step{Name: "identity", Detail: &x.account.identity})
	x.step(trace.Step{Name: "cache", Code: trace.CacheHit})
	x.step(trace.Step{Name: "policy", Code: trace.PolicyAllow, Detail: &x.account.policy})
	x.step(trace.Step{Name: "integration", Code: trace.IntegrationOK, Detail: &x.account.integration})
	x.trace.Duration = time.Since(x.started)
	g.options.Record(x.trace, x.warnings)
}
