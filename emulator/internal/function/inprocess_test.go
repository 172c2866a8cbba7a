package function_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

const requestID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"

func call(payload string) function.Invocation {
	return function.Invocation{RequestID: requestID, ARN: "arn:aws:lambda:us-east-1:123456789012:function:f", Payload: []byte(payload)}
}

func TestContextOfAnInvocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen context.Context
		f := function.InProcess("f", function.Func(func(ctx context.Context, _ any) (bool, error) {
			seen = ctx
			return ctx.Err() == nil, nil
		}), function.WithTimeout(3*time.Second))
		answer, err := f.Invoke(t.Context(), call(`{}`))
		if err != nil || string(answer) != "true" {
			t.Fatalf("answer %s, %v", answer, err)
		}
		got, ok := lambdacontext.FromContext(seen)
		want := &lambdacontext.LambdaContext{
			AwsRequestID:       requestID,
			InvokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:f",
		}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("lambdacontext (-want +got):\n%s", diff)
		}
		if deadline, _ := seen.Deadline(); !deadline.Equal(time.Now().Add(3 * time.Second)) {
			t.Errorf("deadline %v", deadline)
		}
		if !errors.Is(seen.Err(), context.Canceled) {
			t.Errorf("after Invoke the function's ctx has error %v, want context.Canceled", seen.Err())
		}
	})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	const timedOut = "RequestId: " + requestID + " Error: Task timed out after 3.00 seconds"
	obedient := func(d time.Duration) lambda.Handler {
		return function.Func(func(ctx context.Context, _ any) (string, error) {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(d):
				return "done", nil
			}
		})
	}
	deaf := func(d time.Duration) lambda.Handler {
		return function.Func(func(context.Context, any) (string, error) {
			time.Sleep(d)
			return "done", nil
		})
	}
	tests := []struct {
		name    string
		handler lambda.Handler
		timeout time.Duration
		patient time.Duration // how long the caller waits; 0 is for ever
		takes   time.Duration
		want    string // the answer
		wantErr string
		is      error
	}{
		{name: "no limit", handler: deaf(time.Hour), takes: time.Hour, want: `"done"`},
		{name: "in time", handler: deaf(2999 * time.Millisecond), timeout: 3 * time.Second, takes: 2999 * time.Millisecond, want: `"done"`},
		{name: "at its limit", handler: deaf(3 * time.Second), timeout: 3 * time.Second, takes: 3 * time.Second, wantErr: timedOut},
		{name: "over its limit", handler: deaf(time.Hour), timeout: 3 * time.Second, takes: 3 * time.Second, wantErr: timedOut},
		{name: "over its limit, obedient", handler: obedient(time.Hour), timeout: 3 * time.Second, takes: 3 * time.Second, wantErr: timedOut},
		{
			name: "caller gives up", handler: deaf(time.Hour), patient: time.Second, takes: time.Second,
			wantErr: `function "f": context deadline exceeded`, is: context.DeadlineExceeded,
		},
		{
			name: "caller gives up first", handler: obedient(time.Hour), timeout: 3 * time.Second, patient: time.Second, takes: time.Second,
			wantErr: `function "f": context deadline exceeded`, is: context.DeadlineExceeded,
		},
		{
			name: "function's limit first", handler: obedient(time.Hour), timeout: 3 * time.Second, patient: 30 * time.Second,
			takes: 3 * time.Second, wantErr: timedOut,
		},
		{
			name: "both at once", handler: obedient(time.Hour), timeout: 3 * time.Second, patient: 3 * time.Second, takes: 3 * time.Second,
			wantErr: `function "f": context deadline exceeded`, is: context.DeadlineExceeded,
		},
		{
			name: "answer as the caller gives up", handler: deaf(time.Second), patient: time.Second, takes: time.Second,
			wantErr: `function "f": context deadline exceeded`, is: context.DeadlineExceeded,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// Ties are decided by rule, not by which timer came first: repeat them.
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					tracker := new(function.Tracker)
					f := function.InProcess("f", test.handler, function.WithTimeout(test.timeout), function.WithTracker(tracker))
					ctx := t.Context()
					if test.patient > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, test.patient)
						defer cancel()
					}
					start := time.Now()
					answer, err := f.Invoke(ctx, call(`{}`))
					if took := time.Since(start); took != test.takes {
						t.Errorf("took %v, want %v", took, test.takes)
					}
					if string(answer) != test.want || message(err) != test.wantErr || !errors.Is(err, test.is) && test.is != nil {
						t.Errorf("answer %q, error %v; want %q, %q", answer, err, test.want, test.wantErr)
					}
					if test.wantErr == timedOut {
						want := `{"errorType":"Sandbox.Timedout","errorMessage":"` + timedOut + `"}`
						if diff := cmp.Diff(want, string(functionError(t, err).Payload)); diff != "" {
							t.Errorf("document (-want +got):\n%s", diff)
						}
					}
					if err := tracker.Wait(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

func TestCanceledBeforeItStarts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := function.InProcess("f", function.Func(func(context.Context, any) (any, error) {
		t.Error("the function ran")
		return nil, nil
	}))
	if _, err := f.Invoke(ctx, call(`{}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// TestExclusiveTurns uses one plain lambda.Handler under two names: still one invocation runs at a time, and one that was
// abandoned keeps its turn until it has returned.
func TestExclusiveTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := 0
		handler := lambda.NewHandler(func(name string) (string, error) {
			running++
			if running > 1 {
				t.Error("two at a time")
			}
			time.Sleep(10 * time.Second)
			running--
			return name, nil
		})
		tracker := new(function.Tracker)
		first := function.InProcess("first", handler, function.WithTimeout(3*time.Second), function.WithTracker(tracker))
		second := function.InProcess("second", handler, function.WithTracker(tracker))

		start := time.Now()
		if _, err := first.Invoke(t.Context(), call(`"a"`)); functionError(t, err).Type != function.TypeTimedOut {
			t.Errorf("error %v, want %s", err, function.TypeTimedOut)
		}
		want := []function.Running{{Name: "first", RequestID: requestID, Since: start}}
		if diff := cmp.Diff(want, tracker.Running()); diff != "" {
			t.Errorf("running (-want +got):\n%s", diff)
		}

		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := second.Invoke(impatient, call(`"b"`)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		if waited := time.Since(start); waited != 4*time.Second {
			t.Errorf("gave up at %v, want 4s", waited)
		}

		answer, err := second.Invoke(t.Context(), call(`"c"`))
		if err != nil || string(answer) != `"c"` {
			t.Errorf("answer %s, %v", answer, err)
		}
		if waited := time.Since(start); waited != 20*time.Second {
			t.Errorf("answered at %v, want 20s: 10s for its turn, 10s of its own", waited)
		}
		if running := tracker.Running(); len(running) != 0 {
			t.Errorf("still running: %v", running)
		}
	})
}

func TestTrackerWaitGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tracker := new(function.Tracker)
		f := function.InProcess("slow", function.Func(func(context.Context, any) (any, error) {
			time.Sleep(time.Minute)
			return nil, nil
		}), function.WithTimeout(time.Second), function.WithTracker(tracker))
		if _, err := f.Invoke(t.Context(), call(`{}`)); err == nil {
			t.Error("no timeout")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := tracker.Wait(ctx)
		want := "functions still run: slow (request " + requestID + "): context deadline exceeded"
		if message(err) != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want %s", err, want)
		}
		start := time.Now()
		if err := tracker.Wait(t.Context()); err != nil || time.Since(start) != 58*time.Second {
			t.Errorf("Wait = %v after %v, want nil after 58s", err, time.Since(start))
		}
	})
}

func TestGoexit(t *testing.T) {
	t.Parallel()
	f := function.InProcess("f", lambda.NewHandler(func() { runtime.Goexit() }))
	for range 2 { // the turn is given back
		_, err := f.Invoke(t.Context(), call(`{}`))
		want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + requestID + ` Error: Runtime exited with error: exit status 2"}`
		if diff := cmp.Diff(want, string(functionError(t, err).Payload)); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
	}
}

func TestAnswerSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		size int
		want string
	}{
		{"largest", function.MaxAnswer, ""},
		{"too large", function.MaxAnswer + 1, "Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat("x", test.size-len(`""`))
			f := function.InProcess("f", function.Func(func(context.Context, any) (string, error) { return text, nil }))
			answer, err := f.Invoke(t.Context(), call(`{}`))
			if message(err) != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err == nil && len(answer) != test.size {
				t.Errorf("%d bytes, want %d", len(answer), test.size)
			}
			if err != nil && functionError(t, err).Type != function.TypeTooLarge {
				t.Errorf("type %s, want %s", functionError(t, err).Type, function.TypeTooLarge)
			}
		})
	}
}

