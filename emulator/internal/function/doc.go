// Package function invokes Lambda functions: JSON bytes in, JSON bytes out, or an error with a type and a message, as
// the Invoke operation of Lambda gives them to API Gateway.
//
// A function is either Go code in this process ([InProcess], around a handler that [Func], [Of] or [Factory] made) or an
// endpoint that speaks the Invoke API ([URL]), such as a container with AWS's Runtime Interface Emulator:
//
//	pets := function.InProcess("pets", function.Func(listPets), function.WithTimeout(3*time.Second))
//	legacy := function.URL("legacy", "http://127.0.0.1:9000/2015-03-31/functions/function/invocations", 3*time.Second, nil)
//
//	answer, err := pets.Invoke(ctx, function.Invocation{RequestID: id, ARN: arn, Payload: event})
//
// To the caller both are the same. What the function itself reported, a panic, and the end of its own time are an
// [*Error] that carries the document Lambda would return; the end of the caller's ctx wraps ctx.Err(); [ErrUnreachable],
// [ErrThrottled] and [ErrNotFound] say that no function ran. What the answer means, and whether it is JSON at all, is for
// the caller to judge: an authorizer and a proxy integration differ (rest-authorizer 5.24, rest-gateway 3.1).
//
// aws-lambda-go's own handlers answer with bytes of a buffer that is already back in its pool, so calling one
// concurrently hands one caller's answer to another. The adapters here own every byte that they return; any other
// handler has one invocation at a time.
//
// AWS pages: "Invoke" (Lambda API reference), "Define Lambda function handlers in Go", "AWS Lambda function errors in
// Go", "Lambda quotas".
package function
