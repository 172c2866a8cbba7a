package emulator_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
)

// A function that never returns is counted and told of, and gives its connection back; one that heeds its context is not
// worth a word.
func TestFunctionThatNeverReturns(t *testing.T) {
	t.Parallel()
	const hint = `function "stubborn" goes on though its time is up`
	for _, tt := range []struct {
		name, path string
		heeds      bool
	}{
		{name: "integration", path: "/dev/stubborn"},
		{name: "integration that heeds its context", path: "/dev/stubborn", heeds: true},
		{name: "authorizer", path: "/dev/guarded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log memoryLog
				release := make(chan struct{})
				stubborn := func(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
					ended := ctx.Done()
					if !tt.heeds {
						ended = nil
					}
					select {
					case <-release:
					case <-ended:
					}
					return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
				}
				e, err := emulator.New(emulator.Routes(`
api: { stage: dev, timeoutInMillis: 1000, authorizerTimeoutInMillis: 1000 }
authorizers: { stubborn: { function: stubborn } }
routes: { GET /stubborn: stubborn, GET /other: other, GET /guarded: { function: other, authorizer: stubborn } }
`), emulator.Functions{"stubborn": emulator.Func(stubborn), "other": answer("other")}, &emulator.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
				if err != nil {
					t.Fatal(err)
				}
				listener, dial := pipes(t)
				ctx, stop := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() { served <- e.Serve(ctx, listener) }()

				for range 3 {
					conn := request(t, dial, tt.path)
					start := time.Now()
					text, err := io.ReadAll(conn)
					if err != nil || !strings.Contains(string(text), "HTTP/1.1 50") {
						t.Errorf("got %q, %v", text, err)
					}
					// A second to have the answer and a second to read it, whether or not the function returns.
					if took := time.Since(start); took > 2*time.Second && tt.path == "/dev/stubborn" {
						t.Errorf("the connection was closed after %v", took)
					}
				}
				conn := request(t, dial, "/dev/other")
				if text := make([]byte, len("HTTP/1.1 200 OK")); !full(conn, text) || string(text) != "HTTP/1.1 200 OK" {
					t.Errorf("another client got %q", text)
				}
				_ = conn.Close() // the rest of the answer does not matter

				time.Sleep(time.Second)
				wantRunning := "gatewayd_functions_running{function=\"stubborn\"} 3\n"
				if times := strings.Count(log.String(), "goes on"); tt.heeds && times != 0 || !tt.heeds && (times != 1 || !strings.Contains(log.String(), strings.ReplaceAll(hint, `"`, `\"`))) {
					t.Errorf("the log says so %d times:\n%s", times, log.String())
				}
				if got := metricsText(t, e); strings.Contains(got, wantRunning) == tt.heeds {
					t.Errorf("metrics:\n%s", got)
				}
				close(release)
				if err := e.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				if got := metricsText(t, e); strings.Contains(got, "gatewayd_functions_running{") {
					t.Errorf("afterwards:\n%s", got)
				}
				stop()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// request sends one on a connection of its own.
func request(t *testing.T, dial dialer, path string) net.Conn {
	t.Helper()
	conn, err := dial(t.Context(), "tcp", "gateway.test:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func full(r io.Reader, into []byte) bool {
	_, err := io.ReadFull(r, into)
	return err == nil
}

// metricsText is what WriteMetrics writes.
func metricsText(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	var text strings.Builder
	if err := e.WriteMetrics(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// memoryLog is a log that a test can read.
type memoryLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *memoryLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *memoryLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
