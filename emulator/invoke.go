package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
)

// Invocation is a direct call of a function, as by Lambda's Invoke operation.
type Invocation struct {
	RequestID     string // which the function and its log are told; "" for a new one
	Payload       []byte // JSON
	ClientContext string // JSON; "" for none
	LogTail       bool   // return the end of the log
}

// Answer is what a direct call of a function gave.
type Answer struct {
	Payload []byte // the answer, or the function's error document
	Failed  bool   // the function failed: the payload is its error
	LogTail []byte // the last 4 KiB of the log; of functions that are programs only
}

// ErrFunctionNotFound is a function that neither the route file nor the program knows.
var ErrFunctionNotFound = function.ErrNotFound

const (
	logTail     = 4 << 10
	logPatience = 500 * time.Millisecond // for the lines that are still on their way when the answer is there
)

// Invoke calls a function by its name in the route file, or an in-process one by its own. What the function reports is an
// Answer that failed; an error says that none ran, and is [ErrFunctionNotFound] when there is none.
func (e *Emulator) Invoke(ctx context.Context, name string, in Invocation) (Answer, error) {
	call := gateway.Invocation{RequestID: in.RequestID, Payload: in.Payload, ClientContext: in.ClientContext}
	if call.RequestID == "" {
		call.RequestID = e.gateway.NewRequestID()
	}
	var log *tail
	if in.LogTail && e.isProgram(name) {
		log = e.logs.follow(call.RequestID)
		defer e.logs.leave(log)
	}
	payload, err := e.gateway.Invoke(ctx, name, call)
	answer := Answer{Payload: payload}
	if raised, ok := errors.AsType[*function.Error](err); ok {
		answer.Payload, answer.Failed, err = raised.Payload, true, nil
	}
	if err != nil {
		return Answer{}, err
	}
	if log != nil {
		answer.LogTail = log.wait(ctx)
	}
	return answer, nil
}

// HasFunction reports whether [Emulator.Invoke] knows a function of that name.
func (e *Emulator) HasFunction(name string) bool { return e.gateway.Knows(name) }

func (e *Emulator) isProgram(name string) bool {
	f := e.Loaded().API.FunctionNamed(name)
	return f.IsProgram()
}

// invokeLater calls a function that nobody waits for. What comes of it is in the log.
func (e *Emulator) invokeLater(ctx context.Context, name string, in Invocation) {
	begun := e.later.begin(func() {
		answer, err := e.Invoke(ctx, name, in)
		switch {
		case err != nil:
			e.log.Error("an asynchronous invocation failed", "function", name, "error", err)
		case answer.Failed:
			e.log.Error("an asynchronous invocation failed", "function", name, "error", string(answer.Payload))
		}
	})
	if !begun {
		e.log.Error("an asynchronous invocation failed", "function", name, "error", "the emulator is closed")
	}
}

// background are goroutines that nobody waits for until the emulator is closed.
type background struct {
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// begin is false when no goroutine may begin any more.
func (b *background) begin(do func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.running.Go(do)
	}
	return !b.closed
}

// close waits for those that run until ctx ends.
func (b *background) close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		b.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("asynchronous invocations still run: %w", ctx.Err())
	}
}

// logs hands the lines of functions' logs to those who follow an invocation.
type logs struct {
	kept keptLogs

	mu       sync.Mutex
	followed map[string][]*tail // by request id: a caller may use one twice
}

// tail is the end of one invocation's log.
type tail struct {
	requestID string
	done      chan struct{} // closed by Lambda's last line

	mu    sync.Mutex
	text  []byte
	ended bool
}

func (l *logs) follow(requestID string) *tail {
	t := &tail{requestID: requestID, done: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followed == nil {
		l.followed = map[string][]*tail{}
	}
	l.followed[requestID] = append(l.followed[requestID], t)
	return t
}

func (l *logs) leave(t *tail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.followed[t.requestID] = slices.DeleteFunc(l.followed[t.requestID], func(other *tail) bool { return other == t })
	if len(l.followed[t.requestID]) == 0 {
		delete(l.followed, t.requestID)
	}
}

func (l *logs) add(line FunctionLine) {
	l.kept.add(line)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.followed[line.RequestID] {
		t.add(line)
	}
}

// add appends a line. After the last, another invocation with the same id may add more.
func (t *tail) add(line FunctionLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, line.Text+"\n"...)
	t.text = t.text[max(0, len(t.text)-logTail):]
	if line.Last && !t.ended {
		t.ended = true
		close(t.done)
	}
}

// wait returns what was written, once Lambda's last line has come or it takes too long.
func (t *tail) wait(ctx context.Context) []byte {
	timer := time.NewTimer(logPatience)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.text)
}
