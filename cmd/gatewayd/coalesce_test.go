package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// With --coalesce, however many requests miss the same result, the authorizer is called once; without, each calls it. Typed
// and JSON lane give the same answers.
func TestServeCoalesces(t *testing.T) {
	t.Parallel()
	const requests = 8
	for _, tt := range []struct {
		name  string
		flags []string
		calls int64 // before the first is answered
	}{
		{name: "off", calls: requests},
		{name: "on", flags: []string{"--coalesce", "--json-lane"}, calls: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			release := make(chan struct{})
			authorizer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if calls.Add(1) == tt.calls {
					close(release)
				}
				<-release
				_, _ = io.WriteString(w, `{"principalId": "u", "policyDocument": {"Version": "2012-10-17",
					"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}`)
			}))
			t.Cleanup(authorizer.Close)
			g := start(t, fmt.Sprintf(`
functions: { guard: { url: %q, timeout: 0 } }
authorizers: { guard: { type: REQUEST, function: guard, identitySource: [method.request.querystring.key] } }
routes: { GET /guarded: { function: say-hello, authorizer: guard } }
`, authorizer.URL), tt.flags...)
			answers := make(chan string, requests)
			for range requests {
				go func() { answers <- g.get("/local/guarded?key=1") }()
			}
			for range requests {
				if got, want := <-answers, `200 "Hello from Lambda!"`; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			if got := calls.Load(); got != tt.calls {
				t.Errorf("the authorizer was called %d times, want %d", got, tt.calls)
			}
		})
	}
}
