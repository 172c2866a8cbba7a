package gateway_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// How the target of a request becomes path, path parameter and query of the event: the path as it was sent, the query
// decoded (rest-gateway 1.3, 1.5, 2.4).
func TestRequestTargets(t *testing.T) {
	t.Parallel()
	type target struct {
		Path, Proxy, ContextPath string
		Query                    map[string]string
	}
	tests := []struct {
		name, uri string
		want      target
	}{
		{name: "plain", uri: "/dev/proxy-value", want: target{Path: "/proxy-value", Proxy: "proxy-value", ContextPath: "/dev/proxy-value"}},
		{name: "slash at the end", uri: "/dev/proxy-value/", want: target{Path: "/proxy-value/", Proxy: "proxy-value", ContextPath: "/dev/proxy-value/"}},
		{name: "double slash", uri: "/dev/proxy-value//double-slash", want: target{Path: "/proxy-value//double-slash", Proxy: "proxy-value//double-slash", ContextPath: "/dev/proxy-value//double-slash"}},
		{name: "double slash before the stage", uri: "//dev/proxy-value", want: target{Path: "/proxy-value", Proxy: "proxy-value", ContextPath: "/dev/proxy-value"}},
		{name: "double slash after the stage", uri: "/dev//proxy-value", want: target{Path: "/proxy-value", Proxy: "proxy-value", ContextPath: "/dev//proxy-value"}},
		{name: "the stage", uri: "/dev", want: target{Path: "/", ContextPath: "/dev"}},
		{name: "the stage and a slash", uri: "/dev/", want: target{Path: "/", ContextPath: "/dev/"}},
		{name: "percent-encoding stays", uri: "/dev/a%2Bb%2Fc%20d/e+f@g", want: target{Path: "/a%2Bb%2Fc%20d/e+f@g", Proxy: "a%2Bb%2Fc%20d/e+f@g", ContextPath: "/dev/a%2Bb%2Fc%20d/e+f@g"}},
		{name: "dots stay", uri: "/dev/a/../b/./c", want: target{Path: "/a/../b/./c", Proxy: "a/../b/./c", ContextPath: "/dev/a/../b/./c"}},
		{name: "colons stay", uri: "/dev/a:b", want: target{Path: "/a:b", Proxy: "a:b", ContextPath: "/dev/a:b"}},
		{name: "raw UTF-8", uri: "/dev/köln", want: target{Path: "/köln", Proxy: "köln", ContextPath: "/dev/köln"}},
		{name: "query", uri: "/dev/a?b=c+d&e=%2B?f", want: target{Path: "/a", Proxy: "a", ContextPath: "/dev/a", Query: map[string]string{"b": "c d", "e": "+?f"}}},
		{name: "query of the stage", uri: "/dev?b=c", want: target{Path: "/", ContextPath: "/dev", Query: map[string]string{"b": "c"}}},
		{name: "empty query", uri: "/dev/a?", want: target{Path: "/a", Proxy: "a", ContextPath: "/dev/a"}},
		{name: "fragment", uri: "/dev/a#b?c=d", want: target{Path: "/a", Proxy: "a", ContextPath: "/dev/a"}},
		{name: "fragment in the query", uri: "/dev/a?b=c#d?e=f", want: target{Path: "/a", Proxy: "a", ContextPath: "/dev/a", Query: map[string]string{"b": "c"}}},
		{name: "a URL in the query", uri: "/dev/a?u=http://x/y", want: target{Path: "/a", Proxy: "a", ContextPath: "/dev/a", Query: map[string]string{"u": "http://x/y"}}},
		{name: "a URL in the path", uri: "/dev/http://x/y", want: target{Path: "/http://x/y", Proxy: "http://x/y", ContextPath: "/dev/http://x/y"}},
		{name: "absolute form", uri: "http://other.example:80/dev/a//b?c=d", want: target{Path: "/a//b", Proxy: "a//b", ContextPath: "/dev/a//b", Query: map[string]string{"c": "d"}}},
		{name: "absolute form in capitals", uri: "HTTP://other.example/dev/a", want: target{Path: "/a", Proxy: "a", ContextPath: "/dev/a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(nil))
			e := eventOf(t, h.get(t, tt.uri))
			got := target{e.Path, e.PathParameters["proxy"], e.RequestContext.Path, e.QueryStringParameters}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// Policies see the same path (rest-authorizer 4.2, 4.7, 4.8).
			if got, want := h.last(t).MethodARN, "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET"+tt.want.Path; got != want {
				t.Errorf("the method ARN is %s, want %s", got, want)
			}
		})
	}
}

