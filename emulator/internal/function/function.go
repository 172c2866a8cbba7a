package function

import "context"

// MaxAnswer is the size in bytes of the largest answer that Lambda passes on (rest-gateway 4).
const MaxAnswer = 6_291_556

// Invocation is one call of a function.
type Invocation struct {
	// RequestID is Lambda's own id of this call, lambdacontext.LambdaContext.AwsRequestID. It is not API Gateway's.
	RequestID string
	// ARN is the function's, lambdacontext.LambdaContext.InvokedFunctionArn.
	ARN string
	// Payload is the event, as JSON. It is neither changed nor kept after Invoke has returned.
	Payload []byte
	// TraceID is the X-Ray trace header, ClientContext and CognitoIdentity are JSON: what a mobile SDK tells about its app
	// and its user. Only a [Process] is told them.
	TraceID, ClientContext, CognitoIdentity string
}

// Function is a Lambda function that can be invoked, from any number of goroutines.
type Function interface {
	// Invoke returns the bytes that the function answered, which belong to the caller, are at most [MaxAnswer] long and
	// need not be JSON. It returns as soon as ctx ends, even when the function does not.
	//
	// The errors are an [*Error], an error wrapping ctx.Err(), [ErrUnreachable], [ErrThrottled], [ErrForbidden]
	// or [ErrNotFound].
	Invoke(ctx context.Context, in Invocation) ([]byte, error)
}
