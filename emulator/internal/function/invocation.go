package function

import (
	"bytes"
	"sync"
	"time"

	"github.com/google/uuid"
)

// invocation is one event on its way through a process. It lives on when its caller does not wait any more.
type invocation struct {
	Invocation
	id       string
	number   uint64 // the tracker's
	initOnly bool   // there is no event: a process is only to be started

	once     sync.Once
	resolved chan struct{} // closed when answer and err are final
	ended    chan struct{} // closed when the process is free again, or gone
	answer   []byte
	err      error

	// What follows belongs to the environment that has the invocation.
	phase    phase // ready when it has been handed to the process, then running and answered
	began    time.Time
	moved    bool        // a process ended before it had the event; the next one counts
	cause    error       // why its process did not, or will not, answer in time
	deadline *time.Timer // once it is answered, where several run: of the wait for the next poll
}

func newInvocation(in Invocation, number uint64) *invocation {
	call := &invocation{
		Invocation: in, id: in.RequestID, number: number, resolved: make(chan struct{}), ended: make(chan struct{}),
	}
	if call.id == "" {
		call.id = uuid.NewString()
	}
	// The caller may use its bytes again while a function that it no longer waits for still reads them.
	call.Payload = bytes.Clone(in.Payload)
	return call
}

// resolve settles what the caller gets. The first time counts: an answer that was accepted stays one, whatever the process
// does afterwards.
func (c *invocation) resolve(answer []byte, err error) {
	c.once.Do(func() {
		c.answer, c.err = answer, err
		close(c.resolved)
	})
}

// overdue is an invocation that exceeded its time and is still not answered.
func (c *invocation) overdue() bool { return c.cause != nil && c.phase != answered }

func (c *invocation) stopTimer() {
	if c.deadline != nil {
		c.deadline.Stop()
	}
}
