package function

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"reflect"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
)

// concurrent marks the handlers that may run any number of invocations at a time.
type concurrent interface {
	lambda.Handler
	concurrent()
}

// adapter is a handler whose answers share no memory.
type adapter func(ctx context.Context, payload []byte) ([]byte, error)

// Invoke decodes the payload, calls the function and encodes what it returned.
func (a adapter) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return a(ctx, payload) }

func (adapter) concurrent() {}

// Func adapts fn as lambda.NewHandler does: the payload is decoded into In, and Out is encoded without escaping HTML. An
// Out that is an io.Reader without exported fields is read instead, up to [MaxAnswer]. Unlike lambda.NewHandler's, the
// handler may be called concurrently.
func Func[In, Out any](fn func(context.Context, In) (Out, error)) lambda.Handler {
	return adapter(func(ctx context.Context, payload []byte) ([]byte, error) {
		var event In
		if err := decode(payload, &event); err != nil {
			return nil, err
		}
		answer, err := fn(ctx, event)
		if err != nil {
			return nil, err
		}
		return encode(answer)
	})
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
