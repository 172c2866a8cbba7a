//go:build unix

package accesslog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe that nobody reads holds up nobody: what has no room is lost, Close waits no longer than it may, and the log says how much
// was lost as soon as somebody reads.
func TestBlocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	files, log := newFiles()
	line := bytes.Repeat([]byte("x"), 1<<10)
	for range 10 << 10 { // 10 MiB
		files.Append(path, line)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	closed := make(chan error)
	go func() { closed <- files.Close(ctx) }()
	if err := <-closed; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	go func() { _, _ = io.Copy(io.Discard, reader) }() // ends when the reader is closed
	for !strings.Contains(log.String(), "were lost") {
		runtime.Gosched()
	}
}
