package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/trace"
)

// identify finds the identity sources, before anything is called or looked up.
func (x *exchange) identify(found *route) (authorizer.Identity, *apigw.Error) {
	start := time.Now()
	id, err := found.authorizer.Identify(&x.request)
	step := trace.Step{
		Name: "identity", Duration: time.Since(start), Source: found.authorizer.Source(), Confidence: trace.Recorded,
		Detail: trace.IdentityDetail{Authorizer: found.authorizer.Name(), Sources: id.Sources},
	}
	if err != nil {
		step.Code, step.Confidence = err.Code, err.Certainty()
	}
	x.step(step)
	return id, err
}

// authorize returns the authorizer's result: a kept one, or a new one that is kept from now on. The latency is what the
// function took, 0 for a kept result.
func (x *exchange) authorize(ctx context.Context, found *route, id authorizer.Identity) (*authorizer.Result, time.Duration, *apigw.Error) {
	start, a := time.Now(), found.authorizer
	result, state := a.Cached(id, x.now)
	x.trace.Cache = cacheOf(result, state)
	x.step(trace.Step{Name: "cache", Code: state, Duration: time.Since(start), Source: a.Source(), Confidence: trace.Recorded})
	if result != nil {
		return result, 0, nil
	}
	result, call, err := a.Call(ctx, &x.request, id)
	detail := trace.NewInvocationDetail(found.authorizerFunction, call.Event, call.Answer, call.Err)
	detail.Authorizer = a.Name()
	step := trace.Step{Name: "authorizer", Duration: call.Latency, Source: a.Source(), Confidence: trace.Recorded}
	if err != nil {
		step.Code, step.Confidence, step.Detail = err.Code, err.Certainty(), detail
		x.step(step)
		return nil, 0, err
	}
	detail.Principal, detail.Warnings = result.PrincipalID, result.Warnings
	step.Detail = detail
	x.step(step)
	for _, warning := range result.Warnings {
		x.warnings = append(x.warnings, fmt.Sprintf("%s: authorizer %q: %s", a.Source(), a.Name(), warning))
	}
	x.warnings = append(x.warnings, x.deployment.linter.warnings(found, result, x.request.MethodARN)...)
	a.Keep(id, result, x.gateway.options.Now())
	x.trace.Cache.Expires = result.Expires
	return result, max(call.Latency, time.Nanosecond), nil // 0 is for a kept result
}

func cacheOf(result *authorizer.Result, state trace.Code) *trace.Cache {
	switch {
	case result != nil:
		return &trace.Cache{State: trace.Hit, Expires: result.Expires, WrittenBy: &trace.Writer{
			RequestID: result.Writer.RequestID, Method: result.Writer.Method, Path: result.Writer.Path, Time: result.Written,
		}}
	case state == trace.CacheOff:
		return &trace.Cache{State: trace.Off}
	}
	return &trace.Cache{State: trace.Miss}
}

// maxEvent is the size in bytes of the largest event that Lambda takes (rest-gateway 4).
const maxEvent = 6_291_456

