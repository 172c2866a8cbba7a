package authorizer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// Result is what an authorizer answered, read and compiled. It is kept whole, so a request that hits it gets the context
// of the request that wrote it (rest-authorizer 7.10).
type Result struct {
	PrincipalID        string
	Policy             *policy.Policy
	Context            []ContextValue
	UsageIdentifierKey string
	Warnings           []string // what AWS accepts and its documentation does not

	Writer           Writer
	Written, Expires time.Time // zero: not kept
	size             int       // of the answer, in bytes
	generation       int       // of the store when the function was called
	hasPrincipal     bool

	values []any // of the context and the principal, as Go functions get them; nil until the result is kept
}

// ContextValue is a member of the context. The value is JSON: text, or null.
type ContextValue struct {
	Name  string
	Value json.RawMessage
}

// Each calls do with each member of the context, whose value is text, or nil for null.
func (r *Result) Each(do func(name string, value *string)) {
	for _, v := range r.Context {
		var text *string
		if json.Unmarshal(v.Value, &text) == nil { // we wrote it
			do(v.Name, text)
		}
	}
}

// Writer is the request whose call of the authorizer gave a result.
type Writer struct{ RequestID, Method, Path string }

// Parse reads an authorizer's answer as strictly as API Gateway does (rest-authorizer 5). The error is the refusal.
func Parse(answer []byte) (*Result, *apigw.Error) { return parse(answer, policy.Parse) }

func parse(answer []byte, compile func([]byte) (*policy.Policy, error)) (*Result, *apigw.Error) {
	fields, err := event.Object(answer)
	if err != nil {
		return nil, invalid(trace.AuthorizerOutputInvalid, "%w", err)
	}
	if isUnauthorized(fields) {
		return nil, &apigw.Error{
			Type: apigw.Unauthorized, Code: trace.AuthorizerUnauthorized,
			Reason: "the function answered with the error Unauthorized",
		}
	}
	var r Result
	var document json.RawMessage
	for _, f := range fields {
		refusal, known := r.readField(f)
		switch {
		case known:
		case f.Name == "policyDocument":
			document = f.Value
		default:
			refusal = unknownField(f.Name)
		}
		if refusal != nil {
			return nil, refusal
		}
	}
	if event.IsNull(document) {
		return nil, invalid(trace.AuthorizerOutputInvalid, "the answer has no policyDocument")
	}
	if r.Policy, err = compile(document); err != nil {
		refusal := invalid(trace.AuthorizerPolicyInvalid, "the policyDocument cannot be used: %w", err)
		refusal.Confidence = trace.Reported // rest-authorizer 5.6, 5.7
		return nil, refusal
	}
	if !r.hasPrincipal {
		// AWS's page demands it, its service was seen to do without (rest-authorizer 5.3).
		r.Warnings = append(r.Warnings, "the answer has no principalId; AWS's documentation requires one")
	}
	return &r, nil
}

// readField binds a member of the answer, but for the policy. It reports false for a name that it does not know.
func (r *Result) readField(f event.Field) (refusal *apigw.Error, known bool) {
	switch f.Name {
	case "principalId":
		r.hasPrincipal = !event.IsNull(f.Value)
		return r.readText(f, &r.PrincipalID), true
	case "context":
		return r.readContext(f.Value), true
	case "usageIdentifierKey":
		return r.readText(f, &r.UsageIdentifierKey), true
	}
	return nil, false
}

// isUnauthorized recognizes a function's error document that came as an answer: API Gateway reads both alike
// (rest-authorizer 5.24).
func isUnauthorized(fields []event.Field) bool {
	for _, f := range fields {
		if text, ok := event.Scalar(f.Value); f.Name == "errorMessage" && ok && text == unauthorized {
			return true
		}
	}
	return false
}

func (r *Result) readText(f event.Field, into *string) *apigw.Error {
	if event.IsNull(f.Value) {
		return nil
	}
	text, ok := event.Scalar(f.Value)
	if !ok {
		return invalid(trace.AuthorizerOutputInvalid, "%s is %s, not text", f.Name, event.Describe(f.Value))
	}
	*into = text
	return nil
}

