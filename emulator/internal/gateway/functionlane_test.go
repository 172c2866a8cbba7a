package gateway_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator/internal/function"
)

// The lane follows from the type: API Gateway's own events are taken as structs, whichever way the function was given.
func TestLane(t *testing.T) {
	t.Parallel()
	type (
		proxy    = events.APIGatewayProxyRequest
		response = events.APIGatewayProxyResponse
		token    = events.APIGatewayCustomAuthorizerRequest
		request  = events.APIGatewayCustomAuthorizerRequestTypeRequest
		named    func(context.Context, proxy) (response, error)
	)
	of := func(fn any) lambda.Handler {
		handler, err := function.Of(fn)
		if err != nil {
			t.Fatal(err)
		}
		return handler
	}
	answer := func(context.Context, proxy) (response, error) { return response{}, nil }
	tests := []struct {
		name    string
		handler lambda.Handler
		want    function.Lane
	}{
		{name: "a proxy integration", handler: function.Func(answer), want: function.ProxyLane},
		{name: "by reflection", handler: of(answer), want: function.ProxyLane},
		{name: "of a type with a name", handler: of(named(answer)), want: function.ProxyLane},
		{name: "without a context", handler: of(func(proxy) (response, error) { return response{}, nil }), want: function.ProxyLane},
		{name: "TOKEN", handler: function.Func(func(context.Context, token) (any, error) { return "", nil }), want: function.TokenLane},
		{name: "TOKEN by reflection", handler: of(func(token) error { return nil }), want: function.TokenLane},
		{name: "REQUEST", handler: function.Func(func(context.Context, request) (int, error) { return 1, nil }), want: function.RequestLane},
		{name: "REQUEST by reflection", handler: of(func(context.Context, request) (int, error) { return 1, nil }), want: function.RequestLane},
		{name: "another answer", handler: function.Func(func(context.Context, proxy) (any, error) { return "", nil }), want: function.JSONLane},
		{name: "another answer by reflection", handler: of(func(proxy) (any, error) { return "", nil }), want: function.JSONLane},
		{name: "a pointer", handler: of(func(*proxy) (response, error) { return response{}, nil }), want: function.JSONLane},
		{name: "another event", handler: function.Func(func(context.Context, events.APIGatewayV2HTTPRequest) (response, error) { return response{}, nil }), want: function.JSONLane},
		{name: "no event", handler: of(func() error { return nil }), want: function.JSONLane},
		{name: "aws-lambda-go's handler", handler: lambda.NewHandler(answer), want: function.JSONLane},
		{name: "a factory", handler: function.Factory(func() lambda.Handler { return lambda.NewHandler(answer) }), want: function.JSONLane},
	}
	for _, tt := range tests {
		if got := function.InProcess("f", tt.handler).Lane(); got != tt.want {
			t.Errorf("%s: lane %d, want %d", tt.name, got, tt.want)
		}
	}
}

// An answer that is a struct has the limit that its JSON has.
func TestTypedAnswerTooLarge(t *testing.T) {
	t.Parallel()
	const around = len(`{"statusCode":0,"headers":null,"multiValueHeaders":null,"body":""}`)
	for _, tt := range []struct {
		name, body string
		tooLarge   bool
	}{
		{name: "as much as Lambda passes on", body: strings.Repeat("a", function.MaxAnswer-around)},
		{name: "a byte more", body: strings.Repeat("a", function.MaxAnswer-around+1), tooLarge: true},
		{name: "what JSON makes longer", body: strings.Repeat("\x00", function.MaxAnswer/6), tooLarge: true},
	} {
		f := function.InProcess("f", function.Func(func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{Body: tt.body}, nil
		}))
		_, err := f.Call(t.Context(), function.Invocation{}, function.Event{Proxy: &events.APIGatewayProxyRequest{}})
		raised, ok := errors.AsType[*function.Error](err)
		if ok != tt.tooLarge || ok && raised.Type != function.TypeTooLarge {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
