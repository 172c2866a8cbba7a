package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 20 * time.Second // of a test that waits for something

// gateway is a gatewayd in a process of its own.
type gateway struct {
	api, control   string // URLs
	routes         string // the file
	process        *exec.Cmd
	exited         chan struct{}
	stdout, stderr output
}

// start runs a gatewayd and waits until it answers.
func start(t *testing.T, routes string, args ...string) *gateway {
	t.Helper()
	g := newGateway(t, routes, args...)
	g.run(t)
	return g
}

func newGateway(t *testing.T, routes string, args ...string) *gateway {
	t.Helper()
	api, control := freePort(t.Fatalf, t.Cleanup), freePort(t.Fatalf, t.Cleanup)
	folder := t.TempDir()
	g := &gateway{
		api: "http://127.0.0.1:" + api, control: "http://127.0.0.1:" + control, routes: filepath.Join(folder, "routes.yaml"),
		exited: make(chan struct{}),
	}
	write(t, g.routes, routes)
	g.process = exec.Command("gatewayd", append([]string{"--port", api, "--control-port", control}, args...)...)
	g.process.Dir = folder
	g.process.Env = []string{"PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + folder, "GORACE=" + noWait}
	g.process.Stdout, g.process.Stderr = &g.stdout, &g.stderr
	return g
}

func (g *gateway) run(t *testing.T) {
	t.Helper()
	check(t, g.process.Start())
	go func() {
		defer close(g.exited)
		_ = g.process.Wait() // its status is looked at by wantExit
	}()
	t.Cleanup(func() {
		_ = g.process.Process.Kill()
		<-g.exited
		if t.Failed() {
			t.Logf("standard output:\n%s\nstandard error:\n%s", g.stdout.String(), g.stderr.String())
		}
	})
	if args := strings.Join(g.process.Args, " "); strings.HasSuffix(args, "--control-port 0") {
		g.await(t, "/", http.StatusForbidden)
		return
	}
	check(t, awaitHealth(t.Context(), g.control))
}

// get returns the answer to a request: status and body, or an error.
func (g *gateway) get(path string) string {
	response, err := http.Get(g.api + path)
	if err != nil {
		return "error: " + err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}

func (g *gateway) want(t *testing.T, path string, status int) {
	t.Helper()
	if got := g.get(path); !strings.HasPrefix(got, fmt.Sprint(status, " ")) {
		t.Errorf("GET %.100s: %s, want %d", path, got, status)
	}
}

func (g *gateway) await(t *testing.T, path string, status int) {
	t.Helper()
	eventually(t, fmt.Sprintf("GET %s is %d", path, status), func() (string, bool) {
		got := g.get(path)
		return got, strings.HasPrefix(got, fmt.Sprint(status, " "))
	})
}

func (g *gateway) awaitLog(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the log has "+text, func() (string, bool) {
		log := g.stderr.String()
		return log, strings.Contains(log, text)
	})
}

// awaitClosed waits until the API takes no more connections.
func (g *gateway) awaitClosed(t *testing.T) {
	t.Helper()
	eventually(t, "the API takes no connections", func() (string, bool) {
		connection, err := net.Dial("tcp", strings.TrimPrefix(g.api, "http://"))
		if err != nil {
			return err.Error(), true
		}
		return "it does", connection.Close() != nil
	})
}

func (g *gateway) signal(t *testing.T, s os.Signal) {
	t.Helper()
	check(t, g.process.Process.Signal(s))
}

// wantStopped waits for the process to end, with exit status 0.
func (g *gateway) wantStopped(t *testing.T) {
	t.Helper()
	select {
	case <-g.exited:
	case <-time.After(patience):
		t.Fatal("it goes on")
	}
	if status := g.process.ProcessState.ExitCode(); status != exitOK {
		t.Errorf("exit status %d, want %d", status, exitOK)
	}
}

// slowFunction is a function that answers when it is told to.
type slowFunction struct {
	routes  string // a route file with it as GET /slow
	began   chan struct{}
	release chan struct{}
}

func newSlowFunction(t *testing.T) *slowFunction {
	t.Helper()
	f := &slowFunction{began: make(chan struct{}, 100), release: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices when the gateway goes away
		f.began <- struct{}{}
		select {
		case <-f.release:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, `{"statusCode": 200, "body": "slow"}`)
	}))
	t.Cleanup(server.Close)
	f.routes = fmt.Sprintf("functions: { slow: { url: %q, timeout: 0 } }\nroutes: { GET /slow: slow }\n", server.URL)
	return f
}

// request sends a request to the function and returns what will be answered.
func (f *slowFunction) request(g *gateway) <-chan string {
	answer := make(chan string, 1)
	go func() { answer <- g.get("/local/slow") }()
	return answer
}

// await returns when the function runs n times.
func (f *slowFunction) await(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-f.began:
		case <-time.After(patience):
			t.Fatal("the function was not called")
		}
	}
}

// output keeps what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, condition func() (state string, ok bool)) {
	t.Helper()
	const interval = 3 * time.Millisecond
	for deadline := time.Now().Add(patience); ; <-time.After(interval) {
		state, ok := condition()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %s", what, patience, state)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	check(t, os.WriteFile(path, []byte(text), 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// freePort returns a TCP port that is free, and stays so until the test is over: it is below the ports that the system gives to
// clients, and the UDP port of that number, which is kept, tells other tests that it is taken.
func freePort(fatalf func(string, ...any), atEnd func(func())) string {
	const first, last, attempts = 10_000, 32_000, 100
	for range attempts {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(last-first)))
		claim, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		atEnd(func() { _ = claim.Close() })
		if listener, err := net.Listen("tcp", address); err == nil && listener.Close() == nil {
			_, port, _ := net.SplitHostPort(address)
			return port
		}
	}
	fatalf("there is no free port")
	return ""
}

// awaitHealth returns when the gatewayd with this control listener answers.
func awaitHealth(ctx context.Context, url string) error {
	const interval = 2 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, err := askHealth(ctx, url)
		if err == nil || ctx.Err() != nil {
			return err
		}
		<-time.After(interval)
	}
}
