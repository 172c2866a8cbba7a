package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Why no function ran. The errors that Invoke returns wrap them.
var (
	// ErrUnreachable is an endpoint that cannot be reached, breaks off its answer, or answers with a status that is
	// neither 200 nor one of the two below.
	ErrUnreachable = errors.New("endpoint gave no answer")
	// ErrThrottled is status 429, Lambda's TooManyRequestsException.
	ErrThrottled = errors.New("function is throttled")
	// ErrForbidden is status 403, Lambda's AccessDeniedException.
	ErrForbidden = errors.New("function may not be invoked")
	// ErrNotFound is status 404, Lambda's ResourceNotFoundException.
	ErrNotFound = errors.New("function not found")
)

// The types of the errors that Lambda itself reports in the function's place.
const (
	// TypeTimedOut is a function that exceeded its own timeout.
	TypeTimedOut = "Sandbox.Timedout"
	// TypeTooLarge is an answer of more than [MaxAnswer] bytes.
	TypeTooLarge = "Function.ResponseSizeTooLarge"
	// TypeExited is a function that ended its process, or its goroutine by runtime.Goexit, without an answer.
	TypeExited = "Runtime.ExitError"
	// TypeInvalidEntrypoint is a program that cannot be started.
	TypeInvalidEntrypoint = "Runtime.InvalidEntrypoint"
	// TypeBuildFailed is code whose build failed before there was anything to run. It is gatewayd's own: Lambda does not
	// build.
	TypeBuildFailed = "Gatewayd.BuildFailed"
)

// Error is a function error: what the function reported, its panic, or a limit that it exceeded. Lambda's Invoke
// operation returns it with status 200 and the header X-Amz-Function-Error.
type Error struct {
	// Type is the document's errorType: a Go type's name, an exception's class, or one of Lambda's own.
	Type string
	// Message is the document's errorMessage.
	Message string
	// Payload is the document as Lambda returns it: errorMessage, errorType and, depending on the runtime, stackTrace or
	// trace. An endpoint may have sent something that is not JSON.
	Payload []byte
	// Cause is what an in-process function's error wraps: what it knows and, in Lambda, only its log would say. Nil if
	// there is nothing.
	Cause error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// lambdaError is an error in Lambda's own words; unlike aws-lambda-go it writes the type first.
func lambdaError(errorType, message string) *Error {
	// Two strings always encode.
	payload, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	return &Error{Type: errorType, Message: message, Payload: payload}
}

func timedOut(requestID string, timeout time.Duration) *Error {
	return lambdaError(TypeTimedOut,
		fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", requestID, timeout.Seconds()))
}

func tooLarge() *Error {
	return lambdaError(TypeTooLarge,
		fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxAnswer))
}

// exited is what Lambda says when Go's main goroutine ends: the process exits with status 2.
func exited(requestID string) *Error { return exitedWith(requestID, "exit status 2") }

// exitedWith is a process that ended while its invocation ran. A status of 0, here an empty one, is no reason.
func exitedWith(requestID, status string) *Error {
	reason := "Runtime exited without providing a reason"
	if status != "" {
		reason = "Runtime exited with error: " + status
	}
	return lambdaError(TypeExited, fmt.Sprintf("RequestId: %s Error: %s", requestID, reason))
}

func invalidEntrypoint(requestID string, err error) *Error {
	return lambdaError(TypeInvalidEntrypoint, fmt.Sprintf("RequestId: %s Error: %v", requestID, err))
}

func buildFailed(requestID string, err error) *Error {
	return lambdaError(TypeBuildFailed, fmt.Sprintf("RequestId: %s Error: %v", requestID, err))
}

// overtime tells the end of the caller's patience, ctx, from the end of the function's own time, run, and is nil while
// neither has come. It goes by the deadlines, not only by which timer fired first: a function that ends at the very
// moment of its limit has exceeded it, each time.
func overtime(ctx, run context.Context, name, requestID string, timeout time.Duration) error {
	if err := ended(ctx); err != nil {
		return fmt.Errorf("function %q: %w", name, err)
	}
	if ended(run) != nil {
		return timedOut(requestID, timeout)
	}
	return nil
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// within limits ctx to the function's own timeout; 0 is none.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}
