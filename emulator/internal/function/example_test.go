package function_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"gatewayd/emulator/internal/function"
)

func ExampleInProcess() {
	pets := function.InProcess("pets", function.Func(
		func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{StatusCode: 200, Body: "pet " + e.PathParameters["petId"]}, nil
		}))

	answer, err := pets.Invoke(context.Background(), function.Invocation{Payload: []byte(`{"pathParameters":{"petId":"7"}}`)})
	fmt.Println(string(answer), err)
	// Output: {"statusCode":200,"headers":null,"multiValueHeaders":null,"body":"pet 7"} <nil>
}

func ExampleFunc() {
	authorizer := function.InProcess("authorizer", function.Func(
		func(context.Context, events.APIGatewayCustomAuthorizerRequest) (any, error) {
			return nil, errors.New("Unauthorized")
		}))

	_, err := authorizer.Invoke(context.Background(), function.Invocation{Payload: []byte(`{"type":"TOKEN"}`)})
	if functionError, ok := errors.AsType[*function.Error](err); ok {
		fmt.Println(functionError.Type, functionError.Message)
		fmt.Println(string(functionError.Payload))
	}
	// Output:
	// errorString Unauthorized
	// {"errorMessage":"Unauthorized","errorType":"errorString"}
}

func ExampleOf() {
	_, err := function.Of(func(_, _ string) {})
	fmt.Println(err)

	handler, err := function.Of(func(name string) (string, error) { return "hello " + name, nil })
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := function.InProcess("hello", handler).Invoke(context.Background(), function.Invocation{Payload: []byte(`"Ann"`)})
	fmt.Println(string(answer), err)
	// Output:
	// handler func(string, string) takes two arguments, but the first is not context.Context
	// "hello Ann" <nil>
}

func ExampleFactory() {
	f := function.InProcess("who", function.Factory(func() lambda.Handler {
		return lambda.NewHandler(func(ctx context.Context) (string, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			return lc.AwsRequestID, nil
		})
	}))

	answer, err := f.Invoke(context.Background(), function.Invocation{RequestID: "request-1", Payload: []byte(`{}`)})
	fmt.Println(string(answer), err)
	// Output: "request-1" <nil>
}

func ExampleTracker() {
	tracker := new(function.Tracker)
	stop := make(chan struct{})
	f := function.InProcess("stuck", function.Func(func(context.Context, any) (any, error) {
		<-stop
		return nil, nil
	}), function.WithTimeout(time.Millisecond), function.WithTracker(tracker))

	_, err := f.Invoke(context.Background(), function.Invocation{RequestID: "request-1", Payload: []byte(`{}`)})
	fmt.Println(err)
	for _, running := range tracker.Running() {
		fmt.Println("still running:", running.Name, running.RequestID)
	}
	close(stop)
	fmt.Println(tracker.Wait(context.Background()), len(tracker.Running()))
	// Output:
	// RequestId: request-1 Error: Task timed out after 0.00 seconds
	// still running: stuck request-1
	// <nil> 0
}

func ExampleURL() {
	transport := fixed(429, "", `{"message":"Rate Exceeded."}`)
	f := function.URL("legacy", "http://127.0.0.1:9000/2015-03-31/functions/function/invocations", 3*time.Second, transport)

	_, err := f.Invoke(context.Background(), function.Invocation{Payload: []byte(`{}`)})
	fmt.Println(errors.Is(err, function.ErrThrottled), err)
	// Output: true function "legacy": function is throttled: HTTP status 429: "{\"message\":\"Rate Exceeded.\"}"
}
