package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// Explain is the trace of a request that is decided and no more: the integration is not called, and nothing is kept or
// recorded, no token of a throttle and nothing of a quota is taken. On a cache miss the authorizer is called. The trace of a request that may pass has no status: the integration would
// have given it.
func (g *Gateway) Explain(r *http.Request) trace.Trace {
	x := g.begin(nil, r)
	x.explained = true
	x.deployment = x.deployment.aside()
	granted, refusal := x.decide(r.Context())
	switch {
	case refusal != nil:
		refused := x.refuse(refusal)
		x.trace.Status = refused.status
		x.explainCORS(&refused)
	case granted.route.authorizer != nil && g.options.Disabled:
		x.trace.Code = trace.AuthorizerDisabled
		x.trace.Reason = fmt.Sprintf("allowed: authorizers are disabled, so %q was not asked; %v was not called",
			granted.route.authorizer.Name(), granted.route.integration)
	case granted.result == nil:
		x.trace.Code = trace.RouteOpen
		x.trace.Reason = fmt.Sprintf("allowed: %s %s; %v was not called", x.opens(granted.route), granted.route.key, granted.route.integration)
	default:
		x.trace.Code = trace.PolicyAllow
		x.trace.Reason = fmt.Sprintf("allowed: %s allows %s; %v was not called",
			x.policyName(granted.result), x.shortARN(x.request.MethodARN), granted.route.integration)
	}
	if x.trace.Cache != nil && x.trace.Cache.State == trace.Miss {
		x.trace.Cache.Expires = time.Time{} // it would be kept until then, and is not
	}
	x.trace.Duration = time.Since(x.started)
	return x.trace
}

// opens says what lets a request to a route without an authorizer pass.
func (x *exchange) opens(r *route) string {
	if x.deployment.usage.Method(r.index).KeyRequired {
		return fmt.Sprintf("API key %q is all that guards", x.request.APIKeyID)
	}
	return "no authorizer guards"
}

// aside is the deployment with all that requests change in copies.
func (d *deployment) aside() *deployment {
	if d == nil {
		return nil
	}
	copied := *d
	copied.linter = &linter{linted: map[string]bool{}, told: map[string]bool{}}
	copied.authorizers = make(map[string]*authorizer.Authorizer, len(d.authorizers))
	for name, a := range d.authorizers {
		copied.authorizers[name] = a.Aside()
	}
	copied.routes = slices.Clone(d.routes)
	for i := range copied.routes {
		if r := &copied.routes[i]; r.authorizer != nil {
			r.authorizer = copied.authorizers[r.authorizer.Name()]
		}
	}
	return &copied
}
