package gateway

import (
	"time"

	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// account is what is left of a request when it is answered: all that its trace is rendered from, should somebody read it. It
// is one piece of memory, and keeps no body that a trace would not keep.
type account struct {
	request event.Request
	sent    trace.Request
	steps   [6]trace.Step // as many as a request usually takes
	sources [2]trace.IdentitySource
	cache   trace.Cache
	writer  trace.Writer // of a kept result

	route       trace.RouteDetail
	identity    trace.IdentityDetail
	policy      trace.PolicyDetail
	integration trace.InvocationDetail

	event  proxyDocument
	answer event.Answer
}

// proxyDocument is the event of a function that took it as a struct.
type proxyDocument struct {
	request *event.Request
	body    []byte
	binary  event.MediaTypes
	result  *authorizer.Result // nil for an open route
	latency time.Duration
	size    int
}

// JSON writes the event.
func (d *proxyDocument) JSON() []byte {
	if d.result == nil {
		return event.Proxy(d.request, d.body, d.binary, nil)
	}
	return event.Proxy(d.request, d.body, d.binary, d.result.BackendContext(d.latency))
}

// Size is that of the request's text.
func (d *proxyDocument) Size() int { return d.size }

// authorizerDocument is the event of an authorizer that took it as a struct.
type authorizerDocument struct {
	authorizer *authorizer.Authorizer
	request    *event.Request
	id         authorizer.Identity
}

// JSON writes the event.
func (d *authorizerDocument) JSON() []byte { return d.authorizer.Event(d.request, d.id) }

// Size is that of the request's text.
func (d *authorizerDocument) Size() int {
	size, _ := event.Plain(d.request, nil)
	return size
}
