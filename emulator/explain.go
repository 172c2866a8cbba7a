package emulator

import (
	"net/http"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

// ExplainRequest is a request that is to be explained, not served.
type ExplainRequest = control.ExplainRequest

// Explain is the account of a request that is not served: every check up to the integration is made, and the authorizer is
// called unless its cache has a result, but the integration is not called, and nothing is stored: no result, no trace. A
// request that may pass ends with the code policy.allow or route.open and has the status 0, because only the integration could
// have given it one. The request may be one of a server or, as [ExplainRequest] makes it, of a client.
func (e *Emulator) Explain(r *http.Request) trace.Trace {
	if r.RemoteAddr == "" {
		local := *r
		local.RemoteAddr = "127.0.0.1:0"
		r = &local
	}
	return e.gateway.Explain(e.client.seen(r))
}
