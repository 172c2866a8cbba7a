// Package function invokes Lambda functions: JSON bytes in, JSON bytes out, or an error with a type and a message, as
// the Invoke operation of Lambda gives them to API Gateway.
//
// A function is Go code in this process ([InProcess], around a handler that [Func], [Of] or [Factory] made), a program in
// any language that was written for Lambda ([Host.Process]), or an endpoint that speaks the Invoke API ([URL]), such as a
// container with AWS's Runtime Interface Emulator:
//
//	pets := function.InProcess("pets", function.Func(listPets), function.WithTimeout(3*time.Second))
//	legacy := function.URL("legacy", "http://127.0.0.1:9000/2015-03-31/functions/function/invocations", 3*time.Second, nil)
//	jwt, err := host.Process(function.ProcessSpec{Name: "jwt", Runtime: "python3.11", Handler: "app.lambda_handler", Directory: "jwt"})
//
//	answer, err := pets.Invoke(ctx, function.Invocation{RequestID: id, ARN: arn, Payload: event})
//
// To the caller all are the same. What the function itself reported, a panic, and the end of its own time are an
// [*Error] that carries the document Lambda would return; the end of the caller's ctx wraps ctx.Err(); [ErrUnreachable],
// [ErrThrottled] and [ErrNotFound] say that no function ran. What the answer means, and whether it is JSON at all, is for
// the caller to judge: an authorizer and a proxy integration differ (rest-authorizer 5.24, rest-gateway 3.1).
//
// A program finds what it finds in Lambda: the Runtime API, on a port of its own, and Lambda's variables. Python and Node.js
// handlers need no runtime of AWS's, as this package has its own. A [Host] owns the processes: it gives each simultaneous
// invocation one, ends those that take too long with everything that they started, restarts them when their code changes,
// and leaves none behind, not even when this process is killed (on Linux; elsewhere, one that leaves its process group is
// not found).
//
// aws-lambda-go's own handlers answer with bytes of a buffer that is already back in its pool, so calling one
// concurrently hands one caller's answer to another. The adapters here own every byte that they return; any other
// handler has one invocation at a time.
//
// AWS pages: "Invoke" (Lambda API reference), "Using the Lambda runtime API for custom runtimes", "Understanding the Lambda
// execution environment lifecycle", "Define Lambda function handlers in Go", "AWS Lambda function errors in
// Go", "Lambda quotas".
package function
