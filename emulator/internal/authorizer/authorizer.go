package authorizer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// Invoker calls the authorizer's function with an event and returns its answer. The id is Lambda's own of the call. What the function itself reports is a
// [*FunctionError].
type Invoker func(ctx context.Context, requestID string, event []byte) (answer []byte, err error)

// TypedInvoker calls a function that takes the event of a request as a struct, without JSON. The token is that of a TOKEN
// authorizer.
type TypedInvoker func(ctx context.Context, requestID string, r *event.Request, token string) (answer []byte, err error)

// FunctionError is an error that the function raised.
type FunctionError struct {
	Type, Message string
	Timeout       bool // it exceeded its own timeout
	Payload       []byte
	Cause         error // what an in-process function's error wraps, which AWS would not learn
}

// Error is the message, and the cause if it is known.
func (e *FunctionError) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *FunctionError) Unwrap() error { return e.Cause }

// unauthorized is the one error text that becomes a 401 (rest-authorizer 6.1, 6.2).
const unauthorized = "Unauthorized"

// Authorizer is an authorizer ready to run.
type Authorizer struct {
	name       string
	kind       apigw.AuthorizerType
	function   string
	sources    []identitySource
	expression *expression // nil accepts every token
	ttl        time.Duration
	timeout    time.Duration
	source     string // where it stands in the route file
	invoke     Invoker
	newID      func() string // of calls; nil: they have none
	typed      TypedInvoker  // nil: events are JSON
	results    *Store
	policies   policies
	strict     bool // see WithStrict
	coalesce   bool // see WithCoalesce
}

// New compiles an authorizer. The store is where it finds and keeps results; pass the one of the previous deployment to keep
// them over a reload. It fails when the validation expression is one that cannot be run.
func New(a *apigw.Authorizer, timeout time.Duration, invoke Invoker, results *Store) (*Authorizer, error) {
	compiled := &Authorizer{
		name: a.Name, kind: a.Type, function: a.Function, ttl: a.ResultTTL,
		timeout: timeout, source: a.Position.String(), invoke: invoke, results: results,
	}
	for _, source := range a.IdentitySources {
		compiled.sources = append(compiled.sources, identitySource{source, source.String()})
	}
	if a.Type == apigw.TokenAuthorizer && a.ValidationExpression != "" {
		var err error
		if compiled.expression, err = compileExpression(a.ValidationExpression); err != nil {
			return nil, fmt.Errorf("authorizer %q: identityValidationExpression: %w", a.Name, err)
		}
	}
	return compiled, nil
}

// WithTyped is the authorizer with a function that is called without JSON wherever it cannot see the difference. It is called
// before the authorizer is used.
func (a *Authorizer) WithTyped(invoke TypedInvoker) *Authorizer {
	a.typed = invoke
	return a
}

// WithRequestIDs is the authorizer whose calls have ids. It is called before the authorizer is used.
func (a *Authorizer) WithRequestIDs(newID func() string) *Authorizer {
	a.newID = newID
	return a
}

// Name is the authorizer's name in the route file.
func (a *Authorizer) Name() string { return a.name }

// Type is TOKEN or REQUEST.
func (a *Authorizer) Type() string { return string(a.kind) }

// Expression is what the token of a TOKEN authorizer must match, "" for any.
func (a *Authorizer) Expression() string {
	if a.expression == nil {
		return ""
	}
	return a.expression.text
}

// Results is where the authorizer keeps its results.
func (a *Authorizer) Results() *Store { return a.results }

// Source is where the authorizer stands in the route file.
func (a *Authorizer) Source() string { return a.source }

// Caches reports whether results are kept at all.
func (a *Authorizer) Caches() bool { return a.ttl > 0 }

// Cached returns the kept result for an identity. The code is cache.hit, cache.miss, or cache.off for a TTL of 0.
func (a *Authorizer) Cached(id Identity, now time.Time) (*Result, trace.Code) {
	if a.ttl == 0 {
		return nil, trace.CacheOff
	}
	if result := a.results.Get(id.key, now); result != nil {
		return result, trace.CacheHit
	}
	return nil, trace.CacheMiss
}

// Keep stores a result for the authorizer's TTL, counted from now (rest-authorizer 7.11). With a TTL of 0 it does nothing.
func (a *Authorizer) Keep(id Identity, result *Result, now time.Time) {
	if a.ttl == 0 {
		return
	}
	result.Written, result.Expires, result.values = now, now.Add(a.ttl), result.boxed()
	a.results.PutSince(result.generation, id.key, result)
}

// Call is one invocation of the function: what was sent, and what came back.
type Call struct {
	RequestID string // Lambda's
	Event     []byte // nil when it was no JSON, see [Authorizer.Event]
	Answer    []byte
	Err       error
	Latency   time.Duration
}

