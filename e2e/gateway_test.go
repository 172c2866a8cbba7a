package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something that takes milliseconds.
const patience = 20 * time.Second

// gateway is a running gatewayd.
type gateway struct {
	api, control   string // URLs: of the stage, and of the control listener
	routes         string // the route file
	stdout, stderr output
}

// start serves the route file of an example, with nothing in its environment but these variables.
func start(t *testing.T, example string, environment ...string) *gateway {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "examples", example, "routes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, string(text), environment...)
}

// serve serves a route file.
func serve(t *testing.T, routes string, environment ...string) *gateway {
	t.Helper()
	folder := t.TempDir()
	g := &gateway{routes: filepath.Join(folder, "routes.yaml")}
	g.write(t, routes)
	process := exec.Command(os.Getenv(programVariable), "--port", "0", "--control-port", freePort(t))
	process.Dir, process.Env = folder, environment
	process.Stdout, process.Stderr = &g.stdout, &g.stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() {
		exited <- process.Wait()
		g.stdout.end()
		g.stderr.end()
	}()
	t.Cleanup(func() {
		if err := process.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("interrupt: %v", err)
		}
		if err := <-exited; err != nil {
			t.Errorf("gatewayd: %v", err)
		}
		if t.Failed() {
			t.Logf("standard output:\n%s\nstandard error:\n%s", g.stdout.from(0), g.stderr.from(0))
		}
	})
	g.api = g.stdout.await(t, 0, `(?m)^API +(\S+) `)
	g.control = g.stdout.await(t, 0, `(?m)^control +(\S+)$`)
	return g
}

func (g *gateway) write(t *testing.T, routes string) {
	t.Helper()
	if err := os.WriteFile(g.routes, []byte(routes), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is a port below those that the system gives to clients. It is claimed, by its UDP half, until the test ends, so
// that no other test takes it before gatewayd has.
func freePort(t *testing.T) string {
	t.Helper()
	const first, count, attempts = 10_000, 20_000, 100
	for range attempts {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(count)))
		claim, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = claim.Close() })
		if listener, err := net.Listen("tcp", address); err == nil && listener.Close() == nil {
			_, port, _ := net.SplitHostPort(address)
			return port
		}
	}
	t.Fatal("there is no free port")
	return ""
}

// request is what a client sends: the header lines as curl -H takes them.
type request struct {
	method, path string // GET if empty; after the stage
	headers      []string
	body         string
}

// answer is what the client gets.
type answer struct {
	status int
	body   string
	id     string // x-amzn-RequestId
}

// do sends a request. It may be called by any goroutine.
func (g *gateway) do(t *testing.T, r request) answer {
	t.Helper()
	sent, err := http.NewRequestWithContext(t.Context(), r.method, g.api+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Error(err)
		return answer{}
	}
	for _, line := range r.headers {
		name, value, _ := strings.Cut(line, ": ")
		sent.Header[name] = append(sent.Header[name], value)
	}
	response, err := http.DefaultClient.Do(sent)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{response.StatusCode, string(body), response.Header.Get("x-amzn-RequestId")}
}

// want compares the answer to a request, and returns its id.
func (g *gateway) want(t *testing.T, r request, status int, body string) string {
	t.Helper()
	got := g.do(t, r)
	if got.status != status || got.body != body {
		t.Errorf("%s %s:\n got %d %s\nwant %d %s", r.method, r.path, got.status, got.body, status, body)
	}
	return got.id
}

// What API Gateway answers when it refuses.
const (
	unauthorized = `{"message":"Unauthorized"}`
	explicitDeny = `{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`
	implicitDeny = `{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}`
)

// account is what gatewayd tells about a request: its trace.
type account struct {
	Route  string
	Code   string
	Reason string
	Steps  []step
	Cache  struct {
		State     string
		WrittenBy struct{ RequestID, Method, Path string }
	}
}

type step struct {
	Name, Code string
	Detail     struct{ Error string }
}

// names are the names of the steps.
func (a account) names() string {
	names := make([]string, len(a.Steps))
	for i, s := range a.Steps {
		names[i] = s.Name
	}
	return strings.Join(names, " ")
}

func (g *gateway) trace(t *testing.T, id string) account {
	t.Helper()
	var trace account
	g.tell(t, "/_gatewayd/traces/"+id, &trace)
	return trace
}

// tell asks the control listener.
func (g *gateway) tell(t *testing.T, path string, into any) {
	t.Helper()
	sent, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.control+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(sent)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// line is what the log said of a request.
func (g *gateway) line(t *testing.T, id string) string {
	t.Helper()
	return g.stdout.await(t, 0, `(?m)^(.*) `+id+`\]$`)
}

// output is what a process has printed so far.
type output struct {
	mu    sync.Mutex
	text  []byte
	more  chan struct{} // closed when there is more, nil when nobody waits
	ended bool
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, text...)
	o.wake()
	return len(text), nil
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.wake()
}

func (o *output) wake() {
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
}

func (o *output) length() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.text)
}

func (o *output) from(offset int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text[offset:])
}

// await waits until what was printed after an offset matches, and returns the expression's group.
func (o *output) await(t *testing.T, offset int, expression string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pattern := regexp.MustCompile(expression)
	for {
		o.mu.Lock()
		text, ended := string(o.text[offset:]), o.ended
		if o.more == nil {
			o.more = make(chan struct{})
		}
		more := o.more
		o.mu.Unlock()
		if found := pattern.FindStringSubmatch(text); found != nil {
			return found[len(found)-1]
		}
		if ended {
			t.Fatalf("gatewayd has ended and printed no %s:\n%s", expression, text)
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("no %s within %s:\n%s", expression, patience, text)
		}
	}
}
