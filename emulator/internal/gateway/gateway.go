package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/usage"
	"gatewayd/emulator/internal/wire"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// Options are what a gateway needs besides the API.
type Options struct {
	Now       func() time.Time               // of everything that expires, and of the events
	Random    io.Reader                      // of identifiers; nil is a generator that crypto/rand starts
	Handlers  map[string]lambda.Handler      // the in-process functions by name
	Transport http.RoundTripper              // to the functions that have a URL
	Backends  Backends                       // to the endpoints of HTTP_PROXY integrations
	Host      *function.Host                 // runs the functions that are programs; nil: there can be none
	Variables map[string]map[string]string   // of programs by function, over what the route file says; "Parameters" is for all
	Tracker   *function.Tracker              // counts the in-process functions that run
	SourceIP  func(*http.Request) string     // the client's address
	JSONLane  bool                           // call Go functions through JSON even where they take API Gateway's own events
	Coalesce  bool                           // call an authorizer once for simultaneous misses of one identity
	Strict    bool                           // answer 500 to what AWS's documentation forbids and its service accepts
	Legacy    bool                           // answer a denial with the text that AWS sent until 2023
	Disabled  bool                           // ask no authorizer: every route is open
	Mock      *authorizer.Result             // what events have in an authorizer's place where those are disabled; nil for nothing
	Record    func(trace.Trace, []string)    // receives each request's trace, and warnings that it gave rise to; nil for none
	AccessLog func(file string, line []byte) // appends a line to an access log, which it does not keep; nil for none
	Logs      trace.Logs                     // of functions that are programs; nil: they are not kept
	Secrets   bool                           // traces and logs show them
	Verified  func(Verified)                 // receives what became of each cache hit that was verified; nil: none is
}

// Gateway serves one API. It is an http.Handler; without a deployment it answers every request with 403 Forbidden.
type Gateway struct {
	options    Options
	deployment atomic.Pointer[deployment]
	verifier   *verifier    // nil: cache hits are not verified
	exchanges  sync.Pool    // of *exchange, see release
	usage      *usage.Meter // what API keys and methods have used, over all deployments

	deploying sync.Mutex // one deployment at a time
}

// New returns a gateway without a deployment.
func New(options Options) *Gateway {
	if options.Random == nil {
		options.Random = newGenerator()
	}
	if options.AccessLog == nil {
		options.AccessLog = func(string, []byte) {}
	}
	if options.Record == nil {
		options.Record = func(trace.Trace, []string) {}
	}
	g := &Gateway{options: options, usage: usage.NewMeter(options.Now)}
	if options.Verified != nil {
		g.verifier = &verifier{slots: make(chan struct{}, maxShadows), report: options.Verified}
	}
	return g
}

// Deploy compiles an API that is valid and swaps it in whole. Requests in flight finish on the deployment that they began
// with. Authorizer results are kept where the authorizer is the same as before, what was used of a usage plan by plan and key. When
// it fails, nothing has changed.
func (g *Gateway) Deploy(api *apigw.API) error {
	g.deploying.Lock()
	defer g.deploying.Unlock()
	next, err := g.compile(api, g.deployment.Load())
	if err != nil {
		return err
	}
	g.deployment.Store(next)
	g.retain(next)
	return nil
}

// API is what is deployed, nil for nothing.
func (g *Gateway) API() *apigw.API {
	if d := g.deployment.Load(); d != nil {
		return d.api
	}
	return nil
}

// Flush forgets the results of all authorizers.
func (g *Gateway) Flush() {
	if d := g.deployment.Load(); d != nil {
		for _, a := range d.authorizers {
			a.Results().Clear()
		}
	}
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := g.begin(w, r)
	// API Gateway finishes what it began when a client goes away, so functions are not canceled with the request.
	x.handle(context.WithoutCancel(r.Context()))
	x.drain()
	x.release()
}

