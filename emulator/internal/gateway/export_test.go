package gateway

import (
	"time"

	"gatewayd/emulator/trace"
)

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
