package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	queuedLines = 4096
	batchBytes  = 64 << 10
	flushTime   = time.Second
)

// lines writes what many goroutines print, each Write whole and in order, without keeping any of them waiting: a terminal that
// was stopped, or a full disk, must not stop requests. What does not fit in its queue is lost, and the log says how much.
type lines struct {
	to    io.Writer
	log   *slog.Logger // of what could not be written
	queue chan []byte
	lost  atomic.Int64
	stop  chan struct{}
	done  chan struct{}
}

// newLines starts the goroutine that writes; Close ends it.
func newLines(to io.Writer, log *slog.Logger) *lines {
	l := &lines{to: to, log: log, queue: make(chan []byte, queuedLines), stop: make(chan struct{}), done: make(chan struct{})}
	go l.write()
	return l
}

// Write queues whole lines. It never fails.
func (l *lines) Write(text []byte) (int, error) {
	select {
	case l.queue <- bytes.Clone(text):
	default:
		l.lost.Add(1)
	}
	return len(text), nil
}

// Close waits until everything is written, but not for long: the writer may be blocked for good.
func (l *lines) Close() {
	close(l.stop)
	timer := time.NewTimer(flushTime)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
	}
}

func (l *lines) write() {
	defer close(l.done)
	var batch []byte
	failing := false
	for {
		select {
		case text := <-l.queue:
			batch = append(batch[:0], text...)
		case <-l.stop:
			if len(l.queue) == 0 {
				return
			}
			batch = batch[:0]
		}
		for len(l.queue) > 0 && len(batch) < batchBytes {
			batch = append(batch, <-l.queue...)
		}
		_, err := l.to.Write(batch)
		if err != nil && !failing {
			l.log.Error("the output cannot be written", "cause", err, hintKey, "serving goes on without it")
		}
		failing = err != nil
		if lost := l.lost.Swap(0); lost > 0 {
			l.log.Warn("lines were lost, because the output was blocked", "lines", lost)
		}
	}
}
