package gateway

import (
	"context"
	"crypto/rand"
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
	"gatewayd/emulator/trace"
)

// Options are what a gateway needs besides the API.
type Options struct {
	Now       func() time.Time            // of everything that expires, and of the events
	Random    io.Reader                   // of identifiers; nil is crypto/rand
	Handlers  map[string]lambda.Handler   // the in-process functions by name
	Transport http.RoundTripper           // to the functions that have a URL
	Tracker   *function.Tracker           // counts the in-process functions that run
	SourceIP  func(*http.Request) string  // the client's address
	Record    func(trace.Trace, []string) // receives each request's trace, and warnings that it gave rise to; nil for none
}

// Gateway serves one API. It is an http.Handler; without a deployment it answers every request with 403 Forbidden.
type Gateway struct {
	options    Options
	deployment atomic.Pointer[deployment]

	deploying sync.Mutex // one deployment at a time
}

// New returns a gateway without a deployment.
func New(options Options) *Gateway {
	if options.Random == nil {
		options.Random = rand.Reader
	}
	if options.Record == nil {
		options.Record = func(trace.Trace, []string) {}
	}
	return &Gateway{options: options}
}

// Deploy compiles an API that is valid and swaps it in whole. Requests in flight finish on the deployment that they began
// with. Authorizer results are kept where the authorizer is the same as before. When it fails, nothing has changed.
func (g *Gateway) Deploy(api *apigw.API) error {
	g.deploying.Lock()
	defer g.deploying.Unlock()
	next, err := g.compile(api, g.deployment.Load())
	if err != nil {
		return err
	}
	g.deployment.Store(next)
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
	x := g.begin(r)
	// API Gateway finishes what it began when a client goes away, so functions are not canceled with the request.
	response, err := x.handle(context.WithoutCancel(r.Context()))
	if err != nil {
		response = x.refuse(err)
	}
	x.trace.Status = response.status
	if err := x.write(w, response); err != nil {
		x.step(trace.Step{Name: "response", Code: trace.ClientGone})
	}
	x.trace.Duration = time.Since(x.started)
	g.options.Record(x.trace, x.warnings)
	x.drain(w)
}

// exchange is one request on its way through the pipeline.
type exchange struct {
	gateway    *Gateway
	deployment *deployment
	http       *http.Request
	started    time.Time // of durations
	now        time.Time // on the gateway's clock
	request    event.Request
	names      []string // of the header lines as sent; nil when they were not recorded
	headerSize int      // in bytes of the header lines
	body       []byte
	trace      trace.Trace
	warnings   []string
}

// begin gives the request its identifiers and its trace.
func (g *Gateway) begin(r *http.Request) *exchange {
	x := &exchange{gateway: g, deployment: g.deployment.Load(), http: r, started: time.Now(), now: g.options.Now()}
	x.names, x.headerSize = headerLines(r)
	ids := newIDs(g.options.Random)
	x.request = event.Request{
		ID: requestID(r, ids), ExtendedID: ids.extended(), TraceID: traceID(r, ids, x.now), Time: x.now,
		Method: method(r), Host: r.Host, SourceIP: g.options.SourceIP(r),
	}
	x.trace = trace.Trace{RequestID: x.request.ID, Time: x.now, Method: x.request.Method, Path: rawPath(r)}
	return x
}

// method is the request's; a client can override it by a header (rest-gateway 1.4).
func method(r *http.Request) string {
	if override := event.HeaderValue(r.Header, "X-Http-Method-Override"); override != "" {
		return override
	}
	return r.Method
}

// handle is the pipeline. A fault of ours refuses the request.
func (x *exchange) handle(ctx context.Context) (response response, refusal *apigw.Error) {
	defer func() {
		if fault := recover(); fault != nil {
			refusal = &apigw.Error{
				Type: apigw.Default5XX, Code: trace.GatewayError,
				Reason: fmt.Sprintf("gatewayd itself failed: %v", fault),
				Hint:   "this is a bug of gatewayd; please report it with this line",
				Cause:  fmt.Errorf("panic: %v", fault),
			}
		}
	}()
	if x.deployment == nil {
		return response, &apigw.Error{Type: apigw.NoStage, Code: trace.RouteUnknownStage, Reason: "nothing is deployed"}
	}
	granted, refusal := x.decide(ctx)
	if refusal != nil {
		return response, refusal
	}
	return x.integrate(ctx, granted)
}

// grant is a request that may pass: the route that answers it, and what its authorizer has to tell the integration.
type grant struct {
	route *route
	// authorizer is the JSON of requestContext.authorizer, nil for an open route.
	authorizer []byte
}

// decide answers whether the request may pass, without calling the integration.
func (x *exchange) decide(ctx context.Context) (grant, *apigw.Error) {
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
	if found.authorizer == nil {
		return grant{route: found}, nil
	}
	if err := x.limitMethodARN(); err != nil {
		return grant{}, err
	}
	id, err := x.identify(found)
	if err != nil {
		return grant{}, err
	}
	result, latency, err := x.authorize(ctx, found, id)
	if err != nil {
		return grant{}, err
	}
	if err := x.enforce(found, result, resource); err != nil {
		return grant{}, err
	}
	return grant{route: found, authorizer: result.BackendContext(latency)}, nil
}

// refuse turns the error of a step into the gateway response, and ends the trace with it.
func (x *exchange) refuse(e *apigw.Error) response {
	x.trace.Code, x.trace.Reason, x.trace.Hint = e.Code, e.Reason, e.Hint
	return gatewayResponse(e.Response())
}

func (x *exchange) step(s trace.Step) { x.trace.Steps = append(x.trace.Steps, s) }

// invoker is how an authorizer calls its function.
func (g *Gateway) invoker(f function.Function, arn string) authorizer.Invoker {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		answer, err := f.Invoke(ctx, function.Invocation{RequestID: newIDs(g.options.Random).uuid(), ARN: arn, Payload: payload})
		if raised, ok := errors.AsType[*function.Error](err); ok {
			return nil, &authorizer.FunctionError{
				Type: raised.Type, Message: raised.Message, Timeout: raised.Type == function.TypeTimedOut, Payload: raised.Payload, Cause: raised.Cause,
			}
		}
		return answer, err
	}
}
