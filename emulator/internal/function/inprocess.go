package function

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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
	number := f.tracker.start(f.name, in.RequestID)
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
		result = f.run(run, in, event)
		returned = true
	}()

	var result outcome
	select {
	case result = <-done:
	case <-run.Done():
	}
	if err := overtime(ctx, run, f.name, in.RequestID, f.timeout); err != nil {
		return Answer{}, err
	}
	return result.answer, result.err
}

// Ending is how a call on the caller's goroutine ended.
type Ending struct {
	Answer Answer
	Err    error
	// Lost is a goroutine that its caller does not get back soon, or at all: the function still runs though its time is
	// up, or it has called runtime.Goexit.
	Lost bool
}

// CanInline reports whether [Local.Inline] may be called: for what [Func] and [Of] returned. Handlers of others bring a cost
// of their own, beside which that of a goroutine is small.
func (f *Local) CanInline() bool { return f.inline }

// Inline is Call on the caller's goroutine, which saves one.
//
// Done is called once: by this goroutine when the function has returned, or by another as soon as its time is up. Inline
// returns when both the function and done have.
func (f *Local) Inline(ctx context.Context, in Invocation, event Event, done func(Ending)) {
	run := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		run, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	race := &race{function: f, ctx: ctx, run: run, requestID: in.RequestID, done: done}
	if deadline, ok := run.Deadline(); ok {
		race.told.Add(1)
		race.timer = time.AfterFunc(time.Until(deadline), race.timeIsUp)
	}
	number := f.tracker.start(f.name, in.RequestID)
	var end Ending
	returned := false
	defer func() {
		if value := recover(); value != nil {
			end = Ending{Err: panicked(value)}
		} else if !returned { // neither a return nor a panic: runtime.Goexit
			end = Ending{Err: exited(in.RequestID), Lost: true}
		}
		f.tracker.end(number)
		race.returned(end)
	}()
	result := f.run(run, in, event)
	end, returned = Ending{Answer: result.answer, Err: result.err}, true
}

// race is between a function that runs on its caller's goroutine and the end of its time: who is first calls done.
type race struct {
	function  *Local
	ctx, run  context.Context // of the one call that the race is about
	requestID string
	done      func(Ending)
	timer     *time.Timer
	ended     atomic.Bool    // never set back: a timer that is just starting must lose, too
	told      sync.WaitGroup // of done, when it is the timer's
}

func (r *race) timeIsUp() {
	if r.ended.CompareAndSwap(false, true) {
		defer r.told.Done()
		r.done(Ending{Err: r.late(), Lost: true})
	}
}

// returned is the function's end. What done writes to must not be gone before done is through. A function that returns at the
// very moment of its limit is late, whoever is first.
func (r *race) returned(end Ending) {
	if !r.ended.CompareAndSwap(false, true) {
		r.told.Wait()
		return
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	if err := r.late(); err != nil {
		end = Ending{Err: err, Lost: end.Lost}
	}
	r.done(end)
}

func (r *race) late() error {
	return overtime(r.ctx, r.run, r.function.name, r.requestID, r.function.timeout)
}

// run calls the handler.
func (f *Local) run(ctx context.Context, in Invocation, event Event) outcome {
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       in.RequestID,
		InvokedFunctionArn: in.ARN,
	})
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
