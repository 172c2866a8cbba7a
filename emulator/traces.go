package emulator

import (
	"sync"

	"gatewayd/emulator/trace"
)

const (
	maxTraces     = 1000
	maxTraceBytes = 64 << 20
)

// traces is the ring of the newest traces.
type traces struct {
	mu    sync.Mutex
	ring  [maxTraces]trace.Trace
	next  int // where the newest goes
	count int
	bytes int
}

func (t *traces) add(newest trace.Trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == maxTraces {
		t.dropOldest()
	}
	t.ring[t.next] = newest
	t.next = (t.next + 1) % maxTraces
	t.count++
	t.bytes += newest.Size()
	for t.bytes > maxTraceBytes && t.count > 1 {
		t.dropOldest()
	}
}

func (t *traces) dropOldest() {
	oldest := (t.next - t.count + maxTraces) % maxTraces
	t.bytes -= t.ring[oldest].Size()
	t.ring[oldest] = trace.Trace{}
	t.count--
}

func (t *traces) find(requestID string) (trace.Trace, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := 1; i <= t.count; i++ {
		if found := t.ring[(t.next-i+maxTraces)%maxTraces]; found.RequestID == requestID {
			return found, true
		}
	}
	return trace.Trace{}, false
}

func (t *traces) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ring, t.next, t.count, t.bytes = [maxTraces]trace.Trace{}, 0, 0, 0
}
