package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// maxFrames is how many frames of a panic's stack aws-lambda-go reports, less the two that are its own.
const maxFrames = 30

// reported shapes the error that a handler returned as aws-lambda-go reports it to Lambda.
func reported(err error) *Error {
	if document, ok := any(err).(messages.InvokeResponse_Error); ok {
		return documented(document)
	}
	fault := documented(messages.InvokeResponse_Error{Message: err.Error(), Type: typeName(err)})
	fault.Cause = errors.Unwrap(err)
	return fault
}

// panicked shapes a panic. It must be called by the deferred function that recovered the value.
func panicked(value any) *Error {
	if document, ok := value.(messages.InvokeResponse_Error); ok {
		return documented(document)
	}
	return documented(messages.InvokeResponse_Error{
		Message:    fmt.Sprint(value),
		Type:       typeName(value),
		StackTrace: panicStack(),
	})
}

// documented makes the error of its document. With a document of its own a function chooses its errorType; in
// aws-lambda-go only the value does that: a pointer to one, or an error that wraps it, is an error like any other.
func documented(document messages.InvokeResponse_Error) *Error {
	// Strings and numbers always encode.
	payload, _ := json.Marshal(document)
	return &Error{Type: document.Type, Message: document.Message, Payload: payload}
}

// typeName is the bare name of the value's type: *errors.errorString is "errorString", a []byte has none.
func typeName(value any) string {
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

func panicStack() []*messages.InvokeResponse_Error_StackFrame {
	// Callers, panicStack, panicked and the deferred function: the first frame left is the runtime's gopanic.
	const skip = 4
	counters := make([]uintptr, maxFrames)
	counters = counters[:runtime.Callers(skip, counters)]
	frames := runtime.CallersFrames(counters)
	stack := make([]*messages.InvokeResponse_Error_StackFrame, 0, len(counters))
	for more := len(counters) > 0; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		stack = append(stack, stackFrame(frame))
	}
	return stack
}

// stackFrame names the file from its import path on, as a build without GOPATH does not, and the function without it.
func stackFrame(frame runtime.Frame) *messages.InvokeResponse_Error_StackFrame {
	elements := strings.Split(frame.File, "/")
	// The package's directory has one element more than its path has slashes; the file is the last.
	keep := strings.Count(frame.Function, "/") + 2
	elements = elements[max(0, len(elements)-keep):]

	label := frame.Function[strings.LastIndex(frame.Function, "/")+1:]
	if _, inPackage, ok := strings.Cut(label, "."); ok {
		label = inPackage
	}
	return &messages.InvokeResponse_Error_StackFrame{
		Path:  strings.Join(elements, "/"),
		Line:  int32(frame.Line), //nolint:gosec // no source file has two billion lines
		Label: label,
	}
}
