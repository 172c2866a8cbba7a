package function_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator/internal/function"
)

const proxyEvent = `{"resource":"/pets/{petId}","path":"/pets/7","httpMethod":"GET","headers":{"Accept":"*/*","Host":"abc.execute-api.us-east-1.amazonaws.com"},` +
	`"multiValueHeaders":{"Accept":["*/*"],"Host":["abc.execute-api.us-east-1.amazonaws.com"]},"queryStringParameters":null,"pathParameters":{"petId":"7"},` +
	`"stageVariables":null,"requestContext":{"accountId":"123456789012","apiId":"abc","stage":"dev","requestId":"r","authorizer":{"principalId":"u"}},` +
	`"body":null,"isBase64Encoded":false}`

func pet(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: e.PathParameters["petId"]}, nil
}

// BenchmarkHandler compares the adapters with aws-lambda-go's handler.
func BenchmarkHandler(b *testing.B) {
	of, err := function.Of(pet)
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name    string
		handler lambda.Handler
	}{
		{"Func", function.Func(pet)},
		{"Of", of},
		{"Factory", function.Factory(func() lambda.Handler { return lambda.NewHandler(pet) })},
		{"lambda.NewHandler", lambda.NewHandler(pet)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bench.handler.Invoke(b.Context(), []byte(proxyEvent)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInvoke is what the goroutine, the ctx and the tracker add.
func BenchmarkInvoke(b *testing.B) {
	raw := function.Func(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	f := function.InProcess("f", raw, function.WithTimeout(3e9))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Invoke(b.Context(), call(`{}`)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInvokeParallel(b *testing.B) {
	f := function.InProcess("f", function.Func(pet), function.WithTimeout(3e9))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Invoke(b.Context(), call(proxyEvent)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
