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
type Option func(*inProcess)

// WithTimeout gives the function its own timeout, as Lambda does; 0, the default, is none. The time that a function waits
// for its turn does not count.
func WithTimeout(timeout time.Duration) Option {
	return func(f *inProcess) { f.timeout = timeout }
}

// WithTracker counts the function's invocations in tracker, for as long as they really run.
func WithTracker(tracker *Tracker) Option {
	return func(f *inProcess) { f.tracker = tracker }
}

// InProcess is the function that handler implements in this process.
//
// What [Func], [Of] and [Factory] returned runs concurrently. Any other handler runs one invocation at a time, because
// lambda.NewHandler's is not safe otherwise; the others wait for their turn until their ctx ends.
//
// Each invocation has a goroutine and a ctx with the lambdacontext and the deadline, which is canceled when Invoke
// returns. A function that goes on nevertheless is abandoned: it keeps its turn until it really returns, and its answer is
// dropped. A panic, or runtime.Goexit (t.FailNow in a function under test), is an [*Error].
func InProcess(name string, handler lambda.Handler, options ...Option) Function {
	f := &inProcess{name: name, handler: handler}
	for _, option := range options {
		option(f)
	}
	if f.tracker == nil {
		f.tracker = new(Tracker)
	}
	if _, ok := handler.(concurrent); !ok {
		f.turn = f.tracker.turn(handler)
	}
	return f
}

type inProcess struct {
	name    string
	handler lambda.Handler
	timeout time.Duration
	tracker *Tracker
	turn    chan struct{} // holds one element while the handler runs; nil when it runs concurrently
}

type outcome struct {
	answer []byte
	err    error
}

// Invoke runs the handler on a goroutine of its own.
func (f *inProcess) Invoke(ctx context.Context, in Invocation) ([]byte, error) {
	if err := f.checkout(ctx); err != nil {
		return nil, fmt.Errorf("function %q: %w", f.name, err)
	}
	run, cancel := within(ctx, f.timeout)
	defer cancel()

	// The caller may use its bytes again while an abandoned function still reads them.
	in.Payload = bytes.Clone(in.Payload)
	number := f.tracker.start(f.name, in.RequestID)
	done := make(chan outcome, 1)
	go f.run(run, in, number, done)

	var result outcome
	select {
	case result = <-done:
	case <-run.Done():
	}
	if err := overtime(ctx, run, f.name, in.RequestID, f.timeout); err != nil {
		return nil, err
	}
	return result.answer, result.err
}

func (f *inProcess) run(ctx context.Context, in Invocation, number uint64, done chan<- outcome) {
	// What remains when the handler ends this goroutine: neither a return nor a panic.
	result := outcome{err: exited(in.RequestID)}
	defer func() {
		if value := recover(); value != nil {
			result = outcome{err: panicked(value)}
		}
		f.release()
		f.tracker.end(number)
		done <- result
	}()
	result = f.call(ctx, in)
}

func (f *inProcess) call(ctx context.Context, in Invocation) outcome {
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       in.RequestID,
		InvokedFunctionArn: in.ARN,
	})
	answer, err := f.handler.Invoke(ctx, in.Payload)
	switch {
	case err != nil:
		return outcome{err: reported(err)}
	case len(answer) > MaxAnswer:
		return outcome{err: tooLarge()}
	case f.turn != nil:
		// The bytes are the handler's own, and the next invocation overwrites them.
		return outcome{answer: bytes.Clone(answer)}
	}
	return outcome{answer: answer}
}

// checkout waits until the handler is free.
func (f *inProcess) checkout(ctx context.Context) error {
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

func (f *inProcess) release() {
	if f.turn != nil {
		<-f.turn
	}
}
