package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

// awsAnswer is a recorded answer of the Invoke API. Without a functionError its body is the function's answer.
type awsAnswer struct {
	Name          string `json:"name"`
	FunctionError string `json:"functionError"`
	Body          string `json:"body"`
	Type          string `json:"type"`
	Message       string `json:"message"`
}

func awsAnswers(tb testing.TB) []awsAnswer {
	tb.Helper()
	data, err := os.ReadFile("testdata/aws/invoke-answers.json")
	if err != nil {
		tb.Fatal(err)
	}
	var answers []awsAnswer
	if err := json.Unmarshal(data, &answers); err != nil {
		tb.Fatal(err)
	}
	return answers
}

func TestURLAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range awsAnswers(t) {
		t.Run(test.Name, func(t *testing.T) {
			t.Parallel()
			answer, err := function.URL("f", "http://lambda/", 0, fixed(http.StatusOK, test.FunctionError, test.Body)).
				Invoke(t.Context(), call(`{}`))
			if test.FunctionError == "" {
				if err != nil || string(answer) != test.Body {
					t.Errorf("answer %q, %v; want %q", answer, err, test.Body)
				}
				return
			}
			want := &function.Error{Type: test.Type, Message: test.Message, Payload: []byte(test.Body)}
			if diff := cmp.Diff(want, functionError(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestURLRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		Method, URL, Body string
		Header            http.Header
	}
	var got seen
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		got = seen{r.Method, r.URL.String(), string(body), r.Header}
		return respond(http.StatusOK, "", strings.NewReader(`{}`)), err
	})
	endpoint := "http://127.0.0.1:9000/2015-03-31/functions/function/invocations"
	if _, err := function.URL("f", endpoint, 0, transport).Invoke(t.Context(), call(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	want := seen{"POST", endpoint, `{"a":1}`, http.Header{
		"Content-Type":          {"application/json"},
		"User-Agent":            {"gatewayd"},
		"X-Amz-Invocation-Type": {"RequestResponse"},
		"X-Amz-Log-Type":        {"None"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestURLRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		is     error
		want   string
	}{
		{
			"throttled", http.StatusTooManyRequests, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`,
			function.ErrThrottled,
			`function "f": function is throttled: HTTP status 429: ` +
				`"{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\",\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}"`,
		},
		{"forbidden", http.StatusForbidden, `{"Message":"no"}`, function.ErrForbidden, `function "f": function may not be invoked: HTTP status 403: "{\"Message\":\"no\"}"`},
		{"not found", http.StatusNotFound, "404 page not found\n", function.ErrNotFound, `function "f": function not found: HTTP status 404: "404 page not found"`},
		{"redirect", http.StatusTemporaryRedirect, "", function.ErrUnreachable, `function "f": endpoint gave no answer: HTTP status 307: ""`},
		{"accepted", http.StatusAccepted, "{}", function.ErrUnreachable, `function "f": endpoint gave no answer: HTTP status 202: "{}"`},
		{"broken", http.StatusBadGateway, "\xff" + strings.Repeat("x", 1<<20), function.ErrUnreachable, `function "f": endpoint gave no answer: HTTP status 502: "\xff` + strings.Repeat("x", 255) + `"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := function.URL("f", "http://lambda/", 0, fixed(test.status, "", test.body)).Invoke(t.Context(), call(`{}`))
			if diff := cmp.Diff(test.want, message(err)); !errors.Is(err, test.is) || diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestURLWithNoEndpoint covers what is no HTTP answer at all.
func TestURLWithNoEndpoint(t *testing.T) {
	t.Parallel()
	closed := serve(t, nil)
	tests := []struct {
		name     string
		endpoint string
	}{
		{"nobody listens", "http://" + closed},
		{"hangs up", "http://" + serve(t, func(net.Conn) {})},
		{"does not speak HTTP", "http://" + serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.9\r\n") })},
		{"breaks off in the head", "http://" + serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le") })},
		{"breaks off in the answer", "http://" + serve(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\"")
		})},
		{"breaks off in a chunk", "http://" + serve(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"")
		})},
		{"no scheme", "127.0.0.1:9000"},
		{"no URL", "http://[::1"},
		{"unknown scheme", "lambda://function"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			transport := new(http.Transport)
			t.Cleanup(transport.CloseIdleConnections)
			answer, err := function.URL("f", test.endpoint, 0, transport).Invoke(t.Context(), call(`{}`))
			if !errors.Is(err, function.ErrUnreachable) {
				t.Errorf("answer %s, error %v; want ErrUnreachable", answer, err)
			}
		})
	}
}

// TestURLHugeAnswer has an endpoint that sends 100 MB, and checks that little more than the limit was taken from it.
func TestURLHugeAnswer(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	taken := 0
	body := readerFunc(func(p []byte) (int, error) {
		if taken >= size {
			return 0, io.EOF
		}
		taken += len(p)
		return len(p), nil
	})
	transport := roundTripper(func(*http.Request) (*http.Response, error) { return respond(http.StatusOK, "", body), nil })
	_, err := function.URL("f", "http://lambda/", 0, transport).Invoke(t.Context(), call(`{}`))
	if got := functionError(t, err); got.Type != function.TypeTooLarge {
		t.Errorf("type %s, want %s", got.Type, function.TypeTooLarge)
	}
	if taken > function.MaxAnswer+1 {
		t.Errorf("%d bytes taken, want at most %d", taken, function.MaxAnswer+1)
	}
}

// TestURLTimes has a real client and server talk over a pipe, in the bubble's time.
func TestURLTimes(t *testing.T) {
	t.Parallel()
	const timedOut = "RequestId: " + requestID + " Error: Task timed out after 3.00 seconds"
	slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that its client is gone
		select {
		case <-time.After(10 * time.Second):
		case <-r.Context().Done():
		}
	})
	trickle := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
		}
	})
	tests := []struct {
		name    string
		handler http.Handler
		timeout time.Duration
		patient time.Duration
		takes   time.Duration
		wantErr string
		is      error
	}{
		{name: "in time", handler: slow, timeout: 11 * time.Second, takes: 10 * time.Second},
		{name: "over the limit", handler: slow, timeout: 3 * time.Second, takes: 3 * time.Second, wantErr: timedOut},
		{name: "over the limit in the answer", handler: trickle, timeout: 3 * time.Second, takes: 3 * time.Second, wantErr: timedOut},
		{
			name: "caller gives up", handler: slow, patient: 2 * time.Second, takes: 2 * time.Second,
			wantErr: `function "f": context deadline exceeded`, is: context.DeadlineExceeded,
		},
		{
			name: "caller gives up in the answer", handler: trickle, timeout: 3 * time.Second, patient: 2 * time.Second, takes: 2 * time.Second,
			wantErr: `function "f": context deadline exceeded`, is: context.DeadlineExceeded,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := function.URL("f", "http://lambda/", test.timeout, pipe(t, test.handler))
				ctx := t.Context()
				if test.patient > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.patient)
					defer cancel()
				}
				start := time.Now()
				_, err := f.Invoke(ctx, call(`{}`))
				if took := time.Since(start); took != test.takes {
					t.Errorf("took %v, want %v", took, test.takes)
				}
				if message(err) != test.wantErr || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("error %v, want %q", err, test.wantErr)
				}
			})
		})
	}
}

