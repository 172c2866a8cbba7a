package conformance_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// rawCase is bytes as a client sends them and all that comes of them. Another request, next, follows in the same piece, so that
// whatever is left of the first stands before it.
type rawCase struct {
	Source     string           `yaml:"source"`
	Confidence trace.Confidence `yaml:"confidence"`
	Because    string           `yaml:"because"` // the rule by which there are these calls and no others

	Send    string           `yaml:"send"`    // $LONG stands for 200,000 bytes
	Answers []string         `yaml:"answers"` // status line, and after ": " the body unless it is the status again
	Calls   []map[string]any `yaml:"calls"`   // the function's events, as of a step
	Open    bool             `yaml:"open"`    // next is answered, too: the connection has gone on
}

const (
	rawRoutes = `
api: { stage: dev, basePath: / }
routes: { ANY /: backend, "ANY /{proxy+}": backend }
`
	next = "GET /next HTTP/1.1\r\nHost: gatewayd.test\r\nConnection: close\r\n\r\n"
)

// TestRawHTTP sends what is HTTP, almost HTTP or meant to deceive. Each gets exactly the answers that are stated, no request
// reaches the function that was not sent as one, and nothing of it stays. It is not parallel, because it counts goroutines.
func TestRawHTTP(t *testing.T) {
	backend := &journal{}
	address := serve(t, newEmulator(t, rawRoutes, emulator.Functions{"backend": backend}))
	exchange(t, address, next) // which begins what stays
	backend.take()
	before := runtime.NumGoroutine()
	files, err := filepath.Glob("testdata/rawhttp/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range readSections(string(text)) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+s.name, func(t *testing.T) {
				var c rawCase
				decodeStrict(t, s.name, s.text, &c)
				c.run(t, address, backend)
				if t.Failed() {
					t.Logf("source: %s (%s), because: %s", c.Source, c.Confidence, c.Because)
				}
			})
		}
	}
	settle(t, before)
}

func (c *rawCase) run(t *testing.T, address string, backend *journal) {
	t.Helper()
	if c.Source == "" || c.Confidence == "" || c.Because == "" {
		t.Fatal("a case has a source, a confidence and a reason")
	}
	conn := dial(t, address)
	// A refusal may come before the end of what is sent.
	_, _ = io.WriteString(conn, strings.ReplaceAll(c.Send, "$LONG", strings.Repeat("x", 200_000))+next)

	if c.Open {
		c.Answers = append(c.Answers, "HTTP/1.1 200 OK: ok")
		c.Calls = append(c.Calls, map[string]any{"path": "/next"})
	}
	if diff := cmp.Diff(c.Answers, conn.rest()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	events := backend.take()
	for i := range max(len(c.Calls), len(events)) {
		switch {
		case i >= len(events):
			t.Errorf("the function was not called: %v", c.Calls[i])
		case i >= len(c.Calls):
			t.Errorf("the function was called once too often: %v %v", lookUp(events[i], "httpMethod"), lookUp(events[i], "path"))
		default:
			checkEvent("event", c.Calls[i], events[i], func(what string, want, got any) {
				t.Helper()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			})
		}
	}
}

// rest returns the answers that arrive until the server closes the connection, as a rawCase has them.
func (c *client) rest() []string {
	c.t.Helper()
	var answers []string
	for {
		response, err := http.ReadResponse(c.reader, nil)
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
				c.t.Errorf("after %d answers: %v", len(answers), err)
			}
			return answers
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			c.t.Errorf("body of %s: %v", response.Status, err)
		}
		answer := response.Proto + " " + response.Status
		if text := string(body); text != "" && text != response.Status {
			answer += ": " + text
		}
		answers = append(answers, answer)
	}
}

// journal is a function that answers "ok" and keeps its events.
type journal struct {
	mu     sync.Mutex
	events []any
}

func (j *journal) Invoke(_ context.Context, event []byte) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, decodeJSON(event))
	return []byte(`{"body":"ok"}`), nil
}

// take returns the events since the last time.
func (j *journal) take() []any {
	j.mu.Lock()
	defer j.mu.Unlock()
	events := j.events
	j.events = nil
	return events
}
