package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// rendered is an API of which every kind of refusal can be had.
const rendered = `
api: { name: test, id: a1b2c3d4e5, stage: dev, timeoutInMillis: 50, authorizerTimeoutInMillis: 50 }
functions:
  nowhere: { url: "http://127.0.0.1:1/2015-03-31/functions/nowhere/invocations" }
authorizers:
  token: { function: authorize, identityValidationExpression: "^Bearer [a-z0-9-]+$" }
  tenant: { type: REQUEST, function: authorize-request, identitySource: [method.request.header.X-Tenant, method.request.querystring.key] }
  slow: { function: stuck }
defaultAuthorizer: token
routes:
  GET /pets: pets
  GET /pets/{petId}: pets
  GET /tenants: { function: pets, authorizer: tenant }
  GET /slow: { function: pets, authorizer: slow }
  GET /public: { function: pets, authorizer: NONE }
  GET /private: { function: pets, authorizer: NONE }
  GET /error: { function: broken, authorizer: NONE }
  GET /malformed: { function: text, authorizer: NONE }
  GET /timeout: { function: stuck, authorizer: NONE }
  GET /unreachable: { function: nowhere, authorizer: NONE }
  ANY /any/{rest+}: pets
  POST /checked: { function: pets, authorizer: NONE, requestValidator: ALL, requestParameters: { method.request.querystring.page: true, method.request.header.X-Key: true }, requestModels: { application/json: Pet } }
  GET /plans/{id}: { function: pets, authorizer: NONE, apiKeyRequired: true }
apiKeys:
  - { id: key-1, name: partner, value: hunter2-hunter2-key-1 }
  - { id: key-2, value: hunter2-hunter2-key-2, enabled: false }
  - { id: key-3, value: hunter2-hunter2-key-3 }
  - { id: key-4, value: hunter2-hunter2-key-4 }
usagePlans:
  - { name: gold, apiKeys: [key-1, key-2], throttle: { rateLimit: 0, burstLimit: 1 } }
  - { name: trial, apiKeys: [key-4], throttle: { rateLimit: 1, burstLimit: 5 }, quota: { limit: 0, period: DAY } }
resourcePolicy:
  Version: "2012-10-17"
  Statement:
    - { Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: ["execute-api:/dev/*/p*", "execute-api:/dev/*/error", "execute-api:/dev/*/malformed", "execute-api:/dev/*/timeout", "execute-api:/dev/*/unreachable"], Condition: { StringNotEquals: { aws:Referer: untrusted } } }
    - { Sid: banned, Effect: Deny, Principal: "*", Action: "execute-api:Invoke", Resource: "*", Condition: { StringEquals: { aws:UserAgent: banned } } }
    - { Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/dev/POST/checked" }
models:
  Pet: { type: object, required: [type], properties: { age: { type: integer } } }
gatewayResponses:
  BAD_REQUEST_BODY: { statusCode: 422, headers: { x-origin: method.request.header.Origin } }
`

// answers are what the authorizer says to the tokens.
func answers() map[string]string {
	const allowOne = `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/any/one"}`
	return map[string]string{
		"Bearer allow":   `{"principalId":"user-1","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`,
		"Bearer deny":    `{"principalId":"user-1","policyDocument":{"Version":"2012-10-17","Statement":[` + allowOne + `,{"Sid":"no","Effect":"Deny","Action":"*","Resource":"*"}]}}`,
		"Bearer one":     `{"principalId":"user-1","policyDocument":{"Version":"2012-10-17","Statement":[` + strings.Repeat(allowOne+",", 5) + allowOne + `]}}`,
		"Bearer output":  `{"isAuthorized":true}`,
		"Bearer policy":  `{"principalId":"user-1","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}}`,
		"Bearer context": `{"principalId":"user-1","context":{"roles":["admin"]},"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`,
	}
}