// exchange is one request on its way through the pipeline.
type exchange struct {
	gateway    *Gateway
	deployment *deployment
	http       *http.Request
	writer     http.ResponseWriter
	explained  bool // and not served: nothing is used up
	lost       bool // the goroutine that serves the connection: see function.Ending
	shared     bool // with the goroutine of a function, which may go on
	returned   func(function.Ending)
	started    time.Time     // of durations
	lapped     time.Duration // when the last step ended
	now        time.Time     // on the gateway's clock
	ids        ids
	request    *event.Request // the account's
	names      []string       // of the header lines as sent; nil when they were not recorded
	headerSize int            // in bytes of the header lines
	body       []byte
	result     *authorizer.Result // of the authorizer, whether its policy allows the request or not; nil for none
	latency    time.Duration      // of the authorizer's function, 0 for a kept result
	call       call
	outcome    outcome       // of the integration, for the access log
	refused    *apigw.Error  // what the client was refused with, nil for nothing
	scratch    [8]event.Pair // of the response's headers, while it is written
	account    *account
	trace      trace.Trace
	warnings   []string
}

// begin gives the request its identifiers and its trace.
func (g *Gateway) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x, used := g.exchanges.Get().(*exchange)
	if !used {
		x = &exchange{}
		x.returned = x.functionReturned
	}
	x.gateway, x.deployment, x.http, x.writer = g, g.deployment.Load(), r, w
	x.started, x.now = time.Now(), g.options.Now()
	x.ids.random, x.account = g.options.Random, &account{}
	x.names, x.headerSize = headerLines(r)
	sent := identifyingHeaders(r)
	x.request = &x.account.request
	*x.request = event.Request{Time: x.now, Method: cmp.Or(sent.method, r.Method), Host: r.Host, SourceIP: g.options.SourceIP(r)}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 { // mutual TLS
		x.request.ClientCert = event.NewClientCert(r.TLS.PeerCertificates[0])
	}
	x.request.ID, x.request.ExtendedID, x.request.TraceID = x.ids.ofRequest(sent, x.now)
	x.trace = trace.Trace{
		RequestID: x.request.ID, Time: x.now, Method: x.request.Method, Path: rawPath(r), Steps: x.account.steps[:0],
		ShowSecrets: g.options.Secrets,
		Request:     &x.account.sent,
	}
	x.account.sent = trace.Request{
		Method: r.Method, Target: requestTarget(r), Host: r.Host, SourceIP: x.request.SourceIP, Header: r.Header, Names: x.names,
	}
	return x
}

// release lets another request have the memory, of which nothing is left, unless a function may still see it. What the trace
// keeps is the account's.
func (x *exchange) release() {
	if x.shared || x.lost {
		return
	}
	pool, returned := &x.gateway.exchanges, x.returned
	*x = exchange{returned: returned}
	pool.Put(x)
}

// handle is the pipeline.
func (x *exchange) handle(ctx context.Context) {
	granted, refusal := x.decide(ctx)
	if refusal != nil {
		x.end(x.refuse(refusal))
		return
	}
	granted.route.integration.integrate(ctx, x, granted)
}

// fault, deferred by a step, makes a fault of ours refuse the request.
func fault(refusal **apigw.Error) {
	if fault := recover(); fault != nil {
		*refusal = &apigw.Error{
			Type: apigw.Default5XX, Code: trace.GatewayError,
			Reason: fmt.Sprintf("gatewayd itself failed: %v", fault),
			Hint:   "this is a bug of gatewayd; please report it with this line",
			Cause:  fmt.Errorf("panic: %v", fault),
		}
	}
}

// grant is a request that may pass: the route that answers it, and what its authorizer has to tell the integration.
type grant struct {
	route   *route
	result  *authorizer.Result // nil for an open route
	latency time.Duration      // of the authorizer's function, 0 for a kept result
}

// decide answers whether the request may pass, without calling the integration.
func (x *exchange) decide(ctx context.Context) (granted grant, refusal *apigw.Error) {
	defer fault(&refusal)
	if x.deployment == nil {
		return grant{}, &apigw.Error{Type: apigw.NoStage, Code: trace.RouteUnknownStage, Reason: "nothing is deployed"}
	}
	resourcePath, err := x.stage()
	if err != nil {
		return grant{}, err
	}
	if err := x.limitHead(); err != nil {
		return grant{}, err
	}
	if err := x.limitBody(); err != nil {
		return grant{}, err
	}
	found, err := x.route(resourcePath)
	if err != nil {
		return grant{}, err
	}
	resource, err := x.checkResourcePolicy(found)
	if err != nil {
		return grant{}, err
	}
	granted.route = found
	if found.authorizer != nil {
		if granted.result, granted.latency, err = x.permit(ctx, found, resource); err != nil {
			return grant{}, err
		}
	}
	if err := x.meter(found, granted.result); err != nil {
		return grant{}, err
	}
	if err := x.validate(found); err != nil {
		return grant{}, err
	}
	return granted, nil
}

