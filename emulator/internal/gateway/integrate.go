package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/trace"
)

// maxEvent is the size in bytes of the largest event that Lambda takes (rest-gateway 4).
const maxEvent = 6_291_456

// call is an invocation of the function behind a route, made ready.
type call struct {
	route      *route
	target     *target
	invocation function.Invocation
	proxy      events.APIGatewayProxyRequest // of the typed lane
	event      function.Event                // of the typed lane; else there is a payload
	document   trace.Document                // the event for the trace
}

// integrate calls the function and ends the exchange with its answer.
//
// Where it holds up nothing but its own connection, a function runs on this goroutine, which costs the least; else it has one
// of its own.
func (t *target) integrate(ctx context.Context, x *exchange, granted grant) {
	c := &x.call
	c.route, c.target = granted.route, t
	if refusal := x.prepare(c, granted); refusal != nil {
		x.end(x.refuse(refusal))
		return
	}
	limit := x.deployment.api.IntegrationTimeout
	if t.local != nil && t.local.CanInline() && x.hasGoroutine() {
		t.local.Inline(ctx, limit, c.invocation, c.event, x.returned)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var end function.Ending
	if t.local == nil {
		end.Answer.JSON, end.Err = t.function.Invoke(ctx, c.invocation)
	} else {
		x.shared = true
		end.Answer, end.Err = t.local.Call(ctx, c.invocation, c.event)
	}
	x.functionReturned(end)
}

// functionReturned ends the exchange with what became of its function.
func (x *exchange) functionReturned(end function.Ending) {
	x.lost = end.Lost
	response, refusal := x.conclude(&x.call, end)
	if refusal != nil {
		response = x.refuse(refusal)
	}
	x.end(response)
}

// hasGoroutine reports whether the answer can go out before this goroutine returns, and nobody but the connection waits for
// it: under net/http's HTTP/1 server, unless something that cannot flush stands in between. On HTTP/2 the end of the stream
// is sent when a handler returns.
func (x *exchange) hasGoroutine() bool {
	return x.http.ProtoMajor == 1 && x.http.Context().Value(http.ServerContextKey) != nil && canFlush(x.writer)
}

// canFlush looks for what http.ResponseController would flush.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch wrapped := w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = wrapped.Unwrap()
		default:
			return false
		}
	}
}

// prepare makes the event: a struct where the function takes one and could not tell it from JSON, else JSON.
func (x *exchange) prepare(c *call, granted grant) (refusal *apigw.Error) {
	defer fault(&refusal)
	d, t := x.deployment, c.target
	c.invocation.ARN = t.arn
	document := &x.account.event
	*document = proxyDocument{request: x.request, body: x.body, binary: d.binary, result: granted.result, latency: granted.latency}
	typed := false
	if t.lane == function.ProxyLane {
		document.size, typed = event.Plain(x.request, x.body)
	}
	if typed {
		var authorizer map[string]any
		if granted.result != nil {
			authorizer = granted.result.BackendValues(granted.latency)
		}
		c.proxy = event.ProxyStruct(x.request, x.body, d.binary, authorizer)
		c.event.Proxy, c.document = &c.proxy, document
		document.body = bytes.Clone(x.body) // what is read has room for more, which would be kept as well
	} else {
		c.invocation.Payload = document.JSON()
		c.document = trace.Excerpt(c.invocation.Payload)
		*document = proxyDocument{} // it would keep the body
	}
	x.account.sent.BodyIn(c.document)
	if size := len(c.invocation.Payload); size > maxEvent {
		return &apigw.Error{
			Type: apigw.RequestTooLarge, Code: trace.LimitBody, Form: apigw.ExecutionStage, Message: "Request Too Long",
			Reason: fmt.Sprintf("the event for function %q has %d bytes; Lambda takes %d", t.name, size, maxEvent),
			Hint:   "base64 makes a binary body a third longer; 4.5 MB of it is the most that a function can be given",
		}
	}
	c.invocation.RequestID = x.ids.uuid()
	return nil
}

// conclude reads the function's answer as a Lambda proxy response.
func (x *exchange) conclude(c *call, end function.Ending) (out response, refusal *apigw.Error) {
	defer fault(&refusal)
	t := c.target
	answered, document, err := x.read(&end)
	x.note(c, answered.Status, end.Err, err)
	x.account.integration = trace.NewDeferredInvocationDetail(t.name, c.document, document, end.Err)
	x.account.integration.Invocation, x.account.integration.Logs = c.invocation.RequestID, t.logs
	step := trace.Step{
		Name: "integration", Code: trace.IntegrationOK, Source: c.route.source, Detail: &x.account.integration, Confidence: trace.Recorded,
	}
	if end.Err != nil {
		refusal = x.integrationFailure(t.name, end.Err)
	} else if err != nil {
		refusal = malformed(t.name, err)
	}
	if refusal != nil {
		step.Code, step.Confidence = refusal.Code, refusal.Certainty()
		x.step(step)
		return response{}, refusal
	}
	x.step(step)
	x.trace.Code, x.trace.Reason = trace.IntegrationOK, t.answered
	return x.proxyResponse(answered), nil
}

// read reads an answer that is a struct as such, if its JSON would say the same.
func (x *exchange) read(end *function.Ending) (event.Response, trace.Document, error) {
	if end.Err != nil {
		return event.Response{}, nil, nil
	}
	binary, accepted := x.deployment.binary, accept(x.request)
	if end.Answer.Typed {
		if answer, ok := event.NewAnswer(&end.Answer.Proxy); ok {
			x.account.answer = answer
			answered, err := x.account.answer.Response(accepted, binary)
			return answered, &x.account.answer, err
		}
		proxy := end.Answer.Proxy // a copy, so that only these answers are on the heap
		end.Answer.JSON = event.ProxyResponse(&proxy)
	}
	answered, err := event.ParseResponse(end.Answer.JSON, accepted, binary)
	return answered, trace.Excerpt(end.Answer.JSON), err
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
		refusal.Reason = fmt.Sprintf("function %q is throttled: %s", name, unnamed(name, err))
		refusal.Hint = "its endpoint answered 429; let it run more invocations at a time"
	case errors.Is(err, function.ErrForbidden):
		refusal.Type = apigw.APIConfigurationError
		refusal.Reason = fmt.Sprintf("gatewayd may not invoke function %q: %s", name, unnamed(name, err))
		refusal.Hint = "its endpoint answered 403; on AWS the function's resource policy must let apigateway.amazonaws.com invoke it"
	case errors.Is(err, function.ErrNotFound):
		refusal.Type, refusal.Code = apigw.APIConfigurationError, trace.IntegrationUnreachable
		refusal.Reason = fmt.Sprintf("function %q is not there: %s", name, unnamed(name, err))
		refusal.Hint = "check the function's url in the route file"
	default:
		refusal.Code, refusal.Confidence = trace.IntegrationUnreachable, trace.Inferred
		refusal.Reason = fmt.Sprintf("function %q could not be reached: %s", name, unnamed(name, err))
		refusal.Hint = "check that the function is running and that its url is right"
	}
	return refusal
}

// unnamed is an error without the function's name, which stands before it already.
func unnamed(name string, err error) string {
	return strings.TrimPrefix(err.Error(), fmt.Sprintf("function %q: ", name))
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
