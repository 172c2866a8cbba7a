package emulator_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"gatewayd/emulator"
)

// The control API tells of this emulator.
func TestControl(t *testing.T) {
	t.Parallel()
	const allow = `{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}`
	g := newTwo(t, allow, nil)
	handler := g.Control(emulator.ControlOptions{AllowedHosts: []string{"gatewayd.test"}, BaseURL: "http://127.0.0.1:3000"})
	tests := []struct {
		method, path, body string
		status             int
		want               string // in the answer
	}{
		{method: "GET", path: "/_gatewayd/health", status: 200, want: `"routes": 3`},
		{method: "GET", path: "/_gatewayd/routes", status: 200, want: `"url": "http://127.0.0.1:3000/dev/pets"`},
		{method: "GET", path: "/_gatewayd/config", status: 200, want: `"apiId": "a1b2c3d4e5"`},
		{method: "GET", path: "/_gatewayd/authorizers", status: 200, want: `"GET /cats"`},
		{method: "POST", path: "/_gatewayd/authorizers/token/test", body: `{"token":"B"}`, status: 200, want: `"decision": "Allow"`},
		{method: "POST", path: "/_gatewayd/authorizers/tokn/test", body: `{"token":"B"}`, status: 404, want: `did you mean \"token\"?`},
		{method: "POST", path: "/_gatewayd/authorizers/request/test", body: `{"token":"B"}`, status: 400, want: "not a token"},
		{
			method: "POST", path: "/_gatewayd/policy/matrix", body: `{"policy":{"Version":"2012-10-17","Statement":[]}}`,
			status: 200, want: `"methodArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/cats"`,
		},
		{method: "POST", path: "/_gatewayd/tokens", body: "{}", status: 404, want: "nothing is at"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(tt.body))
			r.Host = "gatewayd.test:3001"
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d, want %d with %s:\n%s", w.Code, tt.status, tt.want, w.Body)
			}
		})
	}
}