// permit has the route's authorizer decide: from the identity sources to its policy.
func (x *exchange) permit(ctx context.Context, found *route, resource policy.Verdict) (*authorizer.Result, time.Duration, *apigw.Error) {
	if err := x.limitMethodARN(); err != nil {
		return nil, 0, err
	}
	if x.gateway.options.Disabled {
		x.result = x.unguarded(found)
		return x.result, 0, nil
	}
	id, err := x.identify(found)
	if err != nil {
		return nil, 0, err
	}
	result, latency, err := x.authorize(ctx, found, id)
	if err != nil {
		return nil, 0, err
	}
	x.result, x.latency = result, latency
	err = x.enforce(found, result, resource)
	x.verify(ctx, found, id, result, resource)
	return result, latency, err
}

// refuse turns the error of a step into the gateway response, and ends the trace with it.
func (x *exchange) refuse(e *apigw.Error) response {
	x.trace.Code, x.trace.Reason, x.trace.Hint = e.Code, trace.Brief(e.Reason), trace.Brief(e.Hint)
	x.trace.GatewayResponse = string(e.Type)
	if x.gateway.options.Legacy && e.Type == apigw.AccessDenied {
		x.trace.Hint += "; legacy messages: the client has the text that AWS sent until 2023"
	}
	x.refused = e
	r := gatewayResponse(e.Response())
	r.responseType, r.fixed = e.Type, !e.Customizable()
	if x.deployment == nil || len(x.deployment.responses) == 0 || r.fixed {
		return r
	}
	if c := x.deployment.responses[e.Type]; c != nil {
		x.gatewayResponseStep(c, e, c.apply(x, e, &r))
	}
	return r
}

// end writes the response and publishes the trace.
func (x *exchange) end(r response) {
	x.trace.Status = r.status
	x.explainCORS(&r)
	if err := x.write(r); err != nil {
		x.step(trace.Step{Name: "response", Code: trace.ClientGone})
	}
	x.trace.Duration = time.Since(x.started)
	x.logAccess(&r)
	x.gateway.options.Record(x.trace, x.warnings)
	if x.lost {
		// net/http would wait for the function to return. Should the client be gone, nobody misses it.
		_ = http.NewResponseController(x.writer).Flush()
		wire.Abandon(x.http, readTime)
	}
}

// readTime is how long a client may take to read the answer of a function that goes on though its time is up.
const readTime = time.Second

// step appends to the trace. A step has taken the time since the one before unless it says another.
func (x *exchange) step(s trace.Step) {
	elapsed := time.Since(x.started)
	if s.Duration == 0 {
		s.Duration = elapsed - x.lapped
	}
	x.lapped = elapsed
	x.trace.Steps = append(x.trace.Steps, s)
}

// invoker is how an authorizer calls its function.
func (g *Gateway) invoker(f function.Function, arn string) authorizer.Invoker {
	return func(ctx context.Context, requestID string, payload []byte) ([]byte, error) {
		answer, err := f.Invoke(ctx, function.Invocation{RequestID: requestID, ARN: arn, Payload: payload})
		return answer, functionError(err)
	}
}

// typedInvoker is how an authorizer calls a function that takes its event as a struct.
func (g *Gateway) typedInvoker(f *function.Local, arn string) authorizer.TypedInvoker {
	return func(ctx context.Context, requestID string, r *event.Request, token string) ([]byte, error) {
		var typed function.Event
		if f.Lane() == function.TokenLane {
			e := event.TokenStruct(r, token)
			typed.Token = &e
		} else {
			e := event.AuthorizerRequestStruct(r)
			typed.Request = &e
		}
		answer, err := f.Call(ctx, function.Invocation{RequestID: requestID, ARN: arn}, typed)
		return answer.JSON, functionError(err)
	}
}

// functionError is a function's error as an authorizer knows it.
func functionError(err error) error {
	if raised, ok := errors.AsType[*function.Error](err); ok {
		return &authorizer.FunctionError{
			Type: raised.Type, Message: raised.Message, Timeout: raised.Type == function.TypeTimedOut, Payload: raised.Payload, Cause: raised.Cause,
		}
	}
	return err
}
