package emulator

import (
	"slices"
	"sync"
)

// The bounds of what is kept of functions' logs for traces, in bytes: of all calls together, and of the end of each.
const (
	maxLogs    = 4 << 20
	maxCallLog = 16 << 10
)

// keptLogs has what functions wrote in the newest calls. It is written to by whoever reads a function's output, and never
// waits.
type keptLogs struct {
	mu    sync.Mutex
	calls map[string]*callLog
	order []string // the ids, the oldest first
	bytes int
}

// callLog is what a function wrote in one call.
type callLog struct {
	lines []string
	bytes int
}

// lineCost is what a line costs besides its text, in bytes.
const lineCost = 32

// add keeps a line, and forgets what there is no room for. What is written outside of a call belongs to no trace.
func (k *keptLogs) add(line FunctionLine) {
	if line.RequestID == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	call := k.calls[line.RequestID]
	if call == nil {
		if k.calls == nil {
			k.calls = map[string]*callLog{}
		}
		call = &callLog{}
		k.calls[line.RequestID] = call
		k.order = append(k.order, line.RequestID)
	}
	call.lines = append(call.lines, line.Text)
	k.grow(call, len(line.Text)+lineCost)
	for call.bytes > maxCallLog && len(call.lines) > 1 {
		k.grow(call, -len(call.lines[0])-lineCost)
		call.lines = call.lines[1:]
	}
	for k.bytes > maxLogs && len(k.order) > 1 {
		oldest := k.order[0]
		k.bytes -= k.calls[oldest].bytes
		delete(k.calls, oldest)
		k.order = k.order[1:]
	}
}

func (k *keptLogs) grow(call *callLog, bytes int) {
	call.bytes += bytes
	k.bytes += bytes
}

// Lines are those of a call.
func (k *keptLogs) Lines(invocation string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if call := k.calls[invocation]; call != nil {
		return slices.Clone(call.lines)
	}
	return nil
}

func (k *keptLogs) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls, k.order, k.bytes = nil, nil, 0
}