func runRendered(t *testing.T) *emulatortest.Gateway {
	t.Helper()
	authorize := func(token string) (json.RawMessage, error) {
		if text, ok := answers()[token]; ok {
			return json.RawMessage(text), nil
		}
		if token == "Bearer error" {
			return nil, errors.New("the key set cannot be had")
		}
		return nil, errors.New("Unauthorized")
	}
	always := func(answer string, err error) func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage(answer), err }
	}
	return emulatortest.Run(t, emulator.Routes(rendered), emulator.Functions{
		"authorize": emulator.Func(func(_ context.Context, event struct{ AuthorizationToken string }) (json.RawMessage, error) {
			return authorize(event.AuthorizationToken)
		}),
		"authorize-request": emulator.Func(always(answers()["Bearer one"], nil)),
		"pets":              emulator.Func(always(`{"statusCode":200,"body":"[]"}`, nil)),
		"text":              emulator.Func(always(`"a text"`, nil)),
		"broken":            emulator.Func(always("", errors.New("no such table: pets"))),
		"stuck": emulator.Func(func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}),
	}, &emulator.Options{Random: zeros{}})
}

// zeros are random numbers that make every identifier the same.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Whoever reads a rendered trace sees what the client received, why, and what to change. Each kind of refusal has its own.
func TestRender(t *testing.T) {
	t.Parallel()
	missing := map[trace.Code]bool{} //nolint:exhaustive // it is filled below
	for _, code := range codes(t) {
		missing[trace.Code(code)] = true
	}
	for _, code := range []trace.Code{
		trace.CacheHit, trace.CacheMiss, trace.CacheOff, trace.PolicyAllow, trace.RouteOpen, trace.AuthorizerDisabled, // which end no request
		trace.ClientGone, trace.GatewayError, // which nobody was told, and which must not be had
	} {
		delete(missing, code)
	}
	type request struct {
		name, path string
		method     string // "" is GET
		headers    []string
		body       string
	}
	tests := []request{
		{name: "answered", path: "/dev/pets/7?a=b", headers: []string{"Authorization", "Bearer allow"}},
		{name: "answered on an open route", path: "/dev/public"},
		{name: "no stage", path: "/pets"},
		{name: "no route", path: "/dev/pet", headers: []string{"X-Color", "\x1b[31m"}},
		{name: "no route, with a token", path: "/dev/pet", headers: []string{"Authorization", "Bearer allow"}},
		{name: "denied by the resource policy", path: "/dev/pets", headers: []string{"User-Agent", "banned"}},
		{name: "not allowed by the resource policy", path: "/dev/private", headers: []string{"Referer", "untrusted"}},
		{name: "no token", path: "/dev/pets", headers: []string{"X-Token", "Bearer allow"}},
		{name: "an empty token", path: "/dev/pets", headers: []string{"Authorization", ""}},
		{name: "no key", path: "/dev/tenants", headers: []string{"X-Tenant", "acme"}},
		{name: "a token that does not match", path: "/dev/pets", headers: []string{"Authorization", "bearer hunter2-hunter2"}},
		{name: "unauthorized", path: "/dev/pets", headers: []string{"Authorization", "Bearer hunter2-hunter2"}},
		{name: "a broken authorizer", path: "/dev/pets", headers: []string{"Authorization", "Bearer error"}},
		{name: "a slow authorizer", path: "/dev/slow", headers: []string{"Authorization", "Bearer allow"}},
		{name: "an answer that is none", path: "/dev/pets", headers: []string{"Authorization", "Bearer output"}},
		{name: "a policy that cannot be used", path: "/dev/pets", headers: []string{"Authorization", "Bearer policy"}},
		{name: "a context that cannot be used", path: "/dev/pets", headers: []string{"Authorization", "Bearer context"}},
		{name: "an explicit deny", path: "/dev/any/one", headers: []string{"Authorization", "Bearer deny"}},
		{name: "an implicit deny", path: "/dev/any/two", headers: []string{"Authorization", "Bearer one"}},
		{name: "an implicit deny of the cache", path: "/dev/any/three", headers: []string{"Authorization", "Bearer one"}},
		{name: "a plan's first request", path: "/dev/plans/1", headers: []string{"x-api-key", "hunter2-hunter2-key-1"}},
		{name: "a plan's last request", path: "/dev/plans/2", headers: []string{"x-api-key", "hunter2-hunter2-key-1"}},
		{name: "a plan without a quota left", path: "/dev/plans/2", headers: []string{"x-api-key", "hunter2-hunter2-key-4"}},
		{name: "no API key", path: "/dev/plans/1"},
		{name: "an unknown API key", path: "/dev/plans/1", headers: []string{"x-api-key", "hunter2-hunter2-no-key"}},
		{name: "a disabled API key", path: "/dev/plans/1", headers: []string{"x-api-key", "hunter2-hunter2-key-2"}},
		{name: "an API key without a plan", path: "/dev/plans/1", headers: []string{"x-api-key", "hunter2-hunter2-key-3"}},
		{name: "a long body", path: "/dev/public", body: strings.Repeat("x", 10<<20+1)},
		{name: "long headers", path: "/dev/public", headers: []string{"Cookie", strings.Repeat("x", 11<<10)}},
		{name: "a long URL", path: "/dev/public?" + strings.Repeat("x", 11<<10)},
		{name: "a long path", path: "/dev/any/" + strings.Repeat("x", 2000), headers: []string{"Authorization", "Bearer allow"}},
		{name: "missing parameters", path: "/dev/checked?page=", method: http.MethodPost},
		{name: "a body that does not fit", path: "/dev/checked?page=1", method: http.MethodPost, headers: []string{"X-Key", "1"}, body: `{"age":"7"}`},
		{name: "a body without a model", path: "/dev/checked?page=1", method: http.MethodPost, headers: []string{"X-Key", "1", "Content-Type", "text/plain"}, body: "text"},
		{name: "a broken function", path: "/dev/error"},
		{name: "an answer that is no response", path: "/dev/malformed"},
		{name: "a slow function", path: "/dev/timeout"},
		{name: "a function that is not there", path: "/dev/unreachable"},
	}
	got := map[string]*txtar.Archive{"render": {}, "executionlog": {}}
	synctest.Test(t, func(t *testing.T) { // however slow the machine, only what is stuck takes too long
		g := runRendered(t)
		for _, tt := range tests {
			headers := append([]string{"X-Amzn-Requestid", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}, tt.headers...)
			method := tt.method
			if method == "" {
				method = http.MethodGet
			}
			response := g.Do(method, tt.path, tt.body, headers...)
			tr := response.Trace
			agrees(t, tt.name, response)
			delete(missing, tr.Code)
			text, log := renderedText(t, tr)
			got["render"].Files = append(got["render"].Files, txtar.File{Name: tt.name, Data: []byte(text)})
			got["executionlog"].Files = append(got["executionlog"].Files, txtar.File{Name: tt.name, Data: []byte(log)})
		}
	})
	for name, archive := range got {
		compareGolden(t, "testdata/"+name+".txtar", archive)
	}
	for code := range missing {
		t.Errorf("no trace with the code %s was rendered", code)
	}
}

