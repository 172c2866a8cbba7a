package function_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"gatewayd/emulator/internal/function"
)

//nolint:gochecknoglobals // a flag of go test
var million = flag.Bool("million", false, "invoke a million times, not a hundred thousand, where answers must not be mixed up")

type caller struct {
	Name    string `json:"name"`
	Padding string `json:"padding"`
}

type reply struct {
	Name      string `json:"name"`
	RequestID string `json:"requestId"`
	Padding   string `json:"padding"`
}

// identify answers with everything that belongs to the caller alone, and lets others run in between.
func identify(ctx context.Context, c caller) (reply, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	runtime.Gosched()
	if strings.HasSuffix(c.Name, "7") {
		return reply{}, fmt.Errorf("%s is refused", c.Name)
	}
	return reply{Name: c.Name, RequestID: lc.AwsRequestID, Padding: c.Padding}, nil
}

// TestAnswersAreNeverMixedUp is the regression test for what a shared lambda.NewHandler does (of 320,000 concurrent
// invocations it mixed up 99 to 274): each of many concurrent callers has an identity of its own and checks its answer.
func TestAnswersAreNeverMixedUp(t *testing.T) {
	t.Parallel()
	of, err := function.Of(identify)
	if err != nil {
		t.Fatal(err)
	}
	times := 1
	if *million {
		times = 10
	}
	tests := []struct {
		name        string
		handler     lambda.Handler
		invocations int
	}{
		{"Func", function.Func(identify), 100_000},
		{"Of", of, 100_000},
		{"Factory", function.Factory(func() lambda.Handler { return lambda.NewHandler(identify) }), 100_000},
		{"exclusive", lambda.NewHandler(identify), 30_000}, // one at a time is slow
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tracker := new(function.Tracker)
			f := function.InProcess(test.name, test.handler, function.WithTracker(tracker))
			n := int64(times * test.invocations)
			var next, wrong atomic.Int64
			var callers sync.WaitGroup
			for range 64 {
				callers.Go(func() {
					for i := next.Add(1); i <= n; i = next.Add(1) {
						if got, want := identity(t.Context(), f, i); got != want && wrong.Add(1) <= 3 {
							t.Errorf("caller %d got %s, want %s", i, got, want)
						}
					}
				})
			}
			callers.Wait()
			if wrong.Load() > 0 {
				t.Errorf("%d of %d answers are wrong", wrong.Load(), n)
			}
			if running := tracker.Running(); len(running) != 0 {
				t.Errorf("%d still run", len(running))
			}
		})
	}
}

// identity invokes f as caller i and returns what it got and what it should have.
func identity(ctx context.Context, f function.Function, i int64) (got, want string) {
	name := fmt.Sprintf("caller-%d", i)
	padding := strings.Repeat(string(rune('a'+i%26)), int(i%97))
	answer, err := f.Invoke(ctx, function.Invocation{
		RequestID: "request-" + name,
		Payload:   []byte(`{"name":"` + name + `","padding":"` + padding + `"}`),
	})
	if strings.HasSuffix(name, "7") {
		return string(answer) + message(err), name + " is refused"
	}
	return string(answer) + message(err), `{"name":"` + name + `","requestId":"request-` + name + `","padding":"` + padding + `"}`
}
