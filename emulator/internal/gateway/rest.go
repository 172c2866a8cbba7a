package gateway

import (
	"context"
	"fmt"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// identify finds the identity sources, before anything is called or looked up.
func (x *exchange) identify(found *route) (authorizer.Identity, *apigw.Error) {
	id, err := found.authorizer.IdentifyInto(x.request, x.account.sources[:0])
	x.account.identity = trace.IdentityDetail{
		Authorizer: found.authorizer.Name(), Type: found.authorizer.Type(), Expression: found.authorizer.Expression(), Sources: id.Sources,
	}
	step := trace.Step{
		Name: "identity", Source: found.authorizer.Source(), Confidence: trace.Recorded, Detail: &x.account.identity,
	}
	if err != nil {
		step.Code, step.Confidence = err.Code, err.Certainty()
	}
	for i := range id.Sources {
		if id.Sources[i].Repeated {
			step.Confidence = trace.Inferred // rest-authorizer 1.12, 1.13
		}
	}
	x.step(step)
	return id, err
}

// authorize returns the authorizer's result: a kept one, or a new one that is kept from now on. The latency is what the
// function took, 0 for a kept result.
func (x *exchange) authorize(ctx context.Context, found *route, id authorizer.Identity) (*authorizer.Result, time.Duration, *apigw.Error) {
	a := found.authorizer
	result, state := a.Cached(id, x.now)
	x.trace.Cache = x.cacheOf(result, state)
	x.step(trace.Step{Name: "cache", Code: state, Source: a.Source(), Confidence: trace.Recorded})
	if result != nil {
		return result, 0, nil
	}
	if a.Coalesces() {
		return x.authorizeOnce(ctx, found, id)
	}
	result, call, err := a.Call(ctx, x.request, id)
	x.called(found, id, result, call, err)
	if err != nil {
		return nil, 0, err
	}
	a.Keep(id, result, x.gateway.options.Now())
	x.trace.Cache.Expires = result.Expires
	return result, call.Latency, nil
}

// called accounts for a call of the authorizer's function.
func (x *exchange) called(found *route, id authorizer.Identity, result *authorizer.Result, call authorizer.Call, err *apigw.Error) {
	a := found.authorizer
	sent := trace.Excerpt(call.Event)
	if call.Event == nil {
		sent = &authorizerDocument{a, x.request, id}
	}
	detail := trace.NewDeferredInvocationDetail(found.authorizerFunction, sent, trace.Excerpt(call.Answer), call.Err)
	detail.Authorizer = a.Name()
	detail.Invocation, detail.Logs = call.RequestID, x.deployment.functions[found.authorizerFunction].logs
	step := trace.Step{Name: "authorizer", Duration: call.Latency, Source: a.Source(), Confidence: trace.Recorded}
	if err != nil {
		step.Code, step.Confidence, step.Detail = err.Code, err.Certainty(), detail
		x.step(step)
		return
	}
	detail.Principal, detail.Warnings = result.PrincipalID, result.Warnings
	detail.Context, detail.UsageIdentifierKey = result, result.UsageIdentifierKey
	step.Detail = detail
	x.step(step)
	for _, warning := range result.Warnings {
		x.warnings = append(x.warnings, fmt.Sprintf("%s: authorizer %q: %s", a.Source(), a.Name(), warning))
	}
	x.warnings = append(x.warnings, x.deployment.linter.warnings(found, result, x.request.MethodARN)...)
}

func (x *exchange) cacheOf(result *authorizer.Result, state trace.Code) *trace.Cache {
	cache := &x.account.cache
	switch {
	case result != nil:
		x.account.writer = trace.Writer{
			RequestID: result.Writer.RequestID, Method: result.Writer.Method, Path: result.Writer.Path, Time: result.Written,
		}
		*cache = trace.Cache{State: trace.Hit, Expires: result.Expires, WrittenBy: &x.account.writer}
	case state == trace.CacheOff:
		cache.State = trace.Off
	default:
		cache.State = trace.Miss
	}
	return cache
}
