//go:build unix

package function_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

// puppet is a process in whose place the test speaks to the Runtime API.
type puppet struct {
	function *function.Process
	address  string
	pid      int
	lines    *journal
	tracker  *function.Tracker
	client   *http.Client
}

// newPuppet returns a puppet whose process has started, and the result of its first invocation, which waits for it.
func newPuppet(t *testing.T, change func(*function.ProcessSpec)) (*puppet, chan result) {
	t.Helper()
	tracker := new(function.Tracker)
	host, lines := hostOf(t, function.HostOptions{Tracker: tracker})
	spec := goSpec(t, "puppet")
	if change != nil {
		change(&spec)
	}
	p := processOf(t, host, spec)
	results := start(t, p, function.Invocation{RequestID: "req-1", ARN: "arn:f", Payload: []byte(`{"n":1}`)})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	made := &puppet{function: p, lines: lines, tracker: tracker, client: &http.Client{Transport: transport}}
	made.meet(t, 1)
	// The host waits for its invocation.
	t.Cleanup(func() { go made.ask(context.Background()) })
	return made, results
}

// meet makes it the puppet of the nth process that has started.
func (p *puppet) meet(t *testing.T, n int) {
	t.Helper()
	eventually(t, "a process has started", func() bool {
		all := p.lines.all()
		all = slices.DeleteFunc(all, func(line function.Line) bool { return !strings.HasPrefix(line.Text, "puppet ") })
		if len(all) < n {
			return false
		}
		_, err := fmt.Sscanf(all[n-1].Text, "puppet %s %d", &p.address, &p.pid)
		return err == nil
	})
}

type result struct {
	answer string
	err    error
}

// start invokes the function and returns at once.
func start(t *testing.T, f function.Function, in function.Invocation) chan result {
	t.Helper()
	results := make(chan result, 1)
	go func() {
		answer, err := f.Invoke(t.Context(), in)
		results <- result{string(answer), err}
	}()
	return results
}

func (p *puppet) do(t *testing.T, method, resource, body string) (status int, text string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.address+resource, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header
}

// send sends bytes and nothing more, and waits for the end of the answer.
func (p *puppet) send(t *testing.T, bytes string) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialTCP(t.Context(), "tcp", netip.AddrPort{}, netip.MustParseAddrPort(p.address))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, bytes)
	_ = conn.CloseWrite()
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}

// ask asks for an event that never comes, which ends the invocation before it. It returns when the process has ended.
func (p *puppet) ask(ctx context.Context) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+nextEvent, nil)
	if err != nil {
		return
	}
	if response, err := p.client.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

const (
	runtimeAPI = "/2018-06-01/runtime/"
	nextEvent  = runtimeAPI + "invocation/next"
)

