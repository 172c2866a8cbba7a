package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// What clients send to be let in can be read nowhere, whatever the header is called: not in traces, one or all or as they come,
// not in the log, the cache, the metrics, an explanation or a test of the authorizer.
func TestSecretsAreMaskedEverywhere(t *testing.T) {
	t.Parallel()
	said := told(t, false)
	for where, text := range said {
		if strings.Contains(text, secretHeader) || strings.Contains(text, secretQuery) || strings.Contains(text, "hunter2") {
			t.Errorf("%s tells a secret:\n%s", where, text)
		}
	}
	for _, where := range []string{"GET /_gatewayd/traces", "stream"} {
		if text := said[where]; !strings.Contains(text, "********tail11") || !strings.Contains(text, "********tail22") {
			t.Errorf("%s does not show what it hides:\n%s", where, text)
		}
	}
}

// Who asks for the secrets has them, but never in the metrics, which are kept.
func TestShowSecrets(t *testing.T) {
	t.Parallel()
	for where, text := range told(t, true) {
		switch where {
		case "GET /_gatewayd/metrics", "GET /_gatewayd/config", "GET /_gatewayd/routes", "GET /_gatewayd/authorizers", "GET /_gatewayd/health", "GET /_gatewayd/verify-cache":
			if strings.Contains(text, "hunter2") {
				t.Errorf("%s tells a secret:\n%s", where, text)
			}
		default:
			if !strings.Contains(text, secretHeader) || strings.Contains(text, "****") {
				t.Errorf("%s hides what it was to show:\n%s", where, text)
			}
		}
	}
}

const secretHeader, secretQuery = "hunter2-header-tail11", "hunter2-query-tail22"

// told is what an emulator tells about requests that bring secrets, by the place where it does. It has verified its cache, too.
func told(t *testing.T, showSecrets bool) map[string]string {
	t.Helper()
	const header, query = secretHeader, secretQuery
	var log bytes.Buffer
	var mu sync.Mutex
	g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
authorizers:
  strange: { type: REQUEST, function: auth, identitySource: [method.request.header.X-Strange, method.request.querystring.sig] }
routes:
  GET /pets: { function: echo, authorizer: strange }
  GET /failing: { function: failing, authorizer: strange }
`), emulator.Functions{
		"auth": emulator.Func(func(_ context.Context, event struct{ Headers map[string]string }) (json.RawMessage, error) {
			return json.RawMessage(`{"principalId":"` + event.Headers["X-Strange"] + `","context":{"seen":"` + event.Headers["X-Strange"] + `"},
				"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`), nil
		}),
		"echo": emulator.Func(func(_ context.Context, event json.RawMessage) (map[string]any, error) {
			return map[string]any{"statusCode": 200, "body": string(event)}, nil
		}),
		"failing": emulator.Func(func(_ context.Context, event struct{ Headers map[string]string }) (any, error) {
			return nil, fmt.Errorf("the caller %s is unknown", event.Headers["X-Strange"])
		}),
	}, &emulator.Options{
		ExplainHeader: true, ShowSecrets: showSecrets, VerifyCache: true, Log: slog.New(slog.NewTextHandler(&log, nil)),
		OnTrace: func(t trace.Trace) {
			mu.Lock()
			defer mu.Unlock()
			log.WriteString(t.Line())
		},
	})
	handler := g.Control(emulator.ControlOptions{})
	said := map[string]string{}
	ask := func(ctx context.Context, method, path, body string) {
		r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
		r.Host = "localhost"
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s %s: status %d: %s", method, path, w.Code, w.Body)
		}
		said[method+" "+path] = w.Body.String()
	}

	ctx, cancel := context.WithCancel(t.Context())
	streamed := make(chan struct{})
	stream := &recorder{ResponseRecorder: httptest.NewRecorder(), until: "failing", began: make(chan struct{}), done: cancel}
	go func() {
		defer close(streamed)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/_gatewayd/traces/stream", http.NoBody)
		r.Host = "localhost"
		handler.ServeHTTP(stream, r)
	}()
	<-stream.began
	for range 2 { // a miss and a hit
		answered := g.Get("/dev/pets?sig="+query, "X-Strange", header)
		if answered.Status != http.StatusOK || !strings.Contains(answered.Body, header) || !strings.Contains(answered.Body, query) {
			t.Fatalf("the function is to see what was sent: %v", answered)
		}
		said["explain header"] += answered.Header.Get("X-Gatewayd-Explain")
		ask(t.Context(), http.MethodGet, "/_gatewayd/traces/"+answered.Trace.RequestID, "")
	}
	said["explain header"] += g.Get("/dev/failing?sig="+query, "X-Strange", header).Header.Get("X-Gatewayd-Explain")
	<-streamed
	said["stream"] = stream.Body.String()
	ask(t.Context(), http.MethodGet, "/_gatewayd/traces", "")
	ask(t.Context(), http.MethodGet, "/_gatewayd/authorizers/strange/cache", "")
	ask(t.Context(), http.MethodPost, "/_gatewayd/authorizers/strange/test", `{"headers":{"X-Strange":"`+header+`"},"query":{"sig":"`+query+`"}}`)
	said["log of a test"] = onlyLog(t, said["POST /_gatewayd/authorizers/strange/test"])
	delete(said, "POST /_gatewayd/authorizers/strange/test") // the rest of it is the authorizer's answer to who sent the secret
	event, err := json.Marshal(map[string]any{"headers": map[string]string{"X-Strange": header}, "queryStringParameters": map[string]string{"sig": query}})
	if err != nil {
		t.Fatal(err)
	}
	ask(t.Context(), http.MethodPost, "/_gatewayd/authorizers/strange/test", `{"event":`+string(event)+`}`)
	said["log of a test with an event"] = onlyLog(t, said["POST /_gatewayd/authorizers/strange/test"])
	delete(said, "POST /_gatewayd/authorizers/strange/test")
	if err := g.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	ask(t.Context(), http.MethodGet, "/_gatewayd/verify-cache", "")
	ask(t.Context(), http.MethodGet, "/_gatewayd/metrics", "")
	ask(t.Context(), http.MethodGet, "/_gatewayd/config", "")
	ask(t.Context(), http.MethodGet, "/_gatewayd/routes", "")
	ask(t.Context(), http.MethodGet, "/_gatewayd/authorizers", "")
	ask(t.Context(), http.MethodGet, "/_gatewayd/health", "")
	ask(t.Context(), http.MethodPost, "/_gatewayd/explain", `{"path":"/dev/pets?sig=`+query+`","headers":{"x-strange":"`+header+`"}}`)
	mu.Lock()
	said["log"] = log.String()
	mu.Unlock()

	return said
}

// onlyLog is the log of a test of an authorizer.
func onlyLog(t *testing.T, result string) string {
	t.Helper()
	var tested struct{ Log string }
	if err := json.Unmarshal([]byte(result), &tested); err != nil || tested.Log == "" {
		t.Errorf("%v: %s", err, result)
	}
	return tested.Log
}

// recorder is a reader of a stream, until a text comes.
type recorder struct {
	*httptest.ResponseRecorder
	until string
	began chan struct{}
	done  context.CancelFunc
}

func (r *recorder) Write(text []byte) (int, error) {
	if r.Body.Len() == 0 {
		defer close(r.began)
	}
	if strings.Contains(string(text), r.until) {
		defer r.done()
	}
	return r.ResponseRecorder.Write(text)
}
