package accesslog_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/accesslog"
)

// journal is a log that a test reads.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func newFiles() (*accesslog.Files, *journal) {
	j := &journal{}
	return accesslog.New(slog.New(slog.NewTextHandler(j, nil))), j
}

func closeFiles(t *testing.T, f *accesslog.Files) {
	t.Helper()
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ExampleFiles() {
	folder, err := os.MkdirTemp("", "accesslog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "access.log")

	files := accesslog.New(slog.New(slog.DiscardHandler))
	files.Append(path, []byte("one"))
	files.Append(path, []byte("two"))
	fmt.Println(files.Close(context.Background()))

	text, err := os.ReadFile(path)
	fmt.Print(string(text), err, "\n")
	// Output:
	// <nil>
	// one
	// two
	// <nil>
}

// What is there already stays, and nobody else may read it.
func TestAppends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	files, log := newFiles()
	for _, line := range []string{"one", "two"} {
		files.Append(path, []byte(line))
		closeFiles(t, files)
	}
	if got, want := read(t, path), "one\ntwo\n"; got != want || log.String() != "" {
		t.Errorf("got %q, want %q; the log: %s", got, want, log)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
}

// Each line is whole, and those of one goroutine in their order.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	const goroutines, each = 20, 200
	path := filepath.Join(t.TempDir(), "access.log")
	files, _ := newFiles()
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := range each {
				files.Append(path, fmt.Appendf(nil, "%d %d", g, i))
			}
		})
	}
	group.Wait()
	closeFiles(t, files)
	var next [goroutines]int
	for line := range strings.Lines(read(t, path)) {
		var g, i int
		if n, err := fmt.Sscanf(line, "%d %d\n", &g, &i); n != 2 || err != nil || i != next[g] {
			t.Fatalf("line %q after %d", line, next[g])
		}
		next[g]++
	}
	for g, n := range next {
		if n != each {
			t.Errorf("%d lines of goroutine %d", n, g)
		}
	}
}

// A file that was moved away, as log rotation does, is made anew.
func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	files, log := newFiles()
	write := func(line string) {
		files.Append(path, []byte(line))
		for !strings.HasSuffix(string(readIfThere(path)), line+"\n") { // the file stays open
			runtime.Gosched()
		}
	}
	write("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("two")
	closeFiles(t, files)
	if diff := cmp.Diff([]string{"one\n", "two\n", ""}, []string{read(t, path+".1"), read(t, path), log.String()}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func readIfThere(path string) []byte {
	text, _ := os.ReadFile(path) // not yet, if not
	return text
}

// A folder that goes away costs the lines of that time, which the log tells once, and its end.
func TestFolderGone(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "logs")
	path := filepath.Join(folder, "access.log")
	files, log := newFiles()
	for range 3 {
		files.Append(path, []byte("lost"))
	}
	for !strings.Contains(log.String(), "cannot be written") {
		runtime.Gosched()
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for readIfThere(path) == nil {
		files.Append(path, []byte("kept"))
		runtime.Gosched()
	}
	closeFiles(t, files)
	if text := log.String(); strings.Count(text, "cannot be written") != 1 || strings.Count(text, "is written again") != 1 {
		t.Errorf("the log:\n%s", text)
	}
	if text := read(t, path); !strings.HasSuffix(text, "kept\n") {
		t.Errorf("the file has %q", text)
	}
}
