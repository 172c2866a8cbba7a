package gateway

import (
	"context"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// authorizeOnce is the rest of authorize for requests that share a call: those that miss the same result while it is fetched.
func (x *exchange) authorizeOnce(ctx context.Context, found *route, id authorizer.Identity) (*authorizer.Result, time.Duration, *apigw.Error) {
	a := found.authorizer
	o := a.CallOnce(ctx, x.request, id, x.gateway.options.Now)
	if !o.Shared {
		x.called(found, id, o.Result, o.Call, o.Refusal)
	} else {
		x.waited(found, &o)
	}
	if o.Refusal != nil {
		refusal := *o.Refusal // the others have theirs
		return nil, 0, &refusal
	}
	x.trace.Cache.Expires = o.Result.Expires
	return o.Result, o.Call.Latency, nil
}

// waited accounts for the call of another request: the trace says whose.
func (x *exchange) waited(found *route, o *authorizer.Outcome) {
	a := found.authorizer
	detail := trace.SharedCallDetail{Authorizer: a.Name(), Function: found.authorizerFunction, RequestID: o.By.RequestID}
	// API Gateway is not known to do so: without --coalesce nothing is shared.
	step := trace.Step{Name: "authorizer", Source: a.Source(), Confidence: trace.Inferred}
	x.account.writer = trace.Writer{RequestID: o.By.RequestID, Method: o.By.Method, Path: o.By.Path, Time: x.now}
	if o.Refusal != nil {
		step.Code, step.Confidence, detail.Error = o.Refusal.Code, o.Refusal.Certainty(), trace.Brief(o.Refusal.Reason)
	} else {
		detail.Principal, x.account.writer.Time = o.Result.PrincipalID, o.Result.Written
		x.warnings = append(x.warnings, x.deployment.linter.warnings(found, o.Result, x.request.MethodARN)...)
	}
	x.trace.Cache.WrittenBy = &x.account.writer
	step.Detail = detail
	x.step(step)
}