// The conversation of a runtime with Lambda, with what goes wrong in it.
func TestRuntimeAPI(t *testing.T) {
	t.Parallel()
	p, results := newPuppet(t, nil)

	const accepted = `{"status":"OK"}` + "\n"
	forbidden := func(from, to string) string {
		return `{"errorMessage":"Transition from ` + from + ` to ` + to + ` failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}` + "\n"
	}
	const invalidID = `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}` + "\n"
	steps := []struct {
		name, method, resource, body string
		status                       int
		want                         string
	}{
		{"answer before there is an event", "POST", "invocation/req-1/response", "1", 400, invalidID},
		{"the event", "GET", "invocation/next", "", 200, `{"n":1}`},
		{"ask again", "GET", "invocation/next", "", 403, forbidden("Running", "Ready")},
		{"init error too late", "POST", "init/error", "{}", 403, forbidden("Running", "InitError")},
		{"another id", "POST", "invocation/req-2/response", "1", 400, invalidID},
		{"another id's error", "POST", "invocation/req-2/error", "1", 400, invalidID},
		{"no such outcome", "POST", "invocation/req-1/ponder", "1", 404, "404 page not found\n"},
		{"no outcome", "POST", "invocation/req-1", "1", 404, "404 page not found\n"},
		{"no such resource", "GET", "rubbish", "", 404, "404 page not found\n"},
		{"another method", "DELETE", "invocation/req-1/response", "", 405, ""},
		{"another method to next", "POST", "invocation/next", "", 405, ""},
		{"the answer", "POST", "invocation/req-1/response", `not JSON`, 202, accepted},
		{"the answer again", "POST", "invocation/req-1/response", "2", 403, forbidden("ResponseSent", "InvocationResponse")},
		{"an error after it", "POST", "invocation/req-1/error", "2", 403, forbidden("ResponseSent", "InvocationErrorResponse")},
	}
	for _, step := range steps {
		status, text, header := p.do(t, step.method, runtimeAPI+step.resource, step.body)
		if status != step.status || text != step.want {
			t.Errorf("%s: %d %q, want %d %q", step.name, status, text, step.status, step.want)
		}
		if step.name != "the event" {
			continue
		}
		got := map[string]string{}
		for name := range header {
			if strings.HasPrefix(name, "Lambda-Runtime-") && name != "Lambda-Runtime-Deadline-Ms" && name != "Lambda-Runtime-Trace-Id" {
				got[name] = header.Get(name)
			}
		}
		want := map[string]string{"Lambda-Runtime-Aws-Request-Id": "req-1", "Lambda-Runtime-Invoked-Function-Arn": "arn:f"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	}
	go p.ask(t.Context())
	if got := <-results; got.answer != "not JSON" || got.err != nil {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
}

func TestRuntimeAPIPassesOnWhatTheCallerTells(t *testing.T) {
	t.Parallel()
	p, first := newPuppet(t, nil)
	p.do(t, http.MethodGet, nextEvent, "")
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", "1")
	<-first

	results := start(t, p.function, function.Invocation{
		RequestID: "req-2", Payload: []byte("{}"), ClientContext: `{"custom":{"a":"b"}}`, CognitoIdentity: `{"cognitoIdentityId":"c"}`,
		TraceID: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	})
	_, _, header := p.do(t, http.MethodGet, nextEvent, "")
	for name, want := range map[string]string{
		"Lambda-Runtime-Client-Context":   `{"custom":{"a":"b"}}`,
		"Lambda-Runtime-Cognito-Identity": `{"cognitoIdentityId":"c"}`,
		"Lambda-Runtime-Trace-Id":         "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-2/error", `{"errorType":"E","errorMessage":"m","extra":[1]}`)
	got := <-results
	want := &function.Error{Type: "E", Message: "m", Payload: []byte(`{"errorType":"E","errorMessage":"m","extra":[1]}`)}
	if diff := cmp.Diff(want, functionError(t, got.err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestRuntimeAPIRefusesAnAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	for _, size := range []int{function.MaxAnswer, function.MaxAnswer + 1, 20 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			p, results := newPuppet(t, nil)
			p.do(t, http.MethodGet, nextEvent, "")
			status, text, _ := p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", strings.Repeat("x", size))
			got := <-results
			if size <= function.MaxAnswer {
				if status != http.StatusAccepted || len(got.answer) != size || got.err != nil {
					t.Errorf("status %d, %d bytes, %v", status, len(got.answer), got.err)
				}
				return
			}
			const want = `{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}` + "\n"
			if status != http.StatusRequestEntityTooLarge || text != want {
				t.Errorf("%d %q, want 413 %q", status, text, want)
			}
			if e := functionError(t, got.err); e.Type != function.TypeTooLarge {
				t.Errorf("error %v", e)
			}
		})
	}
}

// aws-lambda-go reports an answer that it could not finish in the trailers of the answer.
func TestRuntimeAPIBrokenOffAnswer(t *testing.T) {
	t.Parallel()
	p, results := newPuppet(t, nil)
	p.do(t, http.MethodGet, nextEvent, "")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+p.address+runtimeAPI+"invocation/req-1/response", io.MultiReader(strings.NewReader("half an ans")))
	if err != nil {
		t.Fatal(err)
	}
	request.Trailer = http.Header{
		"Lambda-Runtime-Function-Error-Type": {"Broken"},
		"Lambda-Runtime-Function-Error-Body": {"eyJlcnJvck1lc3NhZ2UiOiJzbmFwcGVkIiwiZXJyb3JUeXBlIjoiQnJva2VuIn0="},
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	got := functionError(t, (<-results).err)
	if got.Type != "Broken" || got.Message != "snapped" {
		t.Errorf("error %+v", got)
	}
}

func TestRuntimeAPIInitError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body, header string
		want               *function.Error
	}{
		{
			name: "document", body: `{"errorType":"Runtime.ImportModuleError","errorMessage":"no"}`,
			want: &function.Error{Type: "Runtime.ImportModuleError", Message: "no", Payload: []byte(`{"errorType":"Runtime.ImportModuleError","errorMessage":"no"}`)},
		},
		{name: "type in the header", body: `{}`, header: "Runtime.X", want: &function.Error{Type: "Runtime.X", Payload: []byte(`{}`)}},
		{name: "rubbish", body: "\xff", header: "Runtime.X", want: &function.Error{Type: "Runtime.X", Message: "�", Payload: []byte("\xff")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, results := newPuppet(t, nil)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+runtimeAPI+"init/error", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Lambda-Runtime-Function-Error-Type", tt.header)
			response, err := p.client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusAccepted {
				t.Errorf("status %d", response.StatusCode)
			}
			if diff := cmp.Diff(tt.want, functionError(t, (<-results).err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// Bytes that are no HTTP, and requests that are cut off, harm nobody: the invocation is still answered.
func TestRuntimeAPIRubbishOnTheWire(t *testing.T) {
	t.Parallel()
	p, results := newPuppet(t, nil)
	p.do(t, http.MethodGet, nextEvent, "")
	for _, bytes := range []string{
		"\x00\xff\x16\x03\x01 rubbish\r\n\r\n",
		"POST " + runtimeAPI + "invocation/req-1/response HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nfewer",
		"POST " + runtimeAPI + "invocation/req-1/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST " + runtimeAPI + "invocation/req-1/error HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		p.send(t, bytes)
	}
	if status, text, _ := p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", `"still"`); status != http.StatusAccepted {
		t.Errorf("%d %s", status, text)
	}
	if got := <-results; got.answer != `"still"` || got.err != nil {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
}

// abort asks for an event and breaks off. It returns when that has been noticed.
func (p *puppet) abort(t *testing.T) {
	t.Helper()
	p.send(t, "GET "+nextEvent+" HTTP/1.1\r\nHost: x\r\n\r\n")
}

// A poll that is broken off loses no event: whoever asks next gets it.
func TestRuntimeAPIPollBrokenOff(t *testing.T) {
	t.Parallel()
	p, results := newPuppet(t, nil)
	p.do(t, http.MethodGet, nextEvent, "")
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", "1")
	<-results
	p.abort(t)
	results = start(t, p.function, function.Invocation{RequestID: "req-2", Payload: []byte(`{"n":2}`)})
	if _, text, _ := p.do(t, http.MethodGet, nextEvent, ""); text != `{"n":2}` {
		t.Errorf("event %q", text)
	}
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-2/response", "2")
	if got := <-results; got.answer != "2" {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
}

// An event that its process has not fetched when it ends goes to the next process.
func TestRuntimeAPIEventOfAProcessThatEnds(t *testing.T) {
	t.Parallel()
	p, results := newPuppet(t, nil)
	p.do(t, http.MethodGet, nextEvent, "")
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", "1")
	<-results
	p.abort(t)
	results = start(t, p.function, function.Invocation{RequestID: "req-2", Payload: []byte(`{"n":2}`)})
	eventually(t, "the process has it", func() bool { return len(p.tracker.Running()) == 1 })
	signal(t, p.pid, syscall.SIGKILL)
	p.meet(t, 2)
	if _, text, _ := p.do(t, http.MethodGet, nextEvent, ""); text != `{"n":2}` {
		t.Errorf("event %q", text)
	}
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-2/response", "2")
	if got := <-results; got.answer != "2" {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
}

// An answer that was accepted is the answer, even when the process does not ask for the next event before its time is over.
func TestRuntimeAPIAcceptedAnswerCounts(t *testing.T) {
	t.Parallel()
	p, results := newPuppet(t, func(spec *function.ProcessSpec) { spec.Timeout = 300 * time.Millisecond })
	p.do(t, http.MethodGet, nextEvent, "")
	began := time.Now()
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", `"in time"`)
	if got := <-results; got.answer != `"in time"` || got.err != nil || time.Since(began) > 250*time.Millisecond {
		t.Errorf("answer %q, %v after %v", got.answer, got.err, time.Since(began))
	}
}

func FuzzRuntimeAPI(f *testing.F) {
	f.Add([]byte("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST /2018-06-01/runtime/invocation/req-1/response HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"))
	f.Add([]byte("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"))
	lines := &journal{changed: make(chan struct{}, 1)}
	host := function.NewHost(function.HostOptions{Output: lines.add})
	f.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		_ = host.Close(now) // the error says that it had to be killed
	})
	spec := goSpec(f, "puppet")
	spec.Timeout, spec.InitTimeout = 0, 0
	p := processOf(f, host, spec)
	ctx, cancel := context.WithCancel(f.Context())
	f.Cleanup(cancel)
	go func() { _, _ = p.Invoke(ctx, function.Invocation{RequestID: "req-1"}) }()
	address := strings.Fields(lines.wait(f, "puppet ").Text)[1]
	response, err := http.Get("http://" + address + nextEvent)
	if err != nil {
		f.Fatal(err)
	}
	_ = response.Body.Close()
	f.Fuzz(func(t *testing.T, data []byte) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(50 * time.Millisecond)) // an event that never comes, a request that never ends
		_, _ = conn.Write(data)
		answer, _ := io.ReadAll(conn)
		_ = conn.Close()
		if len(answer) > 0 && !bytes.HasPrefix(answer, []byte("HTTP/1.")) {
			t.Errorf("answer %q", answer)
		}
	})
}
