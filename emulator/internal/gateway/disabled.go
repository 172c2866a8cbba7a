package gateway

import (
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// unguarded lets a request pass as if its authorizer had allowed it, with what the mock says in place of what the authorizer
// would have said. A resource policy's explicit Deny has been found before: it wins over every authorizer.
func (x *exchange) unguarded(found *route) *authorizer.Result {
	mock := x.gateway.options.Mock
	detail := trace.DisabledDetail{Authorizer: found.authorizer.Name()}
	if mock != nil {
		detail.Context = trace.Excerpt(mock.BackendContext(0))
	}
	x.step(trace.Step{Name: "authorizer", Code: trace.AuthorizerDisabled, Source: found.authorizer.Source(), Detail: detail})
	return mock
}
