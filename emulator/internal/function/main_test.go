//go:build unix

package function_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/uuid"

	"gatewayd/emulator/internal/function"
)

// role is what the test binary does instead of testing: it is the functions' program, too.
const role = "FUNCTION_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "lambda":
		lambda.Start(goFunction)
	case "meeting":
		lambda.Start((&meeting{}).handle)
	case "puppet": // the test speaks to the Runtime API in its place
		fmt.Println("puppet", os.Getenv("AWS_LAMBDA_RUNTIME_API"), os.Getpid())
		select {}
	case "silent": // a program that never asks for an event
		select {}
	case "host":
		hostToKill()
	}
}

// hostToKill is another gatewayd, one of whose functions has a family.
func hostToKill() {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	host := function.NewHost(function.HostOptions{Output: func(line function.Line) { fmt.Println(line.Text) }})
	python, err := host.Process(function.ProcessSpec{Name: "python", Runtime: "python3.11", Handler: "stubborn.handler", Directory: "testdata/python"})
	if err != nil {
		panic(err)
	}
	_ = python.Start(context.Background()) // where there is one
	p, err := host.Process(function.ProcessSpec{Name: "f", Command: []string{self}, Environment: map[string]string{role: "lambda"}})
	if err != nil {
		panic(err)
	}
	_, _ = p.Invoke(context.Background(), function.Invocation{Payload: []byte(`{"do":"family"}`)})
}

// order is the event of the Go function under test.
type order struct {
	Do    string `json:"do"`
	N     int    `json:"n"`
	Text  string `json:"text"`
	Value any    `json:"value"`
}

func goFunction(ctx context.Context, in order) (any, error) {
	switch in.Do {
	case "fail":
		return nil, errors.New(in.Text)
	case "panic":
		panic(in.Text)
	case "exit":
		os.Exit(in.N)
	case "hang":
		<-context.Background().Done()
	case "print":
		for i := range in.N {
			fmt.Println(in.Text, i)
		}
	case "write":
		fmt.Print(strings.Repeat(in.Text, in.N))
	case "large":
		return strings.Repeat("x", in.N), nil
	case "environ":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, ok := ctx.Deadline()
		return map[string]any{
			"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "client": lc.ClientContext.Custom, "identity": lc.Identity,
			"deadline": ok, "left": time.Until(deadline).Round(time.Second).Seconds(), "name": lambdacontext.FunctionName,
			"memory": lambdacontext.MemoryLimitInMB, "log": lambdacontext.LogGroupName,
		}, nil
	case "family": // a child, a child in a session of its own, and one whose parent has ended
		tree := exec.Command("sh", "-c", "sleep 3600 & setsid sleep 3600 & (setsid sh -c 'sleep 3600 & sleep 3600' &); echo born; wait")
		tree.Stdout = os.Stdout
		return nil, tree.Run()
	case "background": // what it starts outlives the invocation
		return nil, exec.Command("sh", "-c", "setsid sleep 3600 >/dev/null 2>&1 &").Run()
	}
	return map[string]any{"pid": os.Getpid(), "value": in.Value}, nil
}

// meeting is a function whose invocations wait for one another, or it does what goFunction does.
type meeting struct {
	mu      sync.Mutex
	present int
	all     chan struct{} // closed when enough are there
}

func (m *meeting) handle(ctx context.Context, in order) (any, error) {
	if in.Do != "meet" {
		return goFunction(ctx, in)
	}
	m.mu.Lock()
	if m.present == 0 {
		m.all = make(chan struct{})
	}
	all := m.all
	fmt.Println("present", in.Text)
	if m.present++; m.present == in.N {
		m.present = 0
		close(all)
	}
	m.mu.Unlock()
	<-all
	return map[string]any{"pid": os.Getpid(), "value": in.Value}, nil
}

// hostOf returns a host whose processes, if any are left when it has closed, fail the test, and the lines that it wrote.
func hostOf(tb testing.TB, options function.HostOptions) (*function.Host, *journal) {
	tb.Helper()
	token := "FUNCTION_TEST_TOKEN=" + uuid.NewString()
	written := &journal{changed: make(chan struct{}, 1)}
	if options.Output == nil {
		options.Output = written.add
	}
	options.Environ = append(os.Environ(), token)
	host := function.NewHost(options)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := host.Close(ctx); err != nil {
			tb.Errorf("close: %v", err)
		}
		if left := alive(tb, token); len(left) > 0 {
			tb.Errorf("processes left: %v", left)
		}
	})
	return host, written
}

// goSpec is the spec of a role of this binary, of one process at a time.
func goSpec(tb testing.TB, name string) function.ProcessSpec {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return function.ProcessSpec{
		Name: "f", Command: []string{self}, Directory: tb.TempDir(), Environment: map[string]string{role: name},
		Timeout: 10 * time.Second, InitTimeout: 10 * time.Second, Concurrency: 1,
	}
}

func processOf(tb testing.TB, host *function.Host, spec function.ProcessSpec) *function.Process {
	tb.Helper()
	p, err := host.Process(spec)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// journal keeps the lines that functions wrote.
type journal struct {
	mu      sync.Mutex
	lines   []function.Line
	changed chan struct{}
}

func (j *journal) add(line function.Line) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
	select {
	case j.changed <- struct{}{}:
	default:
	}
}

func (j *journal) all() []function.Line {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// wait returns the first line that begins with prefix, as soon as there is one.
func (j *journal) wait(tb testing.TB, prefix string) function.Line {
	tb.Helper()
	timeout := time.After(10 * time.Second)
	for {
		for _, line := range j.all() {
			if strings.HasPrefix(line.Text, prefix) {
				return line
			}
		}
		select {
		case <-j.changed:
		case <-timeout:
			tb.Fatalf("no line %q in %v", prefix, j.all())
		}
	}
}

// needsProc skips a test that looks for processes everywhere, and makes some that leave their group.
func needsProc(tb testing.TB) {
	tb.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		tb.Skip("there is no /proc to find processes in")
	}
}

// alive lists the processes that have a variable in their environment.
func alive(tb testing.TB, variable string) []string {
	tb.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		tb.Fatal(err)
	}
	var found []string
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil || !slices.Contains(strings.Split(string(environ), "\x00"), variable) {
			continue
		}
		command, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if err == nil {
			found = append(found, filepath.Base(filepath.Dir(file))+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

// eventually waits until the condition holds.
func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(10 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-timeout:
			tb.Fatalf("waited in vain: %s", what)
		}
	}
}