func TestEndlessReader(t *testing.T) {
	t.Parallel()
	f := function.InProcess("f", function.Func(func(context.Context, any) (endless, error) { return endless{}, nil }))
	_, err := f.Invoke(t.Context(), call(`{}`))
	if got := functionError(t, err); got.Type != function.TypeTooLarge {
		t.Errorf("type %s, want %s", got.Type, function.TypeTooLarge)
	}
}

// TestPayloadIsTheCallers writes to the payload as soon as the function is abandoned, which the race detector would report.
func TestPayloadIsTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tracker := new(function.Tracker)
		var seen string
		f := function.InProcess("f", rawHandler(func(payload []byte) []byte {
			time.Sleep(time.Hour)
			seen = string(payload)
			clear(payload)
			return nil
		}), function.WithTimeout(time.Second), function.WithTracker(tracker))
		in := call(`{"mine":true}`)
		if _, err := f.Invoke(t.Context(), in); err == nil {
			t.Error("no timeout")
		}
		copy(in.Payload, `{"mine":null`)
		if err := tracker.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if seen != `{"mine":true}` || string(in.Payload) != `{"mine":null}` {
			t.Errorf("the function saw %s, the caller has %s", seen, in.Payload)
		}
	})
}

func TestFactoryEnvironments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		f := function.InProcess("f", function.Factory(func() lambda.Handler {
			number := made.Add(1)
			return lambda.NewHandler(func(what string) (int64, error) {
				if what == "panic" {
					panic("ouch")
				}
				time.Sleep(time.Second)
				return number, nil
			})
		}))
		invoke := func(payload string) string {
			answer, err := f.Invoke(t.Context(), call(payload))
			return string(answer) + message(err)
		}
		other := make(chan string)
		go func() {
			time.Sleep(time.Millisecond)
			other <- invoke(`"run"`)
		}()
		got := []string{invoke(`"run"`), <-other, invoke(`"run"`), invoke(`"panic"`), invoke(`"run"`), invoke(`"panic"`), invoke(`"run"`)}
		// Two at a time need two. The latest to end is used first; one that panicked, never again.
		if diff := cmp.Diff([]string{"1", "2", "2", "ouch", "1", "ouch", "3"}, got); diff != "" {
			t.Errorf("environments (-want +got):\n%s", diff)
		}
	})
}

type rawHandler func([]byte) []byte

func (h rawHandler) Invoke(_ context.Context, payload []byte) ([]byte, error) { return h(payload), nil }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
