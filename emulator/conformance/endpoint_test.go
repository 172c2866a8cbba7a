package conformance_test

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestIntegrations(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/integration")
}

// endpoint is the HTTP endpoint of an integration, without a network: requests and responses go through their bytes on the wire.
type endpoint struct {
	answers []string // in turn; the last one goes on

	mu       sync.Mutex
	requests []map[string]any
}

// RoundTrip makes endpoint a [http.RoundTripper].
func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, err
	}
	head, body, _ := strings.Cut(wire.String(), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	method, target, _ := strings.Cut(strings.TrimSuffix(lines[0], " HTTP/1.1"), " ")
	headers := map[string]any{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		switch before := headers[name].(type) {
		case nil:
			headers[name] = value
		case string:
			headers[name] = []any{before, value}
		case []any:
			headers[name] = append(before, value)
		}
	}
	e.mu.Lock()
	answer := "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
	if len(e.answers) > 0 {
		answer = e.answers[min(len(e.requests), len(e.answers)-1)]
	}
	e.requests = append(e.requests, map[string]any{"method": method, "target": target, "headers": headers, "body": body})
	e.mu.Unlock()
	head, body, _ = strings.Cut(answer, "\n\n")
	return http.ReadResponse(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body)), r)
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.requests)
}

// since is the newest request, nil when there was none since so many.
func (e *endpoint) since(count int) any {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.requests) == count {
		return nil
	}
	return any(e.requests[len(e.requests)-1])
}
