package function

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Tracker knows which functions run, in process or as processes. All functions of an emulator share one, so that a test can
// wait for those that outlived their request, and so that a handler known under two names still runs one invocation at a
// time. The zero value is ready to use. A Tracker must not be copied.
type Tracker struct {
	// Unfinished is told of an in-process function that still runs a second after its time was up; nil for nobody. It is set
	// before the Tracker is used.
	Unfinished func(Running)

	mu      sync.Mutex // never held while a function runs
	started uint64
	running map[uint64]Running
	idle    chan struct{} // closed when nothing runs; nil while nobody waits
	turns   map[lambda.Handler]chan struct{}
}

// Running is an invocation that has not returned.
type Running struct {
	// Name is the function's.
	Name string
	// RequestID is the invocation's.
	RequestID string
	// Since is when it started, by the runtime's clock.
	Since time.Time
}

// Running returns what runs now, the oldest first.
func (t *Tracker) Running() []Running {
	t.mu.Lock()
	defer t.mu.Unlock()
	sorted := make([]Running, 0, len(t.running))
	for _, number := range slices.Sorted(maps.Keys(t.running)) {
		sorted = append(sorted, t.running[number])
	}
	return sorted
}

// Wait returns when no function runs. When ctx ends before, the error wraps ctx.Err() and names those that still do.
func (t *Tracker) Wait(ctx context.Context) error {
	select {
	case <-t.idleness():
		return nil
	case <-ctx.Done():
	}
	var names []string
	for _, running := range t.Running() {
		names = append(names, fmt.Sprintf("%s (request %s)", running.Name, running.RequestID))
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("functions still run: %s: %w", strings.Join(names, ", "), ctx.Err())
}

// grace is what a function has to return in once its context has ended.
const grace = time.Second

// givenUp says that nobody waits for an invocation any more. Unless it ends soon, Unfinished is told.
func (t *Tracker) givenUp(number uint64) {
	if t.Unfinished == nil {
		return
	}
	time.AfterFunc(grace, func() {
		if running, ok := t.find(number); ok {
			t.Unfinished(running)
		}
	})
}

func (t *Tracker) find(number uint64) (Running, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	running, ok := t.running[number]
	return running, ok
}

// Begin counts work that is no function of its own, until what it returns is called.
func (t *Tracker) Begin(name, requestID string) (end func()) {
	number := t.start(name, requestID, time.Now())
	return func() { t.end(number) }
}

func (t *Tracker) idleness() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.closeIfIdle()
	return idle
}

// start counts an invocation until the number it returns is given to end.
func (t *Tracker) start(name, requestID string, now time.Time) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == nil {
		t.running = make(map[uint64]Running)
	}
	t.started++
	t.running[t.started] = Running{Name: name, RequestID: requestID, Since: now}
	return t.started
}

func (t *Tracker) end(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.running, number)
	t.closeIfIdle()
}

func (t *Tracker) closeIfIdle() {
	if t.idle != nil && len(t.running) == 0 {
		close(t.idle)
		t.idle = nil
	}
}

// turn returns the semaphore of a handler that runs one invocation at a time. A channel, because a mutex held while a
// function runs stops the clock of a testing/synctest bubble.
func (t *Tracker) turn(handler lambda.Handler) chan struct{} {
	turn := make(chan struct{}, 1)
	if reflect.ValueOf(handler).Kind() != reflect.Pointer {
		// Two equal values need not be the same handler.
		return turn
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.turns[handler]; ok {
		return known
	}
	if t.turns == nil {
		t.turns = make(map[lambda.Handler]chan struct{})
	}
	t.turns[handler] = turn
	return turn
}