// readContext binds the context to a map of texts: numbers and booleans as they are written, null stays null, an object or
// a list is refused (rest-authorizer 5.13 to 5.15).
func (r *Result) readContext(value json.RawMessage) *apigw.Error {
	if event.IsNull(value) {
		return nil
	}
	fields, err := event.Object(value)
	if err != nil {
		return invalid(trace.AuthorizerContextInvalid, "context is %s, not an object", event.Describe(value))
	}
	for _, f := range fields {
		if f.Name == "principalId" || f.Name == "integrationLatency" {
			// rest-authorizer 5.20.
			r.Warnings = append(r.Warnings, fmt.Sprintf("context.%s is hidden by API Gateway's own value", f.Name))
			continue
		}
		if event.IsNull(f.Value) {
			r.Context = append(r.Context, ContextValue{f.Name, json.RawMessage("null")})
			continue
		}
		text, ok := event.Scalar(f.Value)
		if !ok {
			return invalid(trace.AuthorizerContextInvalid, "context.%s is %s; only text, numbers, booleans and null are allowed, so encode it as JSON text",
				f.Name, event.Describe(f.Value))
		}
		r.Context = append(r.Context, ContextValue{f.Name, quote(text)})
	}
	return nil
}

// unknownField refuses a top-level member that API Gateway does not know (rest-authorizer 5.4).
func unknownField(name string) *apigw.Error {
	refusal := invalid(trace.AuthorizerOutputInvalid, "the answer has the key %q, which is none of principalId, policyDocument, context and usageIdentifierKey%s",
		name, apigw.Suggest(name, []string{"principalId", "policyDocument", "context", "usageIdentifierKey"}))
	switch name {
	case "isAuthorized":
		refusal.Hint = "isAuthorized is the simple response of HTTP APIs; a REST API needs a policyDocument"
	case "statusCode", "body", "headers":
		refusal.Hint = "an authorizer answers with a policy, not with an HTTP response; to refuse with 401, raise an error whose text is Unauthorized"
	case "errorMessage", "errorType":
		refusal.Hint = "the function answered with an error object; only the error text Unauthorized, exactly, becomes a 401"
	}
	return refusal
}

func invalid(code trace.Code, format string, args ...any) *apigw.Error {
	err := fmt.Errorf(format, args...)
	return &apigw.Error{Type: apigw.AuthorizerConfigurationError, Code: code, Reason: err.Error(), Cause: err}
}

// BackendContext is the JSON of requestContext.authorizer in the integration's event: the context, the principal, and how
// many milliseconds the authorizer took, rounded up, which is 0 only for a kept result (rest-authorizer 5.16, 5.17).
func (r *Result) BackendContext(latency time.Duration) json.RawMessage {
	const keys = len(`{"principalId":"","integrationLatency":1000}`)
	size := keys + len(r.PrincipalID)
	for _, v := range r.Context {
		size += len(v.Name) + len(v.Value) + len(`"":,`)
	}
	out := append(make([]byte, 0, size), '{')
	for _, v := range r.Context {
		out = append(event.AppendText(out, v.Name), ':')
		out = append(append(out, v.Value...), ',')
	}
	if r.hasPrincipal {
		out = append(event.AppendText(append(out, `"principalId":`...), r.PrincipalID), ',')
	}
	out = append(out, `"integrationLatency":`...)
	return append(strconv.AppendInt(out, millis(latency), 10), '}')
}

// BackendValues is what a Go function decodes [Result.BackendContext] into, a map of the caller's own.
func (r *Result) BackendValues(latency time.Duration) map[string]any {
	const others = 2
	values, out := r.values, make(map[string]any, len(r.Context)+others)
	if values == nil {
		values = r.boxed()
	}
	for i, v := range r.Context {
		out[v.Name] = values[i]
	}
	if r.hasPrincipal {
		out["principalId"] = values[len(r.Context)]
	}
	out["integrationLatency"] = float64(millis(latency))
	return out
}

// boxed are the texts and nulls of the context, and the principal.
func (r *Result) boxed() []any {
	values := make([]any, 0, len(r.Context)+1)
	for _, v := range r.Context {
		if text, ok := event.Scalar(v.Value); ok {
			values = append(values, text)
		} else {
			values = append(values, nil)
		}
	}
	return append(values, r.PrincipalID)
}

// millis rounds up.
func millis(d time.Duration) int64 { return (d + time.Millisecond - 1).Milliseconds() }

// quote writes text as events have it.
func quote(text string) json.RawMessage { return event.AppendText(nil, text) }
