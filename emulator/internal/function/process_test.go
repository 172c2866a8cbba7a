//go:build unix

package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

// answerOf is the answer of the Go function under test that echoes.
type answerOf struct {
	PID   int `json:"pid"`
	Value any `json:"value"`
}

// invoke returns what the function answered, or its own error; any other fails the test.
func invoke(tb testing.TB, f function.Function, payload string) ([]byte, *function.Error) {
	tb.Helper()
	answer, err := f.Invoke(tb.Context(), request(payload))
	if err == nil {
		return answer, nil
	}
	raised, ok := errors.AsType[*function.Error](err)
	if !ok {
		tb.Fatalf("%s: %v", payload, err)
	}
	return nil, raised
}

// answer fails the test when the function does not answer.
func answer(tb testing.TB, f function.Function, payload string) []byte {
	tb.Helper()
	answer, raised := invoke(tb, f, payload)
	if raised != nil {
		tb.Fatalf("%s: %v", payload, raised)
	}
	return answer
}

func request(payload string) function.Invocation {
	return function.Invocation{
		RequestID: "req-1", ARN: "arn:aws:lambda:us-east-1:123456789012:function:f", Payload: []byte(payload),
	}
}

func echo(tb testing.TB, f function.Function, value string) answerOf {
	tb.Helper()
	var out answerOf
	if err := json.Unmarshal(answer(tb, f, `{"value":`+value+`}`), &out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// What a function answers or reports, and that the next invocation has the same process unless it ended.
func TestProcess(t *testing.T) {
	t.Parallel()
	exit := func(message string) *function.Error {
		message = "RequestId: req-1 Error: " + message
		return &function.Error{
			Type: "Runtime.ExitError", Message: message,
			Payload: fmt.Appendf(nil, `{"errorType":"Runtime.ExitError","errorMessage":%q}`, message),
		}
	}
	tests := []struct {
		name  string
		event string
		want  *function.Error
		fresh bool
	}{
		{name: "answer", event: `{}`},
		{
			name: "error", event: `{"do":"fail","text":"Unauthorized"}`,
			want: &function.Error{
				Type: "errorString", Message: "Unauthorized", Payload: []byte(`{"errorMessage":"Unauthorized","errorType":"errorString"}`),
			},
		},
		{name: "exit", event: `{"do":"exit","n":3}`, want: exit("Runtime exited with error: exit status 3"), fresh: true},
		{name: "exit 0", event: `{"do":"exit"}`, want: exit("Runtime exited without providing a reason"), fresh: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, _ := hostOf(t, function.HostOptions{})
			p := processOf(t, host, goSpec(t, "lambda"))
			before := echo(t, p, "1")
			_, raised := invoke(t, p, tt.event)
			if diff := cmp.Diff(tt.want, raised); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if after := echo(t, p, "2"); (after.PID != before.PID) != tt.fresh {
				t.Errorf("processes %d and %d, want a fresh one: %v", before.PID, after.PID, tt.fresh)
			}
		})
	}
}

func TestProcessContext(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	p := processOf(t, host, goSpec(t, "lambda"))
	in := request(`{"do":"context"}`)
	in.ClientContext, in.CognitoIdentity = `{"custom":{"a":"b"}}`, `{"cognitoIdentityId":"c","cognitoIdentityPoolId":"p"}`
	answer, err := p.Invoke(t.Context(), in)
	const want = `{"arn":"arn:aws:lambda:us-east-1:123456789012:function:f","client":{"a":"b"},"deadline":true,"id":"req-1",` +
		`"identity":{"CognitoIdentityID":"c","CognitoIdentityPoolID":"p"},"left":10,"log":"/aws/lambda/f","memory":128,"name":"f"}`
	if err != nil || string(answer) != want {
		t.Errorf("answer %s, %v; want %s", answer, err, want)
	}
}

func TestProcessVariables(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := function.NewHost(function.HostOptions{
		Environ: []string{"PATH=/bin", "GATEWAYD_PORT=3000", "INHERITED=1", "AWS_REGION=eu-west-1", "A=host", "B=host", "NO_PROXY=example.com", "no_proxy=*"},
	})
	t.Cleanup(func() { _ = host.Close(context.Background()) })
	p := processOf(t, host, function.ProcessSpec{
		Name: "f", Command: []string{self}, Directory: directory, MemorySize: 512,
		Environment: map[string]string{role: "lambda", "A": "environment", "B": "environment", "TZ": "Europe/Berlin"},
		Overrides:   map[string]string{"B": "override", "AWS_LAMBDA_RUNTIME_API": "elsewhere"},
	})
	var list []string
	if err := json.Unmarshal(answer(t, p, `{"do":"environ"}`), &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, variable := range list {
		name, value, _ := strings.Cut(variable, "=")
		got[name] = value
	}
	// What differs from run to run.
	if address := got["AWS_LAMBDA_RUNTIME_API"]; !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("AWS_LAMBDA_RUNTIME_API %q", address)
	}
	id := got["GATEWAYD_PROCESS"]
	if stream := got["AWS_LAMBDA_LOG_STREAM_NAME"]; len(id) != 32 || !strings.HasSuffix(stream, "/[$LATEST]"+id) {
		t.Errorf("AWS_LAMBDA_LOG_STREAM_NAME %q, mark %q", stream, id)
	}
	for _, name := range []string{"AWS_LAMBDA_RUNTIME_API", "GATEWAYD_PROCESS", "AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID", "PWD"} {
		delete(got, name)
	}
	want := map[string]string{
		"A": "environment", "B": "override", "INHERITED": "1", "PATH": "/bin", role: "lambda",
		"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
		"AWS_SAM_LOCAL": "true", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR", "LAMBDA_TASK_ROOT": directory, "LANG": "en_US.UTF-8",
		"TZ": "Europe/Berlin", "_HANDLER": filepath.Base(self), "NO_PROXY": "example.com,127.0.0.1", "no_proxy": "*",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

// A function that exceeds its time is told so and ended with all its children, wherever they went.
func TestProcessTimeout(t *testing.T) {
	t.Parallel()
	needsProc(t)
	for _, tt := range []struct{ name, event string }{
		{"waits", `{"do":"hang"}`},
		{"has a family", `{"do":"family"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, lines := hostOf(t, function.HostOptions{})
			spec := goSpec(t, "lambda")
			token := fmt.Sprintf("FUNCTION_TEST_FAMILY=%p", t)
			name, value, _ := strings.Cut(token, "=")
			spec.Environment[name] = value
			spec.Timeout = 700 * time.Millisecond
			p := processOf(t, host, spec)
			before := echo(t, p, "1")

			_, raised := invoke(t, p, tt.event)
			const message = "RequestId: req-1 Error: Task timed out after 0.70 seconds"
			want := &function.Error{
				Type: "Sandbox.Timedout", Message: message, Payload: []byte(`{"errorType":"Sandbox.Timedout","errorMessage":"` + message + `"}`),
			}
			if diff := cmp.Diff(want, raised); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			eventually(t, "everything of it has ended", func() bool { return len(alive(t, token)) == 0 })
			if after := echo(t, p, "2"); after.PID == before.PID {
				t.Error("the process that timed out was used again")
			}
			eventually(t, "the log says so", func() bool {
				return slices.ContainsFunc(lines.all(), func(line function.Line) bool {
					return strings.HasSuffix(line.Text, "Z req-1 Task timed out after 0.70 seconds")
				})
			})
		})
	}
}

func TestProcessInit(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*function.ProcessSpec)
		want   string
	}{
		{
			name: "never asks for an event",
			change: func(s *function.ProcessSpec) {
				s.Environment[role], s.InitTimeout = "silent", 300*time.Millisecond
			},
			want: "Sandbox.Timedout: RequestId: req-1 Error: Task timed out after 0.30 seconds",
		},
		{
			name:   "exits",
			change: func(s *function.ProcessSpec) { s.Command = []string{"sh", "-c", "echo out; exit 5"} },
			want:   "Runtime.ExitError: RequestId: req-1 Error: Runtime exited with error: exit status 5",
		},
		{
			name:   "kills itself",
			change: func(s *function.ProcessSpec) { s.Command = []string{"sh", "-c", "kill -9 $$"} },
			want:   "Runtime.ExitError: RequestId: req-1 Error: Runtime exited with error: signal: killed",
		},
		{
			name:   "leaves without a word",
			change: func(s *function.ProcessSpec) { s.Command = []string{"true"} },
			want:   "Runtime.ExitError: RequestId: req-1 Error: Runtime exited without providing a reason",
		},
		{
			name:   "no such command",
			change: func(s *function.ProcessSpec) { s.Command = []string{"no-such-command"} },
			want:   `Runtime.InvalidEntrypoint: RequestId: req-1 Error: exec: "no-such-command": executable file not found in $PATH`,
		},
		{
			name:   "no such file",
			change: func(s *function.ProcessSpec) { s.Command = []string{"./bootstrap"}; s.Directory = filepath.Dir(self) },
			want:   "Runtime.InvalidEntrypoint: RequestId: req-1 Error: fork/exec " + filepath.Dir(self) + "/bootstrap: no such file or directory",
		},
		{
			name:   "no such directory",
			change: func(s *function.ProcessSpec) { s.Directory = "/no/such/directory" },
			want:   "Runtime.InvalidEntrypoint: RequestId: req-1 Error: stat /no/such/directory: no such file or directory",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, _ := hostOf(t, function.HostOptions{})
			spec := goSpec(t, "lambda")
			tt.change(&spec)
			p := processOf(t, host, spec)
			for range 2 { // a failure is not the end of the function
				_, raised := invoke(t, p, `{}`)
				if raised == nil || raised.Type+": "+raised.Message != tt.want {
					t.Errorf("error %v, want %s", raised, tt.want)
				}
			}
			if err := p.Start(t.Context()); err == nil {
				t.Error("it has started")
			}
		})
	}
}

func TestProcessStart(t *testing.T) {
	t.Parallel()
	host, lines := hostOf(t, function.HostOptions{})
	p := processOf(t, host, goSpec(t, "lambda"))
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	echo(t, p, "1")
	// An invocation that found its process ready reports its init phase all the same, as Lambda's provisioned ones do.
	report := lines.wait(t, "REPORT RequestId: req-1\tDuration: ")
	if !strings.Contains(report.Text, "Init Duration: ") {
		t.Errorf("report %q", report.Text)
	}
}

// Each simultaneous invocation has a process, up to the limit; the others wait, and every caller gets its own answer.
func TestProcessConcurrency(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 3, 0} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			host, _ := hostOf(t, function.HostOptions{})
			spec := goSpec(t, "lambda")
			spec.Concurrency = limit
			p := processOf(t, host, spec)
			var (
				group sync.WaitGroup
				mu    sync.Mutex
				pids  = map[int]bool{}
			)
			for i := range 50 {
				group.Go(func() {
					got := echo(t, p, fmt.Sprint(i))
					if got.Value != float64(i) {
						t.Errorf("answer %v to %d", got.Value, i)
					}
					mu.Lock()
					defer mu.Unlock()
					pids[got.PID] = true
				})
			}
			group.Wait()
			if limit == 0 {
				limit = function.DefaultConcurrency
			}
			if len(pids) > limit {
				t.Errorf("%d processes, want at most %d", len(pids), limit)
			}
		})
	}
}

func TestProcessQueueIsBounded(t *testing.T) {
	t.Parallel()
	tracker := new(function.Tracker)
	host, _ := hostOf(t, function.HostOptions{Tracker: tracker})
	spec := goSpec(t, "lambda")
	spec.Timeout = 0
	p := processOf(t, host, spec)
	pid := echo(t, p, "1").PID

	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan error)
	for range 1100 {
		go func() {
			_, err := p.Invoke(ctx, request(`{"do":"hang"}`))
			refused <- err
		}()
	}
	for range 99 { // one runs, and 1,000 wait
		if err := <-refused; !errors.Is(err, function.ErrThrottled) {
			t.Fatalf("error %v, want %v", err, function.ErrThrottled)
		}
	}
	cancel()
	for range 1001 {
		if err := <-refused; !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want %v", err, context.Canceled)
		}
	}
	// The one that runs goes on: its caller's patience is not the function's.
	running := tracker.Running()
	if len(running) != 1 || running[0].Name != "f" || running[0].RequestID != "req-1" {
		t.Errorf("running %v", running)
	}
	signal(t, pid, syscall.SIGTERM)
	if err := tracker.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func signal(tb testing.TB, pid int, what syscall.Signal) {
	tb.Helper()
	if err := syscall.Kill(pid, what); err != nil {
		tb.Fatal(err)
	}
}

// Somebody else ends a function's process.
func TestProcessSignals(t *testing.T) {
	t.Parallel()
	host, lines := hostOf(t, function.HostOptions{})
	p := processOf(t, host, goSpec(t, "lambda"))
	pid := echo(t, p, "1").PID

	results := start(t, p, request(`{"do":"hang"}`))
	eventually(t, "the function runs", func() bool {
		return len(slices.DeleteFunc(lines.all(), func(l function.Line) bool { return !strings.HasPrefix(l.Text, "START") })) == 2
	})
	signal(t, pid, syscall.SIGTERM)
	raised := functionError(t, (<-results).err)
	if want := "RequestId: req-1 Error: Runtime exited with error: signal: terminated"; raised.Message != want {
		t.Errorf("error %q, want %q", raised.Message, want)
	}

	// While it waits for an event nobody notices: the next invocation has a fresh one.
	pid = echo(t, p, "2").PID
	signal(t, pid, syscall.SIGKILL)
	eventually(t, "it has been reaped", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	if next := echo(t, p, "3"); next.PID == pid {
		t.Error("a dead process answered")
	}
}

// The end of the caller's ctx ends the wait, for an answer or for a process.
func TestProcessCallerLeaves(t *testing.T) {
	t.Parallel()
	tracker := new(function.Tracker)
	host, _ := hostOf(t, function.HostOptions{Tracker: tracker})
	spec := goSpec(t, "lambda")
	spec.Timeout = 500 * time.Millisecond
	p := processOf(t, host, spec)
	for _, what := range []string{"for its answer", "for a process"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := p.Invoke(ctx, request(`{"do":"hang"}`)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting %s: %v", what, err)
		}
		cancel()
	}
	if err := tracker.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	echo(t, p, "1")
}

// What a function starts in the background lives as long as its process.
func TestProcessBackground(t *testing.T) {
	t.Parallel()
	needsProc(t)
	host, _ := hostOf(t, function.HostOptions{})
	spec := goSpec(t, "lambda")
	token := fmt.Sprintf("FUNCTION_TEST_BACKGROUND=%p", t)
	name, value, _ := strings.Cut(token, "=")
	spec.Environment[name] = value
	p := processOf(t, host, spec)
	answer(t, p, `{"do":"background"}`)
	if left := alive(t, token); len(left) != 2 {
		t.Errorf("processes %v, want the function and what it started", left)
	}
	host.Retain()
	eventually(t, "both have ended", func() bool { return len(alive(t, token)) == 0 })
}

// A program of Lambda's own library, built from its source as the route file says.
func TestProcessBuilt(t *testing.T) {
	t.Parallel()
	interpreter(t, "go")
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	host, _ := hostOf(t, function.HostOptions{})
	p := processOf(t, host, function.ProcessSpec{
		Name: "built", Command: []string{bootstrap}, Directory: "testdata/lambda", Build: "go build -o " + bootstrap + " .",
	})
	answer, raised := invoke(t, p, `{"type":"TOKEN","authorizationToken":"Bearer good"}`)
	if raised != nil || !strings.HasPrefix(string(answer), `{"principalId":"user|a1b2","policyDocument":{`) {
		t.Errorf("answer %s, %v", answer, raised)
	}
	_, raised = invoke(t, p, `{"type":"TOKEN","authorizationToken":"Bearer bad"}`)
	if raised == nil || raised.Message != "Unauthorized" {
		t.Errorf("error %v", raised)
	}
}

// TestHostKilled kills another gatewayd that has a function with a family: none of them is left, and no file either.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	needsProc(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	token := fmt.Sprintf("FUNCTION_TEST_HOST=%p", t)
	cmd := exec.CommandContext(t.Context(), self)
	temporary := t.TempDir()
	cmd.Env = append(os.Environ(), role+"=host", token, "TMPDIR="+temporary)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	cmd.Stdout, cmd.Stderr = write, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	eventually(t, "its function has a family", func() bool { return len(alive(t, token)) >= 8 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "none of them is left", func() bool { return len(alive(t, token)) == 0 })
	eventually(t, "no file is left", func() bool {
		files, err := os.ReadDir(temporary)
		return err == nil && len(files) == 0
	})
}
