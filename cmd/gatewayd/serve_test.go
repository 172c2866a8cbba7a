package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatewayd/emulator"
)

const (
	oldRoutes = "routes: { GET /old: say-hello }\n"
	newRoutes = "routes: { GET /new: say-hello }\n"
)

// However a file is changed, the API changes with it, within a second.
func TestServeReloads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(t *testing.T, path string)
	}{
		{name: "written", change: func(t *testing.T, path string) { write(t, path, newRoutes) }},
		{name: "renamed over", change: func(t *testing.T, path string) {
			write(t, path+".tmp", newRoutes)
			check(t, os.Rename(path+".tmp", path))
		}},
		{name: "deleted and created", change: func(t *testing.T, path string) {
			check(t, os.Remove(path))
			write(t, path, newRoutes)
		}},
		// As Kubernetes swaps the files of a ConfigMap.
		{name: "symbolic link swapped", change: func(t *testing.T, path string) {
			write(t, path+".next", newRoutes)
			check(t, os.Symlink(path+".next", path+".link"))
			check(t, os.Rename(path+".link", path))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := start(t, oldRoutes)
			g.want(t, "/local/old", http.StatusOK)
			began := time.Now()
			test.change(t, g.routes)
			g.await(t, "/local/new", http.StatusOK)
			g.want(t, "/local/old", http.StatusForbidden)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the change was seen after %s", took)
			}
		})
	}
}

// A broken file leaves the last good version serving, and says what is wrong with it.
func TestServeKeepsTheLastGoodVersion(t *testing.T) {
	t.Parallel()
	g := start(t, oldRoutes)
	write(t, g.routes, "routes: { GET /new: say-helo }\n")
	g.awaitLog(t, `error: routes.yaml:1:21: route "GET /new": no function "say-helo", did you mean "say-hello"?`)
	g.awaitLog(t, "warning: the last good version of the route file goes on serving")
	g.want(t, "/local/old", http.StatusOK)

	check(t, os.Remove(g.routes))
	g.awaitLog(t, "error: the route file cannot be read")
	g.want(t, "/local/old", http.StatusOK)

	write(t, g.routes, newRoutes)
	g.await(t, "/local/new", http.StatusOK)
}

// Of two gateways with one file, only the one that watches it reloads it.
func TestServeNoWatch(t *testing.T) {
	t.Parallel()
	blind := start(t, oldRoutes, "--no-watch")
	watching := start(t, oldRoutes, "--routes", blind.routes)
	write(t, blind.routes, newRoutes)
	watching.await(t, "/local/new", http.StatusOK)
	blind.want(t, "/local/old", http.StatusOK)
}

// A request goes on with the deployment that it began with.
func TestServeReloadWithARequestInFlight(t *testing.T) {
	t.Parallel()
	slow := newSlowFunction(t)
	g := start(t, slow.routes)
	answer := slow.request(g)
	slow.await(t, 1)
	write(t, g.routes, newRoutes)
	g.await(t, "/local/new", http.StatusOK)
	g.want(t, "/local/slow", http.StatusForbidden)
	close(slow.release)
	if got := <-answer; got != "200 slow" {
		t.Errorf("the request in flight was answered %q, want %q", got, "200 slow")
	}
}

// SIGTERM under load: no new requests, those in flight are answered, and the exit status is 0.
func TestServeFinishesWhatItBegan(t *testing.T) {
	t.Parallel()
	const requests = 20
	slow := newSlowFunction(t)
	g := start(t, slow.routes)
	answers := make([]<-chan string, requests)
	for i := range answers {
		answers[i] = slow.request(g)
	}
	slow.await(t, requests)
	g.signal(t, syscall.SIGTERM)
	g.awaitClosed(t)
	close(slow.release)
	for _, answer := range answers {
		if got := <-answer; got != "200 slow" {
			t.Errorf("a request in flight was answered %q, want %q", got, "200 slow")
		}
	}
	g.wantStopped(t)
	if log := g.stderr.String(); strings.Contains(log, "warning:") || strings.Contains(log, "error:") {
		t.Errorf("log:\n%s", log)
	}
	if lines := strings.Count(g.stdout.String(), "GET /local/slow 200 "); lines != requests {
		t.Errorf("%d lines for %d requests", lines, requests)
	}
}

// What has not finished after the drain time is cut off, and the log says so.
func TestServeCutsOffWhatDoesNotFinish(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes the drain time")
	}
	slow := newSlowFunction(t)
	g := start(t, slow.routes)
	answer := slow.request(g)
	slow.await(t, 1)
	began := time.Now()
	g.signal(t, syscall.SIGTERM)
	g.wantStopped(t)
	if took := time.Since(began); took < emulator.DrainTime || took > emulator.DrainTime+5*time.Second {
		t.Errorf("it stopped after %s, want %s", took, emulator.DrainTime)
	}
	if got := <-answer; !strings.HasPrefix(got, "error") {
		t.Errorf("the request was answered %q, want an error", got)
	}
	g.awaitLog(t, "warning: requests that did not finish were cut off listener=API after=10s")
}

// A second Ctrl-C does not wait.
func TestServeStopsAtOnce(t *testing.T) {
	t.Parallel()
	slow := newSlowFunction(t)
	g := start(t, slow.routes)
	answer := slow.request(g)
	slow.await(t, 1)
	began := time.Now()
	g.signal(t, syscall.SIGINT)
	g.awaitClosed(t)
	g.signal(t, syscall.SIGINT)
	g.wantStopped(t)
	if took := time.Since(began); took > emulator.DrainTime/2 {
		t.Errorf("it stopped after %s", took)
	}
	<-answer
	g.awaitLog(t, "warning: stopped at once")
}

