// Package accesslog appends the lines of access logs to files, without ever keeping a request waiting: a disk that is full, a pipe
// that nobody reads or a folder that is gone costs lines, never an answer.
//
//	files := accesslog.New(log)
//	files.Append("access.log", line)
//	files.Close(ctx)
//
// A file is opened when it has its first line, and again when it was moved away, as log rotation does.
//
// AWS page: "Set up CloudWatch logging for REST APIs in API Gateway".
package accesslog

import (
	"context"
	"log/slog"
	"os"
	"sync"
)

// mostWaiting is how many bytes may wait to be written to a file. What comes then is lost.
const mostWaiting = 4 << 20

// Files are the files that lines are appended to, by their paths.
type Files struct {
	log *slog.Logger // of what could not be written

	mu    sync.Mutex
	files map[string]*file
}

// New returns no files yet. What cannot be written is told to the log, once until it can be written again.
func New(log *slog.Logger) *Files { return &Files{log: log, files: map[string]*file{}} }

// Append appends a line, to which it adds the line's end. It returns at once, and keeps nothing of the line itself.
func (f *Files) Append(path string, line []byte) {
	f.mu.Lock()
	at := f.files[path]
	if at == nil {
		at = &file{path: path, log: f.log}
		f.files[path] = at
	}
	f.mu.Unlock()
	at.append(line)
}

// Close waits until every line is written, until ctx ends, and closes the files. Lines may be appended afterwards.
func (f *Files) Close(ctx context.Context) error {
	f.mu.Lock()
	files := f.files
	f.files = map[string]*file{}
	f.mu.Unlock()
	for _, at := range files {
		if err := at.close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// file is a file with the lines that wait for it. Whoever appends the first of them starts a goroutine, which ends when none is
// left: nobody has to end it.
type file struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	waiting []byte
	lost    int           // lines that found no room
	idle    chan struct{} // closed when nothing is being written; nil: nothing is

	// What follows is the goroutine's.

	out     *os.File
	spare   []byte // to wait in next
	failing bool
}

func (f *file) append(line []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting)+len(line) >= mostWaiting {
		f.lost++
		return
	}
	f.waiting = append(append(f.waiting, line...), '\n')
	if f.idle == nil {
		f.idle = make(chan struct{})
		go f.drain()
	}
}

// drain writes what waits until nothing does.
func (f *file) drain() {
	for {
		f.mu.Lock()
		if len(f.waiting) == 0 {
			close(f.idle)
			f.idle = nil
			f.mu.Unlock()
			return
		}
		lines, lost := f.waiting, f.lost
		f.waiting, f.spare, f.lost = f.spare[:0], nil, 0
		f.mu.Unlock()
		f.told(f.write(lines))
		if lost > 0 {
			f.log.Warn("lines of the access log were lost, because its file takes too long to write", "file", f.path, "lines", lost)
		}
		f.spare = lines
	}
}

func (f *file) write(lines []byte) error {
	if err := f.open(); err != nil {
		return err
	}
	_, err := f.out.Write(lines)
	return err
}

// open opens the file, unless it is open and still where it was.
func (f *file) open() error {
	if f.out != nil {
		here, err := os.Stat(f.path)
		if opened, fault := f.out.Stat(); err == nil && fault == nil && os.SameFile(here, opened) {
			return nil
		}
		_ = f.out.Close() // what it has is written, or lost
		f.out = nil
	}
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.out = out
	return nil
}

// told tells of a failure, and of its end, but not of each line.
func (f *file) told(err error) {
	switch {
	case err != nil && !f.failing:
		f.log.Error("the access log cannot be written", "file", f.path, "cause", err, "hint", "requests are answered without it")
	case err == nil && f.failing:
		f.log.Info("the access log is written again", "file", f.path)
	}
	f.failing = err != nil
}

func (f *file) close(ctx context.Context) error {
	for {
		f.mu.Lock()
		idle := f.idle
		if idle == nil {
			out := f.out
			f.out = nil
			f.mu.Unlock()
			if out == nil {
				return nil
			}
			return out.Close()
		}
		f.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
