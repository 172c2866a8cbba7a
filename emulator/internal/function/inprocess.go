package function

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Option changes how an in-process function runs.
type Option func(*Local)

// WithTimeout gives the function its own timeout, as Lambda does; 0, the default, is none. The time that a function waits
// for its turn does not count.
func WithTimeout(timeout time.Duration) Option {
	return func(f *Local) { f.timeout = timeout }
}

// WithTracker counts the function's invocations in tracker, for as long as they really run.
func WithTracker(tracker *Tracker) Option {
	return func(f *Local) { f.tracker = tracker }
}

// Local is a [Function] in this process.
type Local struct {
	name    string
	handler lambda.Handler
	typed   typed
	inline  bool
	timeout time.Duration
	tracker *Tracker
	turn    chan struct{} // holds one element while the handler runs; nil when it runs concurrently
}

// InProcess is the function that handler implements in this process.
//
// What [Func], [Of] and [Factory] returned runs concurrently. Any other handler runs one invocation at a time, because
// lambda.NewHandler's is not safe otherwise; the others wait for their turn until their ctx ends.
//
// Each invocation has a ctx with the lambdacontext and the deadline, which is canceled when it is over. A function that goes
// on nevertheless is abandoned: it keeps its turn until it really returns, and its answer is dropped. A panic, or
// runtime.Goexit (t.FailNow in a function under test), is an [*Error].
func InProcess(name string, handler lambda.Handler, options ...Option) *Local {
	f := &Local{name: name, handler: handler}
	for _, option := range options {
		option(f)
	}
	if f.tracker == nil {
		f.tracker = new(Tracker)
	}
	if a, ok := handler.(adapter); ok {
		f.typed, f.inline = a.typed, true
	}
	if _, ok := handler.(concurrent); !ok {
		f.turn = f.tracker.turn(handler)
	}
	return f
}

// Lane says which event the function takes as a struct.
func (f *Local) Lane() Lane { return f.typed.lane() }

// Invoke runs the handler on a goroutine of its own.
func (f *Local) Invoke(ctx context.Context, in Invocation) ([]byte, error) {
	answer, err := f.Call(ctx, in, Event{})
	return answer.JSON, err
}

type outcome struct {
	answer Answer
	err    error
}

// Call is Invoke for an event that may be a struct, of the function's lane; then there is no payload.
func (f *Local) Call(ctx context.Context, in Invocation, event Event) (Answer, error) {
	if err := f.checkout(ctx); err != nil {
		return Answer{}, fmt.Errorf("function %q: %w", f.name, err)
	}
	run, cancel := within(ctx, f.timeout)
	defer cancel()

	// The caller may use its bytes again while an abandoned function still reads them.
	in.Payload = bytes.Clone(in.Payload)
	number := f.tracker.start(f.name, in.RequestID, time.Now())
	done := make(chan outcome, 1)
	go func() {
		var result outcome
		returned := false
		defer func() {
			if value := recover(); value != nil {
				result = outcome{err: panicked(value)}
			} else if !returned { // neither a return nor a panic: runtime.Goexit
				result = outcome{err: exited(in.RequestID)}
			}
			f.release()
			f.tracker.end(number)
			done <- result
		}()
		told := &lambdacontext.LambdaContext{AwsRequestID: in.RequestID, InvokedFunctionArn: in.ARN}
		result = f.run(lambdacontext.NewContext(run, told), in, event)
		returned = true
	}()

	var result outcome
	select {
	case result = <-done:
	case <-run.Done():
	}
	if err := overtime(ctx, run, f.name, in.RequestID, f.timeout); err != nil {
		f.tracker.givenUp(number)
		return Answer{}, err
	}
	return result.answer, result.err
}

// run calls the handler with a ctx that tells it of its invocation.
func (f *Local) run(ctx context.Context, in Invocation, event Event) outcome {
	var answer Answer
	var err error
	if event == (Event{}) {
		answer.JSON, err = f.handler.Invoke(ctx, in.Payload)
	} else {
		answer, err = f.typed.call(ctx, event)
	}
	switch {
	case err != nil:
		return outcome{err: reported(err)}
	case len(answer.JSON) > MaxAnswer:
		return outcome{err: tooLarge()}
	case f.turn != nil:
		// The bytes are the handler's own, and the next invocation overwrites them.
		answer.JSON = bytes.Clone(answer.JSON)
	}
	return outcome{answer: answer}
}

// checkout waits until the handler is free.
func (f *Local) checkout(ctx context.Context) error {
	if err := ctx.Err(); err != nil || f.turn == nil {
		return err
	}
	select {
	case f.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Local) release() {
	if f.turn != nil {
		<-f.turn
	}
}
