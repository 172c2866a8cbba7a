package conformance_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// runner runs one case.
type runner struct {
	*testing.T
	c                   *testCase
	routes              map[string]string
	common              shared
	authorizer, backend *scripted
	endpoint            *endpoint
	file                string // what the gateway reads, where a step reloads
	lines               int    // of the access log, when it was looked at
	gateway             *emulatortest.Gateway
}

func newRunner(t *testing.T, c *testCase, routes map[string]string, common shared) *runner {
	t.Helper()
	r := &runner{T: t, c: c, routes: routes, common: common}
	r.authorizer, r.backend = r.script(c.Authorizer, "allow"), r.script(c.Backend, "ok")
	r.endpoint = &endpoint{answers: c.Endpoint}
	return r
}

func (r *runner) functions() emulator.Functions {
	return emulator.Functions{"authorizer": r.authorizer.handler(), "backend": r.backend.handler()}
}

func (r *runner) source(section string) string {
	r.Helper()
	text, ok := r.routes[section]
	if !ok {
		r.Fatalf("no section %s", section)
	}
	return text
}

func (r *runner) run() {
	r.Helper()
	text := r.source(r.c.Routes)
	if r.c.Problems != nil {
		r.checkProblems(text)
		return
	}
	r.file = filepath.Join(r.TempDir(), "routes.yaml")
	r.write(text)
	options := r.c.Options.emulator()
	options.Transport = r.endpoint
	r.gateway = emulatortest.Run(r.T, emulator.RoutesFile(r.file), r.functions(), options)
	for i := range r.c.Steps {
		if ok := r.step(&r.c.Steps[i]); !ok {
			r.Logf("in step %d: %s %s", i+1, r.c.Steps[i].Send, strings.Join(r.c.Steps[i].Headers, ", "))
		}
	}
}