// What belongs to no stage, and what the trace then has for a path.
func TestForeignTargets(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, uri, path string }{
		{name: "root", uri: "/", path: "/"},
		{name: "another stage", uri: "/prod/a", path: "/prod/a"},
		{name: "a stage that begins alike", uri: "/devel/a", path: "/devel/a"},
		{name: "the stage in capitals", uri: "/DEV/a", path: "/DEV/a"},
		{name: "the stage, encoded", uri: "/d%65v/a", path: "/d%65v/a"},
		{name: "absolute form without a path", uri: "http://other.example", path: "/"},
		{name: "absolute form with a query only", uri: "http://other.example?a=b", path: ""},
		{name: "asterisk", uri: "*", path: "*"},
		{name: "authority", uri: "other.example:443", path: "other.example:443"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(nil))
			w := h.get(t, tt.uri)
			if tr := h.last(t); w.Code != http.StatusForbidden || w.Body.String() != `{"message":"Forbidden"}` || tr.Code != trace.RouteUnknownStage || tr.Path != tt.path {
				t.Errorf("%d %s: %s, path %q", w.Code, w.Body, tr.Line(), tr.Path)
			}
		})
	}
}

// A request that was made in process has a URL and no RequestURI.
func TestRequestWithoutURI(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	u, err := url.Parse("http://gatewayd.test/dev/a%2Fb%20c?d=e%20f#g")
	if err != nil {
		t.Fatal(err)
	}
	r := request(t, http.MethodGet, "")
	r.URL = u
	e := eventOf(t, h.send(r))
	if e.Path != "/a%2Fb%20c" || e.QueryStringParameters["d"] != "e f" {
		t.Errorf("path %q, query %q", e.Path, e.QueryStringParameters)
	}
}

// Behind a custom domain the event's path has the base path, the ARN has not, and there is no stage in either
// (rest-authorizer 3.6, 4.12).
func TestCustomDomain(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/delivery", "/"} {
		h := newHarness(nil).deploy(t, api(func(a *apigw.API) { a.BasePath = base }))
		path := strings.TrimSuffix(base, "/") + "/attachments"
		e := eventOf(t, h.get(t, "/"+path+"/"))
		if e.Path != path+"/" || e.RequestContext.Path != path+"/" || e.PathParameters["proxy"] != "attachments" {
			t.Errorf("base path %s: path %q, context %q, proxy %q", base, e.Path, e.RequestContext.Path, e.PathParameters["proxy"])
		}
		if got := h.last(t).MethodARN; !strings.HasSuffix(got, "/dev/GET/attachments/") {
			t.Errorf("base path %s: method ARN %s", base, got)
		}
	}
}

func TestMethodOverride(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	e := eventOf(t, h.get(t, "/dev/a", "x-http-method-override", "DELETE"))
	if tr := h.last(t); e.HTTPMethod != "DELETE" || tr.Method != "DELETE" || !strings.HasSuffix(tr.MethodARN, "/dev/DELETE/a") {
		t.Errorf("the event has %s, the trace %s and %s", e.HTTPMethod, tr.Method, tr.MethodARN)
	}
}

// sent is a response header in API Gateway's own spelling, "" when it is not sent once.
func sent(w *httptest.ResponseRecorder, name string) string {
	if values := w.Header()[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

const uuidFormat = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	seen := map[string]bool{}
	for range 100 {
		w := h.get(t, "/dev/a")
		e := eventOf(t, w)
		for name, value := range map[string]struct{ format, event, header string }{
			"requestId":         {uuidFormat, e.RequestContext.RequestID, sent(w, "x-amzn-RequestId")},
			"extendedRequestId": {`^[A-Za-z0-9_-]{15}=$`, e.RequestContext.ExtendedRequestID, sent(w, "x-amz-apigw-id")},
		} {
			if value.event != value.header || !regexp.MustCompile(value.format).MatchString(value.event) || seen[value.event] {
				t.Errorf("%s is %q in the event and %q in the response", name, value.event, value.header)
			}
			seen[value.event] = true
		}
		if got := e.Headers["X-Amzn-Trace-Id"]; !regexp.MustCompile(`^Root=1-6ab593d2-[0-9a-f]{24}$`).MatchString(got) || seen[got] {
			t.Errorf("X-Amzn-Trace-Id of the event is %q", got)
		}
		if got := h.last(t).RequestID; got != e.RequestContext.RequestID {
			t.Errorf("the trace has the id %q", got)
		}
		if id := e.RequestContext.ResourceID; !regexp.MustCompile(`^[a-z0-9]{6,10}$`).MatchString(id) {
			t.Errorf("the resource id is %q", id)
		}
	}
}

// The same source of randomness gives the same identifiers.
func TestIdentifiersRepeat(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 2 {
		h := newHarness(func(o *gateway.Options) { o.Random = &limited{left: 1000} }).deploy(t, api(nil))
		ids = append(ids, sent(h.get(t, "/dev/a"), "x-amzn-RequestId"))
	}
	if want := "00000000-0000-4000-8000-000000000000"; ids[0] != want || ids[1] != want {
		t.Errorf("got %q, want %s twice", ids, want)
	}
}

// A client's request id counts when it is a UUID, in no other of its notations (rest-gateway 2.6).
func TestClientsRequestID(t *testing.T) {
	t.Parallel()
	const id = "7c2af7db-31f3-42b5-8a6d-9ffc74e3b9e0"
	tests := []struct {
		name, header, id string
		kept             bool
	}{
		{name: "a UUID", header: "X-Amzn-Requestid", id: id, kept: true},
		{name: "a UUID under the name that clients know", header: "x-amzn-RequestId", id: id, kept: true},
		{name: "a UUID in capitals", header: "X-Amzn-Requestid", id: strings.ToUpper(id), kept: true},
		{name: "braces", header: "X-Amzn-Requestid", id: "{" + id + "}"},
		{name: "a URN", header: "X-Amzn-Requestid", id: "urn:uuid:" + id},
		{name: "no hyphens", header: "X-Amzn-Requestid", id: strings.ReplaceAll(id, "-", "")},
		{name: "something else", header: "X-Amzn-Requestid", id: "../../etc/passwd"},
		{name: "nothing", header: "X-Amzn-Requestid", id: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(nil))
			got := sent(h.get(t, "/dev/a", tt.header, tt.id), "x-amzn-RequestId")
			if (got == id) != tt.kept || !regexp.MustCompile(uuidFormat).MatchString(got) {
				t.Errorf("the request id is %q", got)
			}
		})
	}
}

