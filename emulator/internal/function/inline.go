package function

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

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

// Inline is Call on the caller's goroutine, which saves one. The function has the values of ctx, which must not end, and
// until limit, or its own timeout if that is less.
//
// Done is called once: by this goroutine when the function has returned, or by another as soon as its time is up. Inline
// returns when both the function and done have.
func (f *Local) Inline(ctx context.Context, limit time.Duration, in Invocation, event Event, done func(Ending)) {
	race := &race{function: f, requestID: in.RequestID, began: time.Now(), limit: limit, done: done}
	least := limit
	if f.timeout > 0 {
		least = min(least, f.timeout)
	}
	race.told = lambdacontext.LambdaContext{AwsRequestID: in.RequestID, InvokedFunctionArn: in.ARN}
	race.run.Context, race.run.deadline = lambdacontext.NewContext(ctx, &race.told), race.began.Add(least)
	race.heard.Add(1)
	race.number = f.tracker.start(f.name, in.RequestID, race.began)
	race.timer = time.AfterFunc(least, race.timeIsUp)
	var end Ending
	returned := false
	defer func() {
		if value := recover(); value != nil {
			end = Ending{Err: panicked(value)}
		} else if !returned { // neither a return nor a panic: runtime.Goexit
			end = Ending{Err: exited(in.RequestID), Lost: true}
		}
		f.tracker.end(race.number)
		race.returned(end)
	}()
	result := f.run(&race.run, in, event) //nolint:contextcheck // it is made of ctx, and ends as one of context.WithDeadline does
	end, returned = Ending{Answer: result.answer, Err: result.err}, true
}

// race is between a function that runs on its caller's goroutine and the end of its time: who is first calls done.
type race struct {
	function  *Local
	requestID string
	number    uint64 // the tracker's
	began     time.Time
	limit     time.Duration
	done      func(Ending)
	timer     *time.Timer
	ended     atomic.Bool    // never set back: a timer that is just starting must lose, too
	heard     sync.WaitGroup // of done, when it is the timer's
	run       limited        // the function's ctx
	told      lambdacontext.LambdaContext
}

func (r *race) timeIsUp() {
	r.run.end(context.DeadlineExceeded)
	if r.ended.CompareAndSwap(false, true) {
		defer r.heard.Done()
		r.function.tracker.givenUp(r.number)
		r.done(Ending{Err: r.late(), Lost: true})
	}
}

// returned is the function's end. What done writes to must not be gone before done is through. A function that returns at the
// very moment of its limit is late, whoever is first.
func (r *race) returned(end Ending) {
	if !r.ended.CompareAndSwap(false, true) {
		r.heard.Wait()
		return
	}
	r.timer.Stop()
	if err := r.late(); err != nil {
		end = Ending{Err: err, Lost: end.Lost}
	}
	r.run.end(context.Canceled)
	r.done(end)
}

// late is the error of a function whose time is up.
func (r *race) late() error {
	took, f := time.Since(r.began), r.function
	switch {
	case took >= r.limit:
		return fmt.Errorf("function %q: %w", f.name, context.DeadlineExceeded)
	case f.timeout > 0 && took >= f.timeout:
		return timedOut(r.requestID, f.timeout)
	}
	return nil
}

// limited is what context.WithDeadline would make of a ctx that does not end, without a timer of its own: the race has one. It
// costs a request nothing unless its function looks at it.
type limited struct {
	context.Context

	deadline time.Time

	mu    sync.Mutex
	err   error
	done  chan struct{} // nil until somebody asks
	after []*func()     // what package context has to do for contexts that are derived from this one
}

// Deadline is when the function's time is up.
func (l *limited) Deadline() (time.Time, bool) { return l.deadline, true }

// Done is closed when the function's time is up, or when it has returned.
func (l *limited) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.err != nil {
			close(l.done)
		}
	}
	return l.done
}

// Err is context.DeadlineExceeded when the function's time is up, context.Canceled when it has returned before.
func (l *limited) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// AfterFunc is for package context, which otherwise starts a goroutine for each context that is derived from this one.
func (l *limited) AfterFunc(f func()) (stop func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		go f()
		return func() bool { return false }
	}
	entry := &f
	l.after = append(l.after, entry)
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		at := slices.Index(l.after, entry)
		if at < 0 {
			return false
		}
		l.after = slices.Delete(l.after, at, at+1)
		return true
	}
}

// end ends the ctx, the first time.
func (l *limited) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.err = err
	if l.done != nil {
		close(l.done)
	}
	for _, f := range l.after {
		go (*f)()
	}
	l.after = nil
}
