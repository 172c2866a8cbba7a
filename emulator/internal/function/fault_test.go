package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

type stringError string

func (e stringError) Error() string { return string(e) }

type genericError[T any] struct{ value T }

func (e *genericError[T]) Error() string { return fmt.Sprint(e.value) }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// TestErrorDocuments compares the document of each error and panic with the one that aws-lambda-go reports to Lambda.
func TestErrorDocuments(t *testing.T) {
	t.Parallel()
	custom := messages.InvokeResponse_Error{Message: "Unauthorized", Type: "Custom.Type"}
	tests := []struct {
		name string
		fn   func() error
	}{
		{"errors.New", func() error { return errors.New("Unauthorized") }},
		{"fmt.Errorf", func() error { return fmt.Errorf("no: %w", errors.New("way")) }},
		{"joined", func() error { return errors.Join(errors.New("a"), errors.New("b")) }},
		{"named string", func() error { return stringError("<b>&") }},
		{"generic", func() error { return &genericError[int]{1} }},
		{"typed nil", func() error { return (*refusal)(nil) }},
		{"typed nil that panics", func() error { return (*nilError)(nil) }},
		{"deadline", func() error { return context.DeadlineExceeded }},
		{"invalid UTF-8", func() error { return errors.New("a\xffb") }},
		{"own document", func() error { return custom }},
		{"own document by pointer", func() error { return &custom }},
		{"own document, wrapped", func() error { return fmt.Errorf("wrapped: %w", stringError("x")) }},
		{"panic with a string", func() error { panic("ouch") }},
		{"panic with an error", func() error { panic(errors.New("ouch")) }},
		{"panic with a struct", func() error { panic(struct{ N int }{1}) }},
		{"panic with bytes", func() error { panic([]byte("ouch")) }},
		{"panic with nil", func() error { panic(nil) }}, //nolint:govet // a runtime.PanicNilError
		{"panic with own document", func() error { panic(custom) }},
		{"nil map", func() error { zero[map[string]int]()["a"] = 1; return nil }},
		{"nil pointer", func() error { return errors.New(zero[*event]().Name) }},
		{"index out of range", func() error { return errors.New(zero[[]string]()[3]) }},
		{"deep panic", func() error { return dive(100) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := awsDocument(t, test.fn)
			of, err := function.Of(test.fn)
			if err != nil {
				t.Fatal(err)
			}
			for name, handler := range map[string]lambda.Handler{
				"Of":        of,
				"Func":      function.Func(func(context.Context, any) (any, error) { return nil, test.fn() }),
				"exclusive": lambda.NewHandler(test.fn),
			} {
				_, err := function.InProcess("f", handler).Invoke(t.Context(), function.Invocation{Payload: []byte(`{}`)})
				got := functionError(t, err)
				if got.Type != want.Type || got.Message != want.Message || got.Error() != want.Message {
					t.Errorf("%s: type %q, message %q; aws-lambda-go: %q, %q", name, got.Type, got.Message, want.Type, want.Message)
				}
				var document messages.InvokeResponse_Error
				if err := json.Unmarshal(got.Payload, &document); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(frames(want.StackTrace), frames(document.StackTrace)); diff != "" {
					t.Errorf("%s: stack (-aws-lambda-go +ours):\n%s", name, diff)
				}
				if want.StackTrace == nil {
					same, err := json.Marshal(want)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(string(same), string(got.Payload)); diff != "" {
						t.Errorf("%s: document (-aws-lambda-go +ours):\n%s", name, diff)
					}
				}
			}
		})
	}
}

// awsDocument runs fn through aws-lambda-go itself.
func awsDocument(t *testing.T, fn func() error) *messages.InvokeResponse_Error {
	t.Helper()
	var response messages.InvokeResponse
	server := lambda.NewFunction(lambda.NewHandler(fn)) //nolint:staticcheck // shapes errors as the Runtime API loop does
	deadline := messages.InvokeRequest_Timestamp{Seconds: time.Now().Add(time.Hour).Unix()}
	err := server.Invoke(&messages.InvokeRequest{Payload: []byte(`{}`), Deadline: deadline}, &response)
	if err != nil || response.Error == nil {
		t.Fatalf("aws-lambda-go: %v, answer %s", err, response.Payload)
	}
	return response.Error
}

// frames are those from the runtime's gopanic to the function; the libraries' own differ.
func frames(stack []*messages.InvokeResponse_Error_StackFrame) []messages.InvokeResponse_Error_StackFrame {
	var own []messages.InvokeResponse_Error_StackFrame
	for _, frame := range stack {
		if frame.Label != "gopanic" && len(own) == 0 {
			continue
		}
		if !strings.HasPrefix(frame.Path, "runtime/") && !strings.HasSuffix(frame.Path, "/fault_test.go") {
			break
		}
		own = append(own, *frame)
		if strings.HasPrefix(frame.Label, "TestErrorDocuments") {
			break
		}
	}
	return own
}

func zero[T any]() (none T) { return none }

func dive(depth int) error {
	if depth == 0 {
		panic("deep")
	}
	return dive(depth - 1)
}

func functionError(t *testing.T, err error) *function.Error {
	t.Helper()
	functionError, ok := errors.AsType[*function.Error](err)
	if !ok {
		t.Fatalf("error is a %T, not a *function.Error: %v", err, err)
	}
	return functionError
}
