package function

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"reflect"
	"sync"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// concurrent marks the handlers that may run any number of invocations at a time.
type concurrent interface {
	lambda.Handler
	concurrent()
}

// adapter is a handler whose answers share no memory.
type adapter struct {
	invoke func(ctx context.Context, payload []byte) ([]byte, error)
	typed  typed
}

// Invoke decodes the payload, calls the function and encodes what it returned.
func (a adapter) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return a.invoke(ctx, payload)
}

func (adapter) concurrent() {}

// Func adapts fn as lambda.NewHandler does: the payload is decoded into In, and Out is encoded without escaping HTML. An
// Out that is an io.Reader without exported fields is read instead, up to [MaxAnswer]. Unlike lambda.NewHandler's, the
// handler may be called concurrently.
//
// A function of API Gateway's own events takes them as structs, see [Event], where its caller has them.
func Func[In, Out any](fn func(context.Context, In) (Out, error)) lambda.Handler {
	return adapter{typed: typedBy(fn), invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
		var event In
		if err := decode(payload, &event); err != nil {
			return nil, err
		}
		return encoded(fn(ctx, event))
	}}
}

// encoded encodes an answer unless there is an error.
func encoded[Out any](answer Out, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return encode(answer)
}

// Event is one of API Gateway's own events for a handler that takes it as a struct, without JSON in between. The struct is
// what decoding the JSON would give, and the handler's from then on. The zero Event is none of them.
type Event struct {
	Proxy   *events.APIGatewayProxyRequest
	Token   *events.APIGatewayCustomAuthorizerRequest
	Request *events.APIGatewayCustomAuthorizerRequestTypeRequest
}

// Lane says which event a function takes as a struct.
type Lane int

// A function in the JSON lane takes its event as Invocation.Payload. Every other one takes it so as well.
const (
	JSONLane Lane = iota
	ProxyLane
	TokenLane
	RequestLane
)

// Answer is what a function answered.
type Answer struct {
	JSON  []byte                         // unless Typed
	Proxy events.APIGatewayProxyResponse // if Typed
	Typed bool                           // in the [ProxyLane], but for an answer that may be too large
}

type (
	proxyHandler   = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)
	tokenHandler   = func(context.Context, events.APIGatewayCustomAuthorizerRequest) ([]byte, error)
	requestHandler = func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest) ([]byte, error)
)

// typed is a handler's entrance for structs: the one that it has, or none. An authorizer's answer is JSON all the same: its
// type may be any, and the policy is kept as it was written.
type typed struct {
	proxy   proxyHandler
	token   tokenHandler
	request requestHandler
}

// typedBy finds the entrance by the function's type.
func typedBy[In, Out any](fn func(context.Context, In) (Out, error)) typed {
	switch fn := any(fn).(type) {
	case proxyHandler:
		return typed{proxy: fn}
	case func(context.Context, events.APIGatewayCustomAuthorizerRequest) (Out, error):
		return typed{token: func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequest) ([]byte, error) {
			return encoded(fn(ctx, e))
		}}
	case func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest) (Out, error):
		return typed{request: func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequestTypeRequest) ([]byte, error) {
			return encoded(fn(ctx, e))
		}}
	}
	return typed{}
}

// lane is that of the entrance.
func (t *typed) lane() Lane {
	switch {
	case t.proxy != nil:
		return ProxyLane
	case t.token != nil:
		return TokenLane
	case t.request != nil:
		return RequestLane
	}
	return JSONLane
}

// call hands the event over.
func (t *typed) call(ctx context.Context, event Event) (Answer, error) {
	switch {
	case event.Proxy != nil:
		answer, err := t.proxy(ctx, *event.Proxy)
		if err != nil {
			return Answer{}, err
		}
		if mayBeTooLarge(&answer) {
			return jsonAnswer(encode(answer))
		}
		return Answer{Proxy: answer, Typed: true}, nil
	case event.Token != nil:
		return jsonAnswer(t.token(ctx, *event.Token))
	default:
		return jsonAnswer(t.request(ctx, *event.Request))
	}
}

func jsonAnswer(answer []byte, err error) (Answer, error) { return Answer{JSON: answer}, err }

// mayBeTooLarge reports whether only an answer's JSON can tell if Lambda passes it on: JSON makes no byte longer than six.
func mayBeTooLarge(r *events.APIGatewayProxyResponse) bool {
	const longest, each, fixed = 6, len(`"":"",`), len(`{"statusCode":-9223372036854775808,"headers":{},"multiValueHeaders":{},"body":"","isBase64Encoded":true}`)
	size := fixed + longest*len(r.Body)
	for name, value := range r.Headers {
		size += each + longest*(len(name)+len(value))
	}
	for name, values := range r.MultiValueHeaders {
		size += each + longest*len(name)
		for _, value := range values {
			size += each + longest*len(value)
		}
	}
	return size > MaxAnswer
}

// Factory makes a handler that gives each running invocation a handler of its own, from newHandler or from one that has
// ended, the latest first, as Lambda gives each an execution environment. A handler that panicked is not used again.
//
// It is for a lambda.Handler that must not be called concurrently; newHandler makes another each time and may itself be
// called concurrently:
//
//	function.Factory(func() lambda.Handler { return lambda.NewHandler(list) })
func Factory(newHandler func() lambda.Handler) lambda.Handler {
	return &factory{newHandler: newHandler}
}

type factory struct {
	newHandler func() lambda.Handler

	mu   sync.Mutex // never held while a handler is made or runs
	free []lambda.Handler
}

// Invoke runs the invocation on a handler that nothing else uses.
func (f *factory) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	handler := f.take()
	if handler == nil {
		handler = f.newHandler()
	}
	answer, err := handler.Invoke(ctx, payload)
	// The bytes may be the handler's own: they are copied while it is still ours.
	answer = bytes.Clone(answer)
	// Not deferred: after a panic Lambda, too, starts a new environment.
	f.put(handler)
	return answer, err
}

func (*factory) concurrent() {}

func (f *factory) take() lambda.Handler {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := len(f.free) - 1
	if last < 0 {
		return nil
	}
	handler := f.free[last]
	f.free[last] = nil
	f.free = f.free[:last]
	return handler
}

func (f *factory) put(handler lambda.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.free = append(f.free, handler)
}

// decode reads payload into event, a pointer. aws-lambda-go uses a json.Decoder, which ignores what follows the first
// value and has errors of its own for a short payload; Unmarshal is faster and does the same with a valid one.
func decode(payload []byte, event any) error {
	if json.Unmarshal(payload, event) == nil {
		return nil
	}
	reflect.ValueOf(event).Elem().SetZero()
	return json.NewDecoder(bytes.NewReader(payload)).Decode(event)
}

// encode writes answer as aws-lambda-go does. A reader is read when its own JSON says nothing.
func encode(answer any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(answer)
	if reader, ok := answer.(io.Reader); ok && (err != nil || bytes.HasPrefix(out.Bytes(), []byte("{}"))) {
		return readAnswer(reader)
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// readAnswer stops at one byte more than Lambda passes on, which is enough to know that it is too much.
func readAnswer(reader io.Reader) ([]byte, error) {
	if closer, ok := reader.(io.Closer); ok {
		// As in aws-lambda-go, a file that does not close spoils no answer.
		defer func() { _ = closer.Close() }()
	}
	answer, err := io.ReadAll(io.LimitReader(reader, MaxAnswer+1))
	if err != nil {
		return nil, err
	}
	return answer, nil
}
