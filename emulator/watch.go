package emulator

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"time"
)

const (
	lookInterval = 300 * time.Millisecond
	quiet        = 60 * time.Millisecond // a file that is being written changes again within this time
	longestQuiet = 3 * time.Second
)

// Watch reloads the route file within a second of a change, until ctx ends. It looks at the file rather than wait for the
// system's notice, which bind mounts and editors that rename do not always give. A broken file leaves the last good version
// serving; the log says what is wrong. A source that is no file is not watched, nor is one that can be read only once, such as a
// pipe.
func (e *Emulator) Watch(ctx context.Context) {
	if e.source.path == "" || once(e.source.path) {
		return
	}
	e.mu.Lock()
	known := content{text: e.text}
	e.mu.Unlock()
	for sleep(ctx, lookInterval) {
		seen := e.look()
		if seen.equal(known) {
			continue
		}
		seen, ok := e.settle(ctx, seen)
		if !ok {
			return
		}
		if seen.equal(known) {
			continue // it was away for a moment, or written as it was
		}
		known = seen
		_ = e.Reload() // it has logged what is wrong
	}
}

// once reports whether there is something that is no regular file.
func once(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// look reads the file. What is read is compared, not its time stamp: two writes may share one.
func (e *Emulator) look() content {
	if once(e.source.path) {
		return content{err: fs.ErrInvalid}
	}
	text, err := readFile(e.source.path)
	return content{text, err}
}

type content struct {
	text []byte
	err  error
}

func (c content) equal(other content) bool {
	return bytes.Equal(c.text, other.text) && (c.err == nil) == (other.err == nil)
}

// settle waits until the file has stopped changing. It is not ok when ctx has ended.
func (e *Emulator) settle(ctx context.Context, seen content) (content, bool) {
	for range longestQuiet / quiet {
		if !sleep(ctx, quiet) {
			return seen, false
		}
		again := e.look()
		if again.equal(seen) {
			break
		}
		seen = again
	}
	return seen, true
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