// agrees compares a response with its trace: what the client was told, the step that decided, and what docs/codes.md says that a
// client sees.
func agrees(t *testing.T, name string, response emulatortest.Response) {
	t.Helper()
	tr := response.Trace
	if response.Status != tr.Status || response.Header.Get("X-Amzn-Requestid") != tr.RequestID {
		t.Errorf("%s: the client has %d, %q, the trace %d, %q", name, response.Status, response.Header, tr.Status, tr.RequestID)
	}
	decided := func(s trace.Step) bool { return s.Code == tr.Code }
	if !slices.ContainsFunc(tr.Steps, decided) {
		t.Errorf("%s: no step has the code %s", name, tr.Code)
	}
	customized := func(s trace.Step) bool { return s.Name == "response" && s.Code == "" }
	if tr.Status < http.StatusBadRequest || slices.ContainsFunc(tr.Steps, customized) {
		return
	}
	page, err := os.ReadFile("../../docs/codes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### "+string(tr.Code)+"\n")
	section, _, _ = strings.Cut(section, "\n### ")
	if !strings.Contains(section, strconv.Itoa(tr.Status)) {
		t.Errorf("%s: the client sees %d, of which docs/codes.md says nothing:\n%s", name, tr.Status, section)
	}
	// The page has the body as it is, but for what depends on the request and for spaces that it may leave out.
	body, _, _ := strings.Cut(strings.ReplaceAll(response.Body, ": ", ":"), "[")
	if len(body) < 100 && !strings.Contains(strings.ReplaceAll(section, ": ", ":"), body) {
		t.Errorf("%s: the client sees %s, of which docs/codes.md says nothing:\n%s", name, body, section)
	}
}

// compareGolden compares all but the comment of a file.
func compareGolden(t *testing.T, file string, got *txtar.Archive) {
	t.Helper()
	want, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got.Comment = want.Comment
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, txtar.Format(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(want)), string(txtar.Format(got))); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