// TestURLReusesItsConnection also after a refusal and after a function error.
func TestURLReusesItsConnection(t *testing.T) {
	t.Parallel()
	connections := make(map[string]bool)
	var mu sync.Mutex
	statuses := []int{200, 404, 429, 500, 200}
	answered := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		connections[r.RemoteAddr] = true
		if answered == 0 {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		w.WriteHeader(statuses[answered])
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
		answered++
	}))
	t.Cleanup(server.Close)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	f := function.URL("f", server.URL, 0, transport)
	for range statuses {
		_, _ = f.Invoke(t.Context(), call(`{}`))
	}
	if len(connections) != 1 || answered != len(statuses) {
		t.Errorf("%d invocations used %d connections, want %d and 1", answered, len(connections), len(statuses))
	}
}

// TestURLLeavesNothing counts goroutines, so it is not parallel.
func TestURLLeavesNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, function.MaxAnswer+1))
	}))
	before := runtime.NumGoroutine()
	transport := new(http.Transport)
	f := function.URL("f", server.URL, 0, transport)
	for range 10 {
		_, _ = f.Invoke(t.Context(), call(`{}`))
	}
	transport.CloseIdleConnections()
	server.Close()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// FuzzFunctionError reads what an endpoint may send as a function's error.
func FuzzFunctionError(f *testing.F) {
	for _, answer := range awsAnswers(f) {
		f.Add([]byte(answer.Body))
	}
	f.Add([]byte(`{"errorMessage":"a","errorMessage":"b"}`))
	f.Add([]byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := function.URL("f", "http://lambda/", 0, fixed(http.StatusOK, "Unhandled", string(body))).
			Invoke(t.Context(), call(`{}`))
		got := functionError(t, err)
		if string(got.Payload) != string(body) {
			t.Errorf("payload %q, want %q", got.Payload, body)
		}
		if !utf8.ValidString(got.Message) || !utf8.ValidString(got.Type) {
			t.Errorf("type %q, message %q", got.Type, got.Message)
		}
		var document struct {
			Message *string `json:"errorMessage"`
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(body, &members) != nil || members["errorMessage"] == nil {
			return
		}
		if json.Unmarshal([]byte(`{"errorMessage":`+string(members["errorMessage"])+`}`), &document) == nil &&
			document.Message != nil && *document.Message != got.Message {
			t.Errorf("message %q, want %q", got.Message, *document.Message)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func fixed(status int, functionError, body string) http.RoundTripper {
	return roundTripper(func(*http.Request) (*http.Response, error) {
		return respond(status, functionError, strings.NewReader(body)), nil
	})
}

func respond(status int, functionError string, body io.Reader) *http.Response {
	header := make(http.Header)
	if functionError != "" {
		header.Set("X-Amz-Function-Error", functionError)
	}
	if status == http.StatusTemporaryRedirect {
		header.Set("Location", "http://elsewhere/")
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body)}
}

// serve answers each connection with talk after it has read something, and hangs up. Without talk nobody listens.
func serve(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if talk == nil {
		_ = listener.Close()
		return listener.Addr().String()
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			talk(conn)
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return listener.Addr().String()
}

// pipe is a transport to a server of handler that needs no network, so that both can be in a bubble.
func pipe(t *testing.T, handler http.Handler) http.RoundTripper {
	t.Helper()
	connections := make(chan net.Conn)
	listener := &pipeListener{connections: connections, closed: make(chan struct{})}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case connections <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		serving.Wait()
	})
	return transport
}

type pipeListener struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.connections:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.closed)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