// Call invokes the function for a request and reads its answer. A failure is never kept (rest-authorizer 7.8).
func (a *Authorizer) Call(ctx context.Context, r *event.Request, id Identity) (*Result, Call, *apigw.Error) {
	var call Call
	if a.newID != nil {
		call.RequestID = a.newID()
	}
	typed := a.typed != nil && isPlain(r)
	if !typed {
		call.Event = a.Event(r, id)
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	generation := a.results.Generation()
	start := time.Now()
	if typed {
		call.Answer, call.Err = a.typed(ctx, call.RequestID, r, id.token)
	} else {
		call.Answer, call.Err = a.invoke(ctx, call.RequestID, call.Event)
	}
	// At least a nanosecond, however coarse the clock: a latency of 0 is that of a kept result (rest-authorizer 5.17).
	call.Latency = max(time.Since(start), 1)
	if call.Err != nil {
		return nil, call, a.failure(call.Err)
	}
	result, refusal := parse(call.Answer, a.policies.parse)
	if refusal == nil && a.strict {
		refusal = result.checkStrict()
	}
	if refusal != nil {
		refusal.Reason = fmt.Sprintf("authorizer %q: %s", a.name, refusal.Reason)
		return nil, call, refusal
	}
	result.size, result.generation = len(call.Answer), generation
	// Copies: the texts of a request are parts of larger ones, which a kept result would keep.
	result.Writer = Writer{RequestID: strings.Clone(r.ID), Method: strings.Clone(r.Method), Path: strings.Clone(r.ContextPath)}
	return result, call, nil
}

// Event is the JSON of what the function is called with.
func (a *Authorizer) Event(r *event.Request, id Identity) []byte {
	if a.kind == apigw.TokenAuthorizer {
		return event.Token(r, id.token)
	}
	return event.AuthorizerRequest(r)
}

func isPlain(r *event.Request) bool {
	_, plain := event.Plain(r, nil)
	return plain
}

// failure is the refusal for a function that gave no answer.
func (a *Authorizer) failure(err error) *apigw.Error {
	refusal := &apigw.Error{Type: apigw.AuthorizerConfigurationError, Code: trace.AuthorizerError, Cause: err}
	var raised *FunctionError
	switch {
	case errors.As(err, &raised) && raised.Message == unauthorized:
		return a.unauthorized(raised)
	case errors.As(err, &raised) && raised.Timeout:
		refusal.Code, refusal.Confidence = trace.AuthorizerTimeout, trace.Reported // rest-authorizer 6.8
		refusal.Reason = fmt.Sprintf("authorizer %q: function %q did not answer in its own time: %s", a.name, a.function, raised.Message)
		refusal.Hint = "make the function answer sooner, or raise its timeout in the route file"
	case errors.Is(err, context.DeadlineExceeded):
		refusal.Code, refusal.Confidence = trace.AuthorizerTimeout, trace.Reported
		refusal.Reason = fmt.Sprintf("authorizer %q: function %q did not answer within %v (authorizerTimeoutInMillis)", a.name, a.function, a.timeout)
		refusal.Hint = "make the function answer sooner; fetching a key set for every token is a common cause"
	case errors.As(err, &raised):
		refusal.Reason = fmt.Sprintf("authorizer %q: function %q failed: %s", a.name, a.function, describeError(raised))
		refusal.Hint = "only the error text Unauthorized, exactly, becomes a 401; every other error is a 500" + nearMiss(raised.Message)
	default:
		refusal.Confidence = trace.Inferred // rest-authorizer 6.11
		refusal.Reason = fmt.Sprintf("authorizer %q: function %q could not be called: %s", a.name, a.function, unnamed(a.function, err))
		refusal.Hint = "check that the function is running and that its url is right"
	}
	return refusal
}

func (a *Authorizer) unauthorized(raised *FunctionError) *apigw.Error {
	refusal := &apigw.Error{
		Type: apigw.Unauthorized, Code: trace.AuthorizerUnauthorized, Cause: raised,
		Reason: fmt.Sprintf("authorizer %q: function %q said %v", a.name, a.function, raised),
		Hint:   "the function refused the token, and its own log says why; the refusal is not cached",
	}
	if raised.Cause != nil {
		refusal.Hint = "the function refused the token for this cause, of which AWS would tell nothing; the refusal is not cached"
	}
	return refusal
}

// unnamed is an error without the function's name, which stands before it already.
func unnamed(function string, err error) string {
	return strings.TrimPrefix(err.Error(), fmt.Sprintf("function %q: ", function))
}

func describeError(e *FunctionError) string {
	if e.Type == "" {
		return fmt.Sprintf("%q", e.Message)
	}
	return fmt.Sprintf("%s: %q", e.Type, e.Message)
}

// nearMiss points at a text that somebody meant to be Unauthorized.
func nearMiss(message string) string {
	if strings.Contains(strings.ToLower(message), "unauthorized") {
		return fmt.Sprintf("; %q is not it", message)
	}
	return ""
}