func (r *runner) write(text string) {
	r.Helper()
	if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// checkProblems holds that the routes are refused, for these reasons and no other.
func (r *runner) checkProblems(text string) {
	r.Helper()
	_, err := emulator.New(emulator.Routes(text), r.functions(), nil)
	got := emulator.Problems(err)
	for i := range max(len(got), len(r.c.Problems)) {
		switch {
		case i >= len(got):
			r.Errorf("not refused: want a problem with %q", r.c.Problems[i])
		case i >= len(r.c.Problems):
			r.Errorf("one problem too many: %s", got[i])
		case got[i].Position.Line == 0 || !strings.Contains(got[i].Message, r.c.Problems[i]):
			r.Errorf("got %s, want a position and %q", got[i], r.c.Problems[i])
		}
	}
}

// step reports whether everything was as it should be.
func (r *runner) step(s *step) bool {
	r.Helper()
	switch {
	case s.Send != "":
		return r.send(s)
	case s.Forward != 0:
		r.gateway.FastForward(s.Forward)
	case s.Reload != "":
		r.write(r.source(s.Reload))
		if err := r.gateway.Reload(); err != nil {
			r.Fatal(err)
		}
	case s.Reset:
		r.gateway.Reset()
	default:
		r.Fatal("a step that does nothing")
	}
	return true
}

func (r *runner) send(s *step) bool {
	r.Helper()
	method, target, _ := strings.Cut(s.Send, " ")
	var headers []string
	for _, line := range s.Headers {
		name, value, _ := strings.Cut(line, ":")
		headers = append(headers, name, strings.TrimPrefix(value, " "))
	}
	authorized, integrated, asked := r.authorizer.count(), r.backend.count(), r.endpoint.count()
	got := r.gateway.Do(method, target, s.Body, headers...)

	ok := r.checkResponse(r.resolve(s.Answer), got, r.backend.count()-integrated)
	same := func(what string, want, got any) {
		r.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			ok = false
			r.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if s.Code != "" {
		same("code of the trace", s.Code, got.Trace.Code)
	}
	if s.Calls != nil {
		same("calls of the authorizer", *s.Calls, r.authorizer.count()-authorized)
	}
	r.checkCache(s, got.Trace.Cache, same)
	for _, text := range s.Says {
		if line := got.Trace.Line(); !strings.Contains(line, text) {
			same("the log", text, line)
		}
	}
	if s.Logged != nil {
		line, count := r.logged(got)
		if count == r.lines {
			line = "" // it is of a request before
		}
		r.lines = count
		same("the access log", *s.Logged, line)
	}
	authorizerEvent, backendEvent := r.authorizer.since(authorized), r.backend.since(integrated)
	if authorizerEvent != nil {
		same("methodArn of the trace", got.Trace.MethodARN, lookUp(authorizerEvent, "methodArn"))
	}
	for _, event := range []any{authorizerEvent, backendEvent} {
		if context := lookUp(event, "requestContext"); context != "<absent>" {
			same("request id of an event", any(got.Trace.RequestID), lookUp(context, "requestId"))
			same("extended request id of an event", any(got.Header.Get("X-Amz-Apigw-Id")), lookUp(context, "extendedRequestId"))
		}
	}
	checkEvent("endpoint's request", s.EndpointRequest, r.endpoint.since(asked), same)
	checkEvent("authorizer's event", s.AuthorizerEvent, authorizerEvent, same)
	checkEvent("backend's event", s.BackendEvent, backendEvent, same)
	return ok
}

func (r *runner) checkCache(s *step, got *trace.Cache, same func(what string, want, got any)) {
	r.Helper()
	state, writer := "none", ""
	if got != nil {
		state = string(got.State)
		if got.WrittenBy != nil {
			writer = got.WrittenBy.Method + " " + got.WrittenBy.Path
		}
	}
	if s.Cache != "" {
		same("cache", s.Cache, state)
	}
	if s.Writer != "" {
		same("writer of the kept result", s.Writer, writer)
	}
}

// resolve is an outcome with what it is like filled in.
func (r *runner) resolve(o outcome) outcome {
	r.Helper()
	if o.Like == "" {
		if o.Status == 0 || o.Body == nil {
			r.Fatalf("an answer has a status and a body, or is like another")
		}
		return o
	}
	base, ok := r.common.Outcomes[o.Like]
	if !ok {
		r.Fatalf("no outcome %q in testdata/shared.yaml", o.Like)
	}
	if o.Status != 0 {
		base.Status = o.Status
	}
	if o.Body != nil {
		base.Body = o.Body
	}
	if o.ErrorType != "" {
		base.ErrorType = o.ErrorType
	}
	base.Backend, base.Proxied = base.Backend || o.Backend, base.Proxied || o.Proxied
	base.Headers = maps.Clone(base.Headers)
	if base.Headers == nil {
		base.Headers = map[string]any{}
	}
	maps.Copy(base.Headers, o.Headers)
	return base
}

var (
	uuidPattern     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	extendedPattern = regexp.MustCompile(`^[A-Za-z0-9+/_-]{15}=$`) // rest-authorizer 3.14
)

// checkResponse compares all of a response, and what the account of it says.
func (r *runner) checkResponse(want outcome, got emulatortest.Response, integrated int) bool {
	r.Helper()
	ok := true
	fail := func(format string, args ...any) {
		r.Helper()
		ok = false
		r.Errorf(format, args...)
	}
	if got.Status != want.Status || got.Body != *want.Body {
		fail("answer:\n got %s\nwant %d %s\n because: %s", got, want.Status, *want.Body, got.Trace.Line())
	}
	if errorType := got.Header.Get("X-Amzn-Errortype"); errorType != want.ErrorType {
		fail("x-amzn-ErrorType: got %q, want %q", errorType, want.ErrorType)
	}
	if (integrated == 1) != want.Backend {
		fail("the backend was called %d times", integrated)
	}
	if length := got.Header.Get("Content-Length"); length != strconv.Itoa(len(got.Body)) && (!want.Proxied || length != "") {
		fail("Content-Length is %q for %d bytes", length, len(got.Body))
	}
	if id := got.Header.Get("X-Amzn-Requestid"); !uuidPattern.MatchString(id) || id != got.Trace.RequestID {
		fail("x-amzn-RequestId is %q, the trace has %q", id, got.Trace.RequestID)
	}
	if id := got.Header.Get("X-Amz-Apigw-Id"); !extendedPattern.MatchString(id) {
		fail("x-amz-apigw-id is %q", id)
	}
	if got.Trace.Status != got.Status {
		fail("the trace has status %d", got.Trace.Status)
	}
	if !want.Proxied {
		r.checkHeaderNames(want, got.Header, fail)
	}
	for name, value := range want.Headers {
		if diff := cmp.Diff(headerValues(value), got.Header.Values(name)); diff != "" {
			fail("header %s (-want +got):\n%s", name, diff)
		}
	}
	return ok
}

// checkHeaderNames holds the headers that a response of the gateway's own has, no more and no fewer (rest-authorizer 6), but for
// Date, which is net/http's.
func (r *runner) checkHeaderNames(want outcome, got http.Header, fail func(string, ...any)) {
	r.Helper()
	names := []string{"Connection", "Content-Length", "Content-Type", "X-Amz-Apigw-Id", "X-Amzn-Requestid"}
	if want.ErrorType != "" {
		names = append(names, "X-Amzn-Errortype")
	}
	if want.Backend {
		names = append(names, "X-Amzn-Trace-Id")
	}
	for name, value := range want.Headers {
		if name = http.CanonicalHeaderKey(name); value != "<absent>" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, slices.Sorted(maps.Keys(got))); diff != "" {
		fail("headers (-want +got):\n%s", diff)
	}
	if values := got.Values("Content-Type"); want.Headers["Content-Type"] == nil && !slices.Equal(values, []string{"application/json"}) {
		fail("Content-Type is %q", values)
	}
}

func headerValues(value any) []string {
	switch v := value.(type) {
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, fmt.Sprint(item))
		}
		return list
	case string:
		if v == "<absent>" {
			return nil
		}
	}
	return []string{fmt.Sprint(value)}
}