// What API Gateway finds wrong with an Authorization header that it takes for a signature (rest-gateway 1.7).
func TestSignatureComplaints(t *testing.T) {
	t.Parallel()
	const date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	tests := []struct {
		name, authorization string
		headers             []string
		want                string
	}{
		{name: "none", want: "Missing Authentication Token"},
		{name: "a signature", authorization: "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=d", want: "Missing Authentication Token"},
		{
			name: "a token", authorization: "Bearer xyz",
			want: "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'zyc3Ntxgrok+f83ynVWygiLlbsRSBgJKn5TLWxgJTvs='.",
		},
		{
			name: "a token with an equal sign", authorization: "Basic YTpi=",
			want: "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. " + date + "Authorization=Basic YTpi=",
		},
		{name: "half a signature", authorization: "x Credential=a, SignedHeaders=b", headers: []string{"Date", "now"}, want: "Authorization header requires 'Signature' parameter. Authorization=x Credential=a, SignedHeaders=b"},
		{name: "a signature of another kind", authorization: "x Credential=<a>&SignedHeaders=b&Signature=c", headers: []string{"x-amz-date", "now"}, want: "Authorization=x Credential=<a>&SignedHeaders=b&Signature=c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(func(a *apigw.API) { a.Routes = a.Routes[:1] }))
			headers := tt.headers
			if tt.authorization != "" {
				headers = append(headers, "Authorization", tt.authorization)
			}
			w := h.get(t, "/dev/none", headers...)
			if want := `{"message":"` + tt.want + `"}`; w.Code != http.StatusForbidden || w.Body.String() != want {
				t.Errorf("%d (-want +got):\n%s", w.Code, cmp.Diff(want, w.Body.String()))
			}
			if strings.Contains(h.last(t).Line(), "xyz") { // which no request id has
				t.Errorf("the log line has the token: %s", h.last(t).Line())
			}
		})
	}
}

// A target that a client makes up never panics, its method ARN has the path alone, and its trace is one line.
func FuzzTarget(f *testing.F) {
	for _, uri := range []string{"/dev/a", "//dev//a/?b=%zz#c", "http://x/dev/a", "*", "", "?", "#", "://", "/dev/%", "/dev/\x00\n\u2028", "/dev/guarded"} {
		f.Add("GET", uri, "Bearer abc")
	}
	f.Add("DELETE\n", "/dev/guarded?a=b", "Credential=")
	h := newHarness(nil)
	if err := h.Deploy(api(nil)); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, uri, authorization string) {
		if uri == "" { // that would be a request without a URL at all
			return
		}
		w := h.send(request(t, method, uri, "Authorization", authorization))
		switch w.Code {
		case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden:
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
		const stage = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/"
		tr := h.last(t)
		if path, ok := strings.CutPrefix(tr.MethodARN, stage+method); tr.MethodARN != "" && (!ok || path[0] != '/' || strings.ContainsAny(path, "?#")) {
			t.Errorf("the method ARN is %q", tr.MethodARN)
		}
		line := tr.Line()
		if scanner := bufio.NewScanner(strings.NewReader(line)); !scanner.Scan() || scanner.Text() != line {
			t.Errorf("the trace is %q", line)
		}
	})
}
