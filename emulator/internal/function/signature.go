package function

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// Of adapts a function of any signature that lambda.Start accepts, where TIn and TOut are of any type that encoding/json
// can read and write:
//
//	func ()
//	func () error
//	func () (TOut, error)
//	func (TIn)
//	func (TIn) error
//	func (TIn) (TOut, error)
//	func (context.Context)
//	func (context.Context) error
//	func (context.Context) (TOut, error)
//	func (context.Context, TIn)
//	func (context.Context, TIn) error
//	func (context.Context, TIn) (TOut, error)
//
// The handler may be called concurrently, as [Func]'s. A lambda.Handler is returned as it is, with the concurrency that
// it has. Where lambda.Start would report an unsuitable signature at each invocation, Of returns an error.
func Of(fn any) (lambda.Handler, error) {
	if fn == nil {
		return nil, errors.New("handler is nil")
	}
	if handler, ok := fn.(lambda.Handler); ok {
		return handler, nil
	}
	s, err := signatureOf(reflect.ValueOf(fn))
	if err != nil {
		return nil, err
	}
	return adapter{invoke: s.invoke, typed: s.typed()}, nil
}

// signature is a function whose parameters and results have been looked at.
type signature struct {
	fn           reflect.Value
	takesContext bool
	event        reflect.Type // nil when the function takes none
	answers      bool         // the first of two results is the answer
}

func signatureOf(fn reflect.Value) (signature, error) {
	s := signature{fn: fn}
	t := fn.Type()
	switch {
	case t.Kind() != reflect.Func:
		return s, fmt.Errorf("handler is of type %s, not a function", t)
	case fn.IsNil():
		return s, errors.New("handler is nil")
	case t.IsVariadic():
		return s, fmt.Errorf("handler %s is variadic", t)
	}
	if err := s.parameters(t); err != nil {
		return s, err
	}
	return s, s.results(t)
}

func (s *signature) parameters(t reflect.Type) error {
	switch t.NumIn() {
	case 0:
	case 1:
		s.takesContext = isContext(t.In(0))
		if !s.takesContext {
			s.event = t.In(0)
			// An interface with methods cannot be decoded into, so it was meant to be a context.
			if s.event.Kind() == reflect.Interface && s.event.NumMethod() > 0 {
				return fmt.Errorf("handler %s takes an interface that is not context.Context", t)
			}
		}
	case 2:
		s.takesContext = isContext(t.In(0))
		if !s.takesContext {
			return fmt.Errorf("handler %s takes two arguments, but the first is not context.Context", t)
		}
		s.event = t.In(1)
	default:
		return fmt.Errorf("handler %s takes more than two arguments", t)
	}
	return nil
}

func (s *signature) results(t reflect.Type) error {
	n := t.NumOut()
	if n > 2 {
		return fmt.Errorf("handler %s returns more than two values", t)
	}
	if n > 0 && !t.Out(n-1).Implements(reflect.TypeFor[error]()) {
		return fmt.Errorf("handler %s returns a last value that is not an error", t)
	}
	s.answers = n == 2
	return nil
}

func isContext(t reflect.Type) bool {
	want := reflect.TypeFor[context.Context]()
	return t.Kind() == reflect.Interface && want.Implements(t) && t.Implements(want)
}

func (s *signature) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if s.event == nil {
		return s.call(ctx, reflect.Value{})
	}
	event := reflect.New(s.event)
	if err := decode(payload, event.Interface()); err != nil {
		return nil, err
	}
	return s.call(ctx, event.Elem())
}

func (s *signature) call(ctx context.Context, event reflect.Value) ([]byte, error) {
	arguments := make([]reflect.Value, 0, 2)
	if s.takesContext {
		arguments = append(arguments, reflect.ValueOf(ctx))
	}
	if s.event != nil {
		arguments = append(arguments, event)
	}
	results := s.fn.Call(arguments)
	if n := len(results); n > 0 {
		// A nil pointer of an error type is an error, as in any Go program.
		if err, ok := reflect.TypeAssert[error](results[n-1]); ok {
			return nil, err
		}
	}
	if !s.answers {
		return encode(nil)
	}
	return encode(results[0].Interface())
}

// typed finds the entrance of a function that is known by reflection. A proxy integration's is called without.
func (s *signature) typed() typed {
	switch s.event {
	case reflect.TypeFor[events.APIGatewayProxyRequest]():
		return typed{proxy: s.proxy()}
	case reflect.TypeFor[events.APIGatewayCustomAuthorizerRequest]():
		return typed{token: func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequest) ([]byte, error) {
			return s.call(ctx, reflect.ValueOf(e))
		}}
	case reflect.TypeFor[events.APIGatewayCustomAuthorizerRequestTypeRequest]():
		return typed{request: func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequestTypeRequest) ([]byte, error) {
			return s.call(ctx, reflect.ValueOf(e))
		}}
	}
	return typed{}
}

func (s *signature) proxy() proxyHandler {
	if want := reflect.TypeFor[proxyHandler](); s.fn.CanConvert(want) {
		fn, _ := reflect.TypeAssert[proxyHandler](s.fn.Convert(want))
		return fn
	}
	type plain = func(events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)
	if want := reflect.TypeFor[plain](); s.fn.CanConvert(want) {
		fn, _ := reflect.TypeAssert[plain](s.fn.Convert(want))
		return func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return fn(e)
		}
	}
	return nil
}