// integrate calls the function behind the route and reads its answer as a Lambda proxy response.
func (x *exchange) integrate(ctx context.Context, granted grant) (response, *apigw.Error) {
	d, t := x.deployment, granted.route.integration
	payload := event.Proxy(&x.request, x.body, d.binary, granted.authorizer)
	if len(payload) > maxEvent {
		return response{}, &apigw.Error{
			Type: apigw.RequestTooLarge, Code: trace.LimitBody, Form: apigw.ExecutionStage, Message: "Request Too Long",
			Reason: fmt.Sprintf("the event for function %q has %d bytes; Lambda takes %d", t.name, len(payload), maxEvent),
			Hint:   "base64 makes a binary body a third longer; 4.5 MB of it is the most that a function can be given",
		}
	}
	ctx, cancel := context.WithTimeout(ctx, d.api.IntegrationTimeout)
	defer cancel()
	start := time.Now()
	lambdaID := newIDs(x.gateway.options.Random).uuid()
	answer, err := t.function.Invoke(ctx, function.Invocation{RequestID: lambdaID, ARN: t.arn, Payload: payload})
	step := trace.Step{
		Name: "integration", Code: trace.IntegrationOK, Duration: time.Since(start), Source: granted.route.source,
		Detail: trace.NewInvocationDetail(t.name, payload, answer, err), Confidence: trace.Recorded,
	}
	var answered event.Response
	var refusal *apigw.Error
	if err != nil {
		refusal = x.integrationFailure(t.name, err)
	} else if answered, err = event.ParseResponse(answer, accept(&x.request), d.binary); err != nil {
		refusal = malformed(t.name, err)
	}
	if refusal != nil {
		step.Code, step.Confidence = refusal.Code, refusal.Certainty()
		x.step(step)
		return response{}, refusal
	}
	x.step(step)
	x.trace.Code, x.trace.Reason = trace.IntegrationOK, fmt.Sprintf("function %q answered", t.name)
	return x.proxyResponse(answered), nil
}

func accept(r *event.Request) string {
	value, _ := r.Header("Accept")
	return value
}

// integrationFailure is the gateway response for a function that gave no answer (rest-gateway 3.2).
func (x *exchange) integrationFailure(name string, err error) *apigw.Error {
	refusal := &apigw.Error{Type: apigw.IntegrationFailure, Code: trace.IntegrationError, Cause: err, TraceHeader: true}
	raised, isRaised := errors.AsType[*function.Error](err)
	switch {
	case isRaised:
		refusal.Reason = fmt.Sprintf("function %q failed: %s: %q", name, raised.Type, raised.Message)
		refusal.Hint = "the trace has the error that it reported; its own log says more"
	case errors.Is(err, context.DeadlineExceeded):
		refusal.Type, refusal.Code = apigw.IntegrationTimeout, trace.IntegrationTimeout
		refusal.Reason = fmt.Sprintf("function %q did not answer within %v", name, x.deployment.api.IntegrationTimeout)
		refusal.Hint = "API Gateway waits 29 s at most (timeoutInMillis); make the function answer sooner"
	case errors.Is(err, function.ErrThrottled):
		refusal.Status = http.StatusInternalServerError
		refusal.Reason = fmt.Sprintf("function %q is throttled: %v", name, err)
		refusal.Hint = "its endpoint answered 429; let it run more invocations at a time"
	case errors.Is(err, function.ErrForbidden):
		refusal.Type = apigw.APIConfigurationError
		refusal.Reason = fmt.Sprintf("gatewayd may not invoke function %q: %v", name, err)
		refusal.Hint = "its endpoint answered 403; on AWS the function's resource policy must let apigateway.amazonaws.com invoke it"
	case errors.Is(err, function.ErrNotFound):
		refusal.Type, refusal.Code = apigw.APIConfigurationError, trace.IntegrationUnreachable
		refusal.Reason = fmt.Sprintf("function %q is not there: %v", name, err)
		refusal.Hint = "check the function's url in the route file"
	default:
		refusal.Code, refusal.Confidence = trace.IntegrationUnreachable, trace.Inferred
		refusal.Reason = fmt.Sprintf("function %q could not be reached: %v", name, err)
		refusal.Hint = "check that the function is running and that its url is right"
	}
	return refusal
}

// malformed is the gateway response for an answer that is no Lambda proxy response.
func malformed(name string, err error) *apigw.Error {
	refusal := &apigw.Error{
		Type: apigw.IntegrationFailure, Code: trace.IntegrationMalformed, Cause: err, TraceHeader: true,
		Reason: fmt.Sprintf("function %q gave a malformed Lambda proxy response: %v", name, err),
		Hint:   `answer with {"statusCode": 200, "headers": {…}, "body": "text"}`,
	}
	if errors.Is(err, event.ErrBase64) {
		refusal.Type = apigw.APIConfigurationError
		refusal.Hint = "encode the body as base64, or leave isBase64Encoded out"
	}
	return refusal
}
