package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewayd/emulator/internal/function"
)

// inline calls a function on a goroutine of the test's, with 29 seconds, and returns how that ended, each time.
func inline(t *testing.T, timeout time.Duration, fn func(ctx context.Context)) []function.Ending {
	t.Helper()
	local := function.InProcess("f", function.Func(func(ctx context.Context, _ json.RawMessage) (string, error) {
		fn(ctx)
		return "answer", nil
	}), function.WithTimeout(timeout))
	var mu sync.Mutex
	var endings []function.Ending
	var group sync.WaitGroup
	group.Go(func() {
		local.Inline(context.Background(), 29*time.Second, function.Invocation{Payload: []byte("{}")}, function.Event{}, func(end function.Ending) {
			mu.Lock()
			defer mu.Unlock()
			endings = append(endings, end)
		})
	})
	group.Wait()
	return endings
}

// A function on its caller's goroutine has a ctx that is like any other with a deadline: so are those that it derives from it.
func TestInlineContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		takes   time.Duration
		ends    time.Duration // the time that the function has
		err     error         // of the ctx in the end
	}{
		{name: "it returns", takes: time.Second, ends: 29 * time.Second, err: context.Canceled},
		{name: "its time is up", takes: time.Minute, ends: 29 * time.Second, err: context.DeadlineExceeded},
		{name: "its own time is up", timeout: 3 * time.Second, takes: time.Minute, ends: 3 * time.Second, err: context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var ctx, child, late context.Context
				var ran, stopped time.Duration
				endings := inline(t, tt.timeout, func(given context.Context) {
					ctx = given
					if deadline, ok := ctx.Deadline(); !ok || deadline.Sub(start) != tt.ends {
						t.Errorf("the deadline is %v, %t", deadline.Sub(start), ok)
					}
					if err := ctx.Err(); err != nil {
						t.Errorf("at first: %v", err)
					}
					var cancel, unused context.CancelFunc
					child, cancel = context.WithTimeout(ctx, time.Hour)
					defer cancel()
					late, unused = context.WithCancel(ctx)
					t.Cleanup(unused)
					context.AfterFunc(ctx, func() { ran = time.Since(start) })
					if stop := context.AfterFunc(ctx, func() { stopped = time.Since(start) }); !stop() {
						t.Error("what has not begun could not be stopped")
					}
					select {
					case <-ctx.Done():
						if took := time.Since(start); took != tt.ends {
							t.Errorf("it ended after %v", took)
						}
						synctest.Wait()
						if !errors.Is(child.Err(), tt.err) || !errors.Is(context.Cause(child), tt.err) {
							t.Errorf("a derived one: %v, %v", child.Err(), context.Cause(child))
						}
						time.Sleep(tt.takes - tt.ends)
					case <-time.After(tt.takes):
					}
				})
				synctest.Wait()
				if len(endings) != 1 || endings[0].Lost != (tt.takes > tt.ends) {
					t.Errorf("it ended so: %+v", endings)
				}
				if !errors.Is(ctx.Err(), tt.err) || !errors.Is(late.Err(), tt.err) {
					t.Errorf("in the end: %v, and derived %v", ctx.Err(), late.Err())
				}
				if want := min(tt.ends, tt.takes); ran != want || stopped != 0 {
					t.Errorf("what was to run afterwards ran after %v, what was stopped after %v", ran, stopped)
				}
				// Afterwards everything ends at once.
				<-ctx.Done()
				over := make(chan struct{})
				if stop := context.AfterFunc(ctx, func() { close(over) }); stop() {
					t.Error("what had begun could be stopped")
				}
				<-over
			})
		})
	}
}

// Contexts that are derived need no goroutine while the function runs.
func TestInlineContextWithoutGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inline(t, 0, func(ctx context.Context) {
			before := runtime.NumGoroutine()
			for range 1000 {
				_, cancel := context.WithCancel(ctx)
				defer cancel()
			}
			if now := runtime.NumGoroutine(); now > before+500 { // those of other tests come and go
				t.Errorf("%d goroutines, %d before", now, before)
			}
		})
	})
}
