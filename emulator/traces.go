package emulator

import (
	"context"
	"iter"
	"sync"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

const (
	maxTraces     = 1000
	maxTraceBytes = 64 << 20
)

// TraceFilter selects traces: those that fit all that it says. The zero value selects every trace.
type TraceFilter = control.TraceFilter

// Trace returns the account of the newest request with this id, the x-amzn-RequestId of its response. The newest 1,000
// requests are kept, fewer when they are large.
func (e *Emulator) Trace(requestID string) (trace.Trace, bool) { return e.traces.find(requestID) }

// Traces returns the traces that a filter selects, the newest first, of those that are kept.
func (e *Emulator) Traces(filter TraceFilter) []trace.Trace { return e.traces.list(filter) }

// FollowTraces yields the trace of every request that is answered after this call, in their order, until ctx ends. No request
// ever waits for a follower: traces that it has not come to before they had to make room for newer ones are lost to it. The
// number that comes with a trace says how many were lost just before it.
func (e *Emulator) FollowTraces(ctx context.Context) iter.Seq2[trace.Trace, int] {
	position := e.traces.end()
	return func(yield func(trace.Trace, int) bool) {
		wake := make(chan struct{}, 1)
		e.traces.follow(wake)
		defer e.traces.unfollow(wake)
		for {
			for ctx.Err() == nil {
				found, at, ok := e.traces.from(position)
				if !ok {
					break
				}
				if !yield(found, at-position) {
					return
				}
				position = at + 1
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

// traces is the ring of the newest traces. A trace's position is how many came before it.
type traces struct {
	mu        sync.Mutex
	ring      [maxTraces]trace.Trace
	sizes     [maxTraces]int // of them, in bytes
	next      int            // position of the next one, which goes to next % maxTraces
	count     int
	bytes     int
	followers map[chan<- struct{}]bool // to be woken, each with room for one signal
}

func (t *traces) add(newest trace.Trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.next % maxTraces
	if t.count == maxTraces { // the oldest one is there
		t.bytes -= t.sizes[at]
		t.count--
	}
	t.ring[at], t.sizes[at] = newest, newest.Size()
	t.next++
	t.count++
	t.bytes += t.sizes[at]
	for t.bytes > maxTraceBytes && t.count > 1 {
		t.dropOldest()
	}
	for wake := range t.followers {
		select {
		case wake <- struct{}{}:
		default: // it has not yet come to what it was woken for
		}
	}
}

func (t *traces) dropOldest() {
	oldest := (t.next - t.count) % maxTraces
	t.bytes -= t.sizes[oldest]
	t.ring[oldest] = trace.Trace{}
	t.count--
}

func (t *traces) find(requestID string) (trace.Trace, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for position := t.next - 1; position >= t.next-t.count; position-- {
		if found := &t.ring[position%maxTraces]; found.RequestID == requestID {
			return *found, true
		}
	}
	return trace.Trace{}, false
}

func (t *traces) list(filter TraceFilter) []trace.Trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := []trace.Trace{}
	for position := t.next - 1; position >= t.next-t.count; position-- {
		if filter.Limit > 0 && len(found) == filter.Limit {
			break
		}
		if candidate := &t.ring[position%maxTraces]; filter.Selects(candidate) {
			found = append(found, *candidate)
		}
	}
	return found
}

// end is the position of the next trace.
func (t *traces) end() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next
}

// from returns the oldest trace that is kept from a position on, and its own position.
func (t *traces) from(position int) (found trace.Trace, at int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at = max(position, t.next-t.count)
	if at >= t.next {
		return trace.Trace{}, at, false
	}
	return t.ring[at%maxTraces], at, true
}

func (t *traces) follow(wake chan<- struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followers == nil {
		t.followers = map[chan<- struct{}]bool{}
	}
	t.followers[wake] = true
}

func (t *traces) unfollow(wake chan<- struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.followers, wake)
}

// clear forgets every trace. Positions go on: to followers, what they had not read is lost.
func (t *traces) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ring, t.count, t.bytes = [maxTraces]trace.Trace{}, 0, 0
}