// renderedText is what a trace looks like, for a person and in AWS's words, its times always the same.
func renderedText(t *testing.T, tr trace.Trace) (rendered, log string) {
	t.Helper()
	tr.Time, tr.Duration = at(12, 0), 1234*time.Microsecond
	for i := range tr.Steps {
		tr.Steps[i].Duration = 500 * time.Microsecond
	}
	if tr.Cache != nil && tr.Cache.WrittenBy != nil {
		writer := *tr.Cache.WrittenBy
		writer.Time = at(11, 59)
		tr.Cache = &trace.Cache{State: tr.Cache.State, Expires: at(12, 4), WrittenBy: &writer}
	}
	var text, again bytes.Buffer
	if err := trace.Render(&text, tr, trace.RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	if n := strings.Count(text.String(), "\n"); n > 24 {
		t.Errorf("%d lines:\n%s", n, &text)
	}
	if strings.Contains(text.String(), "hunter2-hunter2") {
		t.Errorf("a secret is rendered:\n%s", &text)
	}
	// What was sent over the control API looks the same.
	sent, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	var received trace.Trace
	if err := json.Unmarshal(sent, &received); err != nil {
		t.Fatal(err)
	}
	if err := trace.Render(&again, received, trace.RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text.String(), again.String()); diff != "" {
		t.Errorf("rendered from JSON (-want +got):\n%s", diff)
	}
	var lines, linesAgain bytes.Buffer
	if err := errors.Join(trace.ExecutionLog(&lines, tr), trace.ExecutionLog(&linesAgain, received)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(lines.String(), "hunter2-hunter2") {
		t.Errorf("a secret is logged:\n%s", &lines)
	}
	if diff := cmp.Diff(lines.String(), linesAgain.String()); diff != "" {
		t.Errorf("logged from JSON (-want +got):\n%s", diff)
	}
	// The events of routes and of REQUEST authorizers are long, and have the time in them.
	event := regexp.MustCompile(`\{[^\n]*"requestContext"[^\n]*(\}|\[TRUNCATED\])`)
	return tomorrow.ReplaceAllString(text.String(), "2000-01-02${1}00:00"), event.ReplaceAllString(lines.String(), "{… an event …}")
}

// tomorrow is when a quota of a day resets.
var tomorrow = regexp.MustCompile(`\d{4}-\d\d-\d\d([T ])00:00`)

func TestRenderColors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tr   trace.Trace
		want string
	}{
		{
			name: "refused",
			tr: trace.Trace{
				Method: "GET", Path: "/dev/pets", Status: 401, Code: trace.IdentityMissing, RequestID: "id",
				Steps: []trace.Step{{Name: "route", Source: "routes.yaml:1:1"}, {Name: "identity", Code: trace.IdentityMissing, Confidence: trace.Recorded}},
			},
			want: "GET /dev/pets  \x1b[31m401 identity.missing\x1b[0m\n\n" +
				"\x1b[32m✓\x1b[0m route          \x1b[2m  routes.yaml:1:1\x1b[0m\n\x1b[31m✗\x1b[0m identity       identity.missing\n\nrequest id, 0s\n",
		},
		{
			name: "allowed, and what the client sent writes no colors of its own",
			tr:   trace.Trace{Method: "GET", Path: "/\x1b[31m", Code: trace.RouteOpen, RequestID: "\x1b[31m"},
			want: "GET /\ufffd[31m  \x1b[32mroute.open\x1b[0m\n\n\nrequest \ufffd[31m, 0s\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := trace.Render(&got, tt.tr, trace.RenderOptions{Color: true}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// However narrow the terminal, no line is wider.
func TestRenderNarrow(t *testing.T) {
	t.Parallel()
	tr := trace.Trace{
		Method: strings.Repeat("G", 100), Path: "/", Status: 403, Code: trace.PolicyImplicitDeny, Reason: strings.Repeat("word ", 100), Hint: strings.Repeat("x", 100),
		MethodARN: strings.Repeat("a", 100), RequestID: "id",
		Steps: []trace.Step{{Name: strings.Repeat("n", 100), Source: strings.Repeat("s", 200)}, {Name: "cache", Code: trace.CacheOff}},
		Cache: &trace.Cache{State: trace.Off},
	}
	var got bytes.Buffer
	if err := trace.Render(&got, tr, trace.RenderOptions{Width: 1}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(got.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 40 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}
