package emulator

import (
	"sync/atomic"
	"time"
)

// Clock is the one clock that everything that expires goes by: authorizer results, and whatever is given its Now. It shows
// the real time plus an offset. Timeouts are not moved by it.
type Clock struct{ offset atomic.Int64 }

// NewClock returns a clock that shows the real time.
func NewClock() *Clock { return &Clock{} }

// Now is the time on the clock.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// Offset is how far the clock is ahead of the real time.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// Advance moves the clock ahead, or back with a negative duration.
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// Reset sets the clock to the real time.
func (c *Clock) Reset() { c.offset.Store(0) }
