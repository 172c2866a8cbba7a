//go:build unix

package function_test

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gatewayd/emulator/internal/function"
)

// buffer is a log that tests read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) count(what string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.text.String(), what)
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

const restarted = "the function starts anew"

// A change of the code restarts the function between two invocations; what it writes itself does not.
func TestWatch(t *testing.T) {
	t.Parallel()
	log := new(buffer)
	spec := pythonSpec(t, "app.handler")
	spec.Directory = t.TempDir()
	host, _ := hostOf(t, function.HostOptions{
		Watch: true, Ignore: []string{filepath.Join(spec.Directory, "routes.yaml")}, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	code := filepath.Join(spec.Directory, "app.py")
	write(t, code, "def handler(event, context):\n    return 1\n")
	p := processOf(t, host, spec)
	if answer, raised := invoke(t, p, `{}`); string(answer) != "1" {
		t.Fatalf("answer %s, %v", answer, raised)
	}

	for _, name := range []string{"main.db", "main.db-wal", "app.log", ".hidden", "app.py~", "routes.yaml"} {
		write(t, filepath.Join(spec.Directory, name), "written")
	}
	if err := os.Mkdir(filepath.Join(spec.Directory, "node_modules"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(spec.Directory, "node_modules", "index.js"), "written")
	// The same size, and the same time stamp where the file system's clock is coarse.
	write(t, code, "def handler(event, context):\n    return 2\n")
	eventually(t, "the new code answers", func() bool {
		answer, _ := invoke(t, p, `{}`)
		return string(answer) == "2"
	})
	if n := log.count("changed=app.py files=1"); n != 1 || log.count(restarted) != 1 {
		t.Errorf("log:\n%s", log.text.String())
	}

	write(t, code, "def handler(event, context)\n    return 3\n")
	eventually(t, "the broken code is reported", func() bool {
		_, raised := invoke(t, p, `{}`)
		return raised != nil && raised.Type == "Runtime.UserCodeSyntaxError"
	})
	if err := os.Rename(code, code+".away"); err != nil {
		t.Fatal(err)
	}
	write(t, code, "def handler(event, context):\n    return 4\n")
	eventually(t, "the repaired code answers", func() bool {
		answer, _ := invoke(t, p, `{}`)
		return string(answer) == "4"
	})
}

// A file that changes whenever the function starts anew, as the copy of a log does, is not taken for code for long.
func TestWatchComesToRest(t *testing.T) {
	t.Parallel()
	spec := pythonSpec(t, "app.handler")
	spec.Directory = t.TempDir()
	log := new(buffer)
	copied, err := os.Create(filepath.Join(spec.Directory, "copy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = copied.Close() })
	host, _ := hostOf(t, function.HostOptions{Watch: true, Log: slog.New(slog.NewTextHandler(io.MultiWriter(log, copied), nil))})
	code := filepath.Join(spec.Directory, "app.py")
	write(t, code, "def handler(event, context):\n    return 1\n")
	p := processOf(t, host, spec)
	answer(t, p, `{}`)
	write(t, code, "def handler(event, context):\n    return 2\n")
	const told = `msg="a file changes all the time, and is taken for code no longer" function=python file=copy.txt files=1`
	eventually(t, "it comes to rest", func() bool { return log.count(told) == 1 })
	write(t, code, "def handler(event, context):\n    return 3\n")
	eventually(t, "the code is still watched", func() bool {
		answer, _ := invoke(t, p, `{}`)
		return string(answer) == "3"
	})
	// More on a busy machine, where a look now and then finds the file as it was.
	if n := log.count("changed=copy.txt"); n < 4 {
		t.Errorf("%d restarts for it, want 4:\n%s", n, log.text.String())
	}
}

// The code is built before it runs; a build that fails leaves what there is, and its own output is no change.
func TestWatchBuild(t *testing.T) {
	t.Parallel()
	log := new(buffer)
	host, _ := hostOf(t, function.HostOptions{Watch: true, Log: slog.New(slog.NewTextHandler(log, nil))})
	spec := pythonSpec(t, "built.handler")
	spec.Directory = t.TempDir()
	spec.Build = "test ! -e broken && cp source built.py && echo built >> builds.txt"
	source := filepath.Join(spec.Directory, "source")
	broken := filepath.Join(spec.Directory, "broken")
	write(t, broken, "")
	write(t, source, "def handler(event, context):\n    return 1\n")
	p := processOf(t, host, spec)
	for range 2 {
		_, raised := invoke(t, p, `{}`)
		if raised == nil || raised.Type != function.TypeBuildFailed || !strings.Contains(raised.Message, "exit status 1") {
			t.Fatalf("error %v", raised)
		}
	}
	remove := func() {
		if err := os.Remove(broken); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	eventually(t, "it is built", func() bool {
		answer, _ := invoke(t, p, `{}`)
		return string(answer) == "1"
	})

	write(t, source, "def handler(event, context):\n    return 2\n")
	eventually(t, "it is built anew", func() bool {
		answer, _ := invoke(t, p, `{}`)
		return string(answer) == "2"
	})

	write(t, broken, "")
	write(t, source, "def handler(event, context):\n    return 3\n")
	eventually(t, "the failure is reported", func() bool { return log.count("the build failed: what was built before goes on") == 1 })
	if answer, raised := invoke(t, p, `{}`); string(answer) != "2" {
		t.Errorf("answer %s, %v after a build that failed", answer, raised)
	}
	remove()
	eventually(t, "it is built at last", func() bool {
		answer, _ := invoke(t, p, `{}`)
		return string(answer) == "3"
	})
	// One for each change that could be built; two may fall into one build.
	if n := log.count(restarted); n < 2 || n > 3 {
		t.Errorf("%d restarts, want 3:\n%s", n, log.text.String())
	}
}