// Nor does it wait for a program that a function runs as.
func TestServeStopsProgramsAtOnce(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell to run")
	}
	g := start(t, "functions: { slow: { command: [sh, -c, 'echo started; exec sleep 61'], initTimeout: 60 } }\nroutes: { GET /: slow }\n")
	answer := make(chan string, 1)
	go func() { answer <- g.get("/local/") }()
	g.awaitLog(t, "slow: started")
	g.signal(t, syscall.SIGTERM)
	g.awaitClosed(t)
	began := time.Now()
	g.signal(t, syscall.SIGTERM)
	g.wantStopped(t)
	if took := time.Since(began); took > closeTime {
		t.Errorf("it stopped after %s", took)
	}
	<-answer
}

// With --control-port 0 there is no control listener, and the API is served as ever.
func TestServeWithoutControlListener(t *testing.T) {
	t.Parallel()
	g := start(t, oldRoutes, "--control-port", "0")
	g.want(t, "/local/old", http.StatusOK)
	if _, err := askHealth(t.Context(), g.control); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the control listener: %v, want a refused connection", err)
	}
	g.signal(t, syscall.SIGTERM)
	g.wantStopped(t)
	if out := g.stdout.String(); strings.Contains(out, "control") {
		t.Errorf("standard output:\n%s", out)
	}
}

// Requests are answered whether or not somebody takes what is printed about them.
func TestServeWithBrokenStandardOutput(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		open func(t *testing.T) *os.File
		log  string
	}{
		{name: "closed", log: "broken pipe", open: func(t *testing.T) *os.File {
			reader, writer, err := os.Pipe()
			check(t, err)
			check(t, reader.Close())
			return writer
		}},
		{name: "blocked", log: "stopping", open: func(t *testing.T) *os.File {
			reader, writer, err := os.Pipe()
			check(t, err)
			t.Cleanup(func() { check(t, reader.Close()) })
			return writer
		}},
		{name: "full", log: "no space left", open: func(t *testing.T) *os.File {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skip(err)
			}
			return full
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, oldRoutes)
			out := test.open(t)
			g.process.Stdout = out
			g.run(t)
			check(t, out.Close())
			long := "/local/" + strings.Repeat("a", 4<<10) // a pipe holds 64 KiB
			for range 40 {
				g.want(t, long, http.StatusForbidden)
			}
			g.want(t, "/local/old", http.StatusOK)
			g.signal(t, syscall.SIGTERM)
			g.wantStopped(t)
			g.awaitLog(t, test.log)
		})
	}
}

// When run returns, nothing is left of it. This test is alone in its process when it looks.
func TestServeLeavesNoGoroutine(t *testing.T) {
	g := newGateway(t, oldRoutes)
	ctx, stop := context.WithCancel(t.Context())
	status := make(chan int, 1)
	args := append(g.process.Args[1:], "--routes", g.routes)
	go func() {
		status <- run(ctx, args, strings.NewReader(""), &g.stdout, &g.stderr, func(string) string { return "" })
	}()
	check(t, awaitHealth(ctx, g.control))
	g.want(t, "/local/old", http.StatusOK)
	stop()
	if got := <-status; got != 0 {
		t.Fatalf("exit status %d; standard error:\n%s", got, g.stderr.String())
	}
	http.DefaultClient.CloseIdleConnections()
	eventually(t, "all goroutines have ended", func() (string, bool) {
		var stacks bytes.Buffer
		check(t, pprof.Lookup("goroutine").WriteTo(&stacks, 1))
		for _, owned := range []string{"gatewayd/emulator.", "net/http.(*conn)", "net/http.(*Server)", "(*lines)"} {
			if strings.Contains(stacks.String(), owned) {
				return stacks.String(), false
			}
		}
		return "", true
	})
}

func TestServeOfTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, path, "api: { name: \"\xff\" }\n")
	for _, command := range []string{"serve", "validate", "routes"} {
		var stdout, stderr strings.Builder
		status := run(t.Context(), []string{command, "--routes", path}, strings.NewReader(""), &stdout, &stderr, func(string) string { return "" })
		if want := path + ":1:15: "; status != exitFailed || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%s: status %d, standard output %q, standard error %q, want %q", command, status, stdout.String(), stderr.String(), want)
		}
	}
}

// Of several files, each is reloaded by itself; one that is broken, or takes what is another's, leaves its last good version serving.
func TestServeReloadsEachFile(t *testing.T) {
	t.Parallel()
	g := newGateway(t, "api: { name: a, stage: a }\n"+oldRoutes, "routes.yaml", "other.yaml")
	other := filepath.Join(filepath.Dir(g.routes), "other.yaml")
	write(t, other, "api: { name: b, stage: b }\n"+oldRoutes)
	g.run(t)
	g.want(t, "/a/old", http.StatusOK)
	g.want(t, "/b/old", http.StatusOK)

	write(t, other, "api: { name: b, stage: b }\n"+newRoutes)
	g.await(t, "/b/new", http.StatusOK)
	g.want(t, "/a/old", http.StatusOK)

	write(t, other, "api: { name: b, stage: a }\n"+newRoutes)
	g.awaitLog(t, `error: other.yaml:1:24: the base path "/a" is that of routes.yaml, too`)
	g.want(t, "/b/new", http.StatusOK)
	g.want(t, "/a/old", http.StatusOK)
}
