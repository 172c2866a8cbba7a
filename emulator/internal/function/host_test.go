//go:build unix

package function_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatewayd/emulator/internal/function"
)

func TestHostProcessRefusesASpec(t *testing.T) {
	t.Parallel()
	command := []string{"./bootstrap"}
	for _, tt := range []struct {
		spec function.ProcessSpec
		want string
	}{
		{function.ProcessSpec{Command: command}, "the function has no name"},
		{function.ProcessSpec{Name: "f"}, `function "f" has neither a command nor a runtime`},
		{function.ProcessSpec{Name: "f", Command: command, Runtime: "python3.11"}, `function "f" has both a command and a runtime`},
		{function.ProcessSpec{Name: "f", Runtime: "python3.11"}, `function "f" has a runtime but no handler`},
		{
			function.ProcessSpec{Name: "f", Runtime: "java21", Handler: "a.b"},
			`function "f": unsupported runtime "java21": python3.x and nodejs20.x are, any other language goes by a command`,
		},
	} {
		host := function.NewHost(function.HostOptions{})
		if _, err := host.Process(tt.spec); err == nil || err.Error() != tt.want {
			t.Errorf("error %v, want %s", err, tt.want)
		}
		if err := host.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A route file that is loaded again keeps the processes of the functions that are the same.
func TestHostRetain(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	spec := goSpec(t, "lambda")
	kept := processOf(t, host, spec)
	pid := echo(t, kept, "1").PID
	spec.MemorySize = 256
	other := processOf(t, host, spec)
	running := start(t, other, request(`{"do":"print","text":"x","n":100}`))
	spec.MemorySize = 0
	again := processOf(t, host, spec)
	if again != kept {
		t.Error("the same spec gave another function")
	}

	host.Retain(again)
	if got := echo(t, again, "2"); got.PID != pid {
		t.Error("a function that is retained was restarted")
	}
	if got := <-running; got.err != nil && !errors.Is(got.err, function.ErrUnreachable) {
		t.Errorf("an invocation that ran: %v", got.err)
	}
	if _, err := other.Invoke(t.Context(), request(`{}`)); !errors.Is(err, function.ErrUnreachable) {
		t.Errorf("error %v, want %v", err, function.ErrUnreachable)
	}
}

// Close waits for what runs, and refuses what comes.
func TestHostClose(t *testing.T) {
	t.Parallel()
	host, lines := hostOf(t, function.HostOptions{})
	spec := goSpec(t, "lambda")
	spec.Timeout = 300 * time.Millisecond
	p := processOf(t, host, spec)
	echo(t, p, "1")
	results := start(t, p, request(`{"do":"hang"}`))
	eventually(t, "it runs", func() bool { return strings.Count(texts(lines), "START") == 2 })
	if err := host.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if raised := functionError(t, (<-results).err); raised.Type != function.TypeTimedOut {
		t.Errorf("the invocation that ran: %v", raised)
	}
	if _, err := p.Invoke(t.Context(), request(`{}`)); !errors.Is(err, function.ErrUnreachable) {
		t.Errorf("error %v, want %v", err, function.ErrUnreachable)
	}
	if _, err := host.Process(spec); err == nil {
		t.Error("a closed host gave a function")
	}
	if err := host.Close(t.Context()); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if got := texts(lines); !strings.HasSuffix(got, "Status: timeout\t\n") {
		t.Errorf("the log does not end with the last report: %s", got)
	}
}

// A Python that is not installed is replaced by the one that is, which the log says once.
func TestRuntimeThatIsNotInstalled(t *testing.T) {
	t.Parallel()
	log := new(buffer)
	host, _ := hostOf(t, function.HostOptions{Log: slog.New(slog.NewTextHandler(log, nil))})
	spec := pythonSpec(t, "stubborn.handler")
	spec.Runtime = "python3.99"
	p := processOf(t, host, spec)
	for range 2 {
		answer(t, p, `{}`)
		host.Retain()
		p = processOf(t, host, spec)
	}
	const want = `msg="the runtime is not installed: the function runs with another" function=python runtime=python3.99 instead=python3`
	if n := log.count(want); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, log.text.String())
	}
}

func texts(lines *journal) string {
	var all strings.Builder
	for _, line := range lines.all() {
		all.WriteString(line.Text + "\n")
	}
	return all.String()
}

// When its ctx ends, Close waits for nothing.
func TestHostCloseKills(t *testing.T) {
	t.Parallel()
	needsProc(t)
	host, lines := hostOf(t, function.HostOptions{})
	p := processOf(t, host, goSpec(t, "lambda"))
	results := start(t, p, request(`{"do":"family"}`))
	lines.wait(t, "born")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := host.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	raised := functionError(t, (<-results).err)
	if want := "RequestId: req-1 Error: Runtime exited with error: signal: killed"; raised.Message != want {
		t.Errorf("error %q, want %q", raised.Message, want)
	}
}

// A program that does not heed SIGTERM is killed half a second later.
func TestHostCloseInsists(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	p := processOf(t, host, pythonSpec(t, "stubborn.handler"))
	if answer, raised := invoke(t, p, `{}`); string(answer) != "1" {
		t.Fatalf("answer %s, %v", answer, raised)
	}
	began := time.Now()
	if err := host.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("closed after %v: it heeded SIGTERM", took)
	}
}
