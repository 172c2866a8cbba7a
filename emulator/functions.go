package emulator

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator/internal/function"
)

// Functions are the Lambda functions that run in process, by name. What [Func], [FuncOf] and [Factory] return runs
// concurrently; any other lambda.Handler runs one invocation at a time, because aws-lambda-go's own mixes up the answers of
// invocations that run at once. For the same reason such a handler belongs to one emulator: tests that run in parallel each
// make their own.
type Functions map[string]lambda.Handler

// names lists the functions that there are: a name without a handler is none.
func (f Functions) names() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name, handler := range f {
			if handler != nil && !yield(name) {
				return
			}
		}
	})
}

// Func makes a function of a typed handler. It decodes events and encodes answers, and shapes errors and panics, as
// aws-lambda-go does in Lambda, and may be invoked from any number of goroutines.
func Func[In, Out any](fn func(context.Context, In) (Out, error)) lambda.Handler {
	return function.Func(fn)
}

// FuncOf makes a function of anything that lambda.Start takes, such as func(context.Context, In) (Out, error) or
// func() error. It panics when fn is nothing of the kind, at registration rather than at the first request.
func FuncOf(fn any) lambda.Handler {
	handler, err := function.Of(fn)
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err))
	}
	return handler
}

// Factory makes a function whose every running invocation has a handler of its own, as each execution environment has in
// Lambda. Handlers are used again once they are free.
func Factory(newHandler func() lambda.Handler) lambda.Handler { return function.Factory(newHandler) }
