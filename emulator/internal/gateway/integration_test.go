package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// endpoint answers the calls of functions that have a URL.
type endpoint func(*http.Request) (*http.Response, error)

func (e endpoint) RoundTrip(r *http.Request) (*http.Response, error) { return e(r) }

// replies is an endpoint that always answers with the same.
func replies(status int, body string, headers ...string) endpoint {
	return func(r *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		for i := 0; i < len(headers); i += 2 {
			response.Header.Set(headers[i], headers[i+1])
		}
		return response, nil
	}
}

// remote is an API whose function has a URL.
func remote(a *apigw.API) {
	a.Functions = []apigw.Function{{Name: "remote", URL: "http://function.test/2015-03-31/functions/remote/invocations"}}
	a.Routes[1].Function = "remote"
}

// What went wrong with a function decides on the gateway response (rest-gateway 3.2).
func TestIntegrationFailures(t *testing.T) {
	t.Parallel()
	const internal = `{"message": "Internal server error"}`
	tests := []struct {
		name     string
		endpoint endpoint
		status   int
		body     string
		code     trace.Code
		reason   string // a part
	}{
		{name: "an answer", endpoint: replies(200, `{"statusCode":201,"body":"ok"}`), status: 201, body: "ok", code: trace.IntegrationOK},
		{
			name: "a function error", endpoint: replies(200, `{"errorType":"KeyError","errorMessage":"pet"}`, "X-Amz-Function-Error", "Unhandled"),
			status: 502, body: internal, code: trace.IntegrationError, reason: `function "remote" failed: KeyError: "pet"`,
		},
		{name: "an answer that is none", endpoint: replies(200, `[]`), status: 502, body: internal, code: trace.IntegrationMalformed, reason: "malformed Lambda proxy response: the answer is a list"},
		{name: "no base64", endpoint: replies(200, `{"body":"%","isBase64Encoded":true}`), status: 500, body: internal, code: trace.IntegrationMalformed, reason: "is not base64"},
		{name: "throttled", endpoint: replies(429, `{}`), status: 500, body: internal, code: trace.IntegrationError, reason: "is throttled"},
		{name: "not there", endpoint: replies(404, `{}`), status: 500, body: internal, code: trace.IntegrationUnreachable, reason: "is not there"},
		{name: "an endpoint that fails", endpoint: replies(500, `oops`), status: 502, body: internal, code: trace.IntegrationUnreachable, reason: "could not be reached"},
		{
			name: "no endpoint", endpoint: func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
			status: 502, body: internal, code: trace.IntegrationUnreachable, reason: "connection refused",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(func(o *gateway.Options) { o.Transport = tt.endpoint }).deploy(t, api(func(a *apigw.API) {
				remote(a)
				a.BinaryMediaTypes = []string{"image/png"}
			}))
			w := h.get(t, "/dev/a", "Accept", "image/png")
			tr := h.last(t)
			if w.Code != tt.status || w.Body.String() != tt.body || tr.Code != tt.code || !strings.Contains(tr.Reason, tt.reason) {
				t.Errorf("%d %s: %s", w.Code, w.Body, tr.Line())
			}
			refused := tt.code != trace.IntegrationOK
			if got := sent(w, "x-amzn-ErrorType"); (got == "InternalServerErrorException") != refused || refused && tr.Hint == "" {
				t.Errorf("error type %q, hint %q", got, tr.Hint)
			}
		})
	}
}

// The gateway's time ends the wait, not the function's silence.
func TestIntegrationTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}
		h := newHarness(func(o *gateway.Options) { o.Transport = endpoint(silent) })
		h.deploy(t, api(func(a *apigw.API) { remote(a); a.IntegrationTimeout = 5 * time.Second }))
		start := time.Now()
		w := h.get(t, "/dev/a")
		if took := time.Since(start); took != 5*time.Second || w.Code != http.StatusGatewayTimeout || w.Body.String() != `{"message": "Endpoint request timed out"}` {
			t.Errorf("after %v: %d %s", took, w.Code, w.Body)
		}
		if tr := h.last(t); tr.Code != trace.IntegrationTimeout || !strings.Contains(tr.Reason, "within 5s") {
			t.Errorf("the trace is %s", tr.Line())
		}
	})
}

// What the trace of a denial says: the statement that denies, and what is allowed instead, as short as a line can hold.
func TestDenialsInWords(t *testing.T) {
	t.Parallel()
	const prefix = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev"
	allow := func(resources ...string) string {
		return `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":["` + strings.Join(resources, `","`) + `"]}`
	}
	tests := []struct {
		name, statements string
		code             trace.Code
		reason           string
	}{
		{name: "no statement", code: trace.PolicyImplicitDeny, reason: "implicit deny: the policy allows nothing"},
		{name: "one other resource", statements: allow(prefix + "/GET/a"), code: trace.PolicyImplicitDeny, reason: "implicit deny: the policy allows only …/GET/a, not …/GET/guarded"},
		{name: "another API", statements: allow("arn:aws:execute-api:eu-west-1:1:x/dev/GET/a"), code: trace.PolicyImplicitDeny, reason: "implicit deny: the policy allows only arn:aws:execute-api:eu-west-1:1:x/dev/GET/a, not …/GET/guarded"},
		{
			name:       "many statements",
			statements: allow(prefix+"/GET/e") + "," + allow(prefix+"/GET/d") + "," + allow(prefix+"/GET/c") + "," + allow(prefix+"/GET/b") + "," + allow(prefix+"/GET/a"),
			code:       trace.PolicyImplicitDeny, reason: "implicit deny: the policy allows only …/GET/a, …/GET/b, …/GET/c, 2 more, not …/GET/guarded",
		},
		{name: "a Deny", statements: allow("*") + `,{"Effect":"Deny","Action":"*","Resource":"*"}`, code: trace.PolicyExplicitDeny, reason: "explicit deny: statement 1 of the policy denies …/GET/guarded"},
		{name: "a Deny with a Sid", statements: `{"Sid":"NoGet","Effect":"Deny","Action":"*","Resource":"*"}`, code: trace.PolicyExplicitDeny, reason: `explicit deny: statement 0 (Sid "NoGet") of the policy denies …/GET/guarded`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(policies(tt.statements)).deploy(t, api(nil))
			h.get(t, "/dev/guarded", "Authorization", "abc")
			tr := h.last(t)
			if diff := cmp.Diff(tt.reason, tr.Reason); diff != "" || tr.Code != tt.code || tr.Hint == "" {
				t.Errorf("%s, hint %q (-want +got):\n%s", tr.Code, tr.Hint, diff)
			}
		})
	}
}
