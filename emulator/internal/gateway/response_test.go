package gateway_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
)

// The trace header of the response: only when the integration was tried, with a Parent only when it answered
// (rest-gateway 3.3).
func TestTraceHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, sent string
		want             string // a pattern, "" for none
	}{
		{name: "a new one", path: "/dev/a", want: `^Root=1-6ab593d2-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`},
		{name: "the client's root", path: "/dev/a", sent: "Root=1-5759e988-bd862e3fe1be46a994272793", want: `^Root=1-5759e988-bd862e3fe1be46a994272793;Parent=[0-9a-f]{16};Sampled=0$`},
		{name: "the client's whole one", path: "/dev/a", sent: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", want: `^Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1$`},
		{name: "a function that fails", path: "/dev/bad", sent: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8", want: `^Root=1-5759e988-bd862e3fe1be46a994272793$`},
		{name: "refused before", path: "/dev/guarded"},
		{name: "no stage", path: "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(answers("bad", `"not a response"`)).deploy(t, api(func(a *apigw.API) {
				a.Routes = append(a.Routes, apigw.Route{Method: "GET", Path: "/bad", Function: "bad"})
			}))
			var headers []string
			if tt.sent != "" {
				headers = []string{"x-amzn-trace-id", tt.sent}
			}
			got := h.get(t, tt.path, headers...).Header()["X-Amzn-Trace-Id"]
			if tt.want == "" {
				if got != nil {
					t.Errorf("got %q", got)
				}
			} else if len(got) != 1 || !regexp.MustCompile(tt.want).MatchString(got[0]) {
				t.Errorf("got %q, want %s", got, tt.want)
			}
		})
	}
}

// What a function may say, and what becomes of the rest (rest-gateway 3.3, 3.4).
func TestFunctionHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		want         http.Header // nil values: the header is absent
	}{
		{name: "none", answer: `{}`, want: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"0"}, "Connection": {"keep-alive"}}},
		{name: "its type, in any spelling", answer: `{"headers":{"content-TYPE":"text/html"},"body":"é"}`, want: http.Header{"Content-Type": {"text/html"}, "content-TYPE": nil, "Content-Length": {"2"}}},
		{name: "one type", answer: `{"headers":{"Content-Type":"text/html"},"multiValueHeaders":{"content-type":["text/css","text/plain"]}}`, want: http.Header{"Content-Type": {"text/css"}, "content-type": nil}},
		{name: "its own spelling", answer: `{"headers":{"x-mY":"1","x-yoUR":"4"},"multiValueHeaders":{"X-My":["2","3"]}}`, want: http.Header{"X-My": {"2", "3", "1"}, "x-mY": nil, "x-yoUR": {"4"}}},
		{
			name: "what the gateway writes",
			answer: `{"headers":{"content-length":"999","Date":"now","connection":"close","Server":"x","WWW-Authenticate":"Basic","x-amzn-requestid":"mine",` +
				`"X-AMZ-APIGW-ID":"mine","x-amzn-trace-id":"mine","transfer-encoding":"chunked","Trailer":"x"}}`,
			want: http.Header{
				"Content-Length": {"0"}, "content-length": nil, "x-amzn-Remapped-content-length": {"999"}, "x-amzn-Remapped-Date": {"now"},
				"Connection": {"keep-alive"}, "connection": nil, "x-amzn-Remapped-connection": {"close"}, "x-amzn-Remapped-Server": {"x"},
				"x-amzn-Remapped-WWW-Authenticate": {"Basic"}, "x-amzn-Remapped-x-amzn-requestid": {"mine"}, "x-amzn-requestid": nil,
				"X-AMZ-APIGW-ID": nil, "x-amzn-trace-id": nil, "transfer-encoding": nil, "Trailer": nil, "x-amzn-Remapped-Trailer": {"x"},
			},
		},
		{
			name:   "names that are none",
			answer: `{"headers":{"":"1","a b":"2","a:b":"3","Trailer:x":"4","a\nb":"5","ä":"6","a\u0000":"7","ok!#$%&'*+-.^_|~":"8"}}`,
			want:   http.Header{"": nil, "a b": nil, "a:b": nil, "Trailer:x": nil, "a\nb": nil, "ä": nil, "a\x00": nil, "ok!#$%&'*+-.^_|~": {"8"}},
		},
		{name: "values of several lines", answer: `{"headers":{"x":"a\r\nSet-Cookie: b=c\u0000\u007f\td"}}`, want: http.Header{"x": {"a  Set-Cookie: b=c  \td"}, "Set-Cookie": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(answers("f", tt.answer)).deploy(t, api(func(a *apigw.API) { a.Routes[1].Function = "f" }))
			w := h.get(t, "/dev/a")
			if w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for name, want := range tt.want {
				if got := w.Header()[name]; !cmp.Equal(got, want) {
					t.Errorf("%q: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestStatusesWithoutBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, answer string
		status                     int
		length                     []string
	}{
		{name: "204", method: "GET", path: "/dev/a", answer: `{"statusCode":204,"body":"x"}`, status: 204},
		{name: "304", method: "GET", path: "/dev/a", answer: `{"statusCode":304,"body":"x"}`, status: 304},
		{name: "HEAD", method: "HEAD", path: "/dev/a", answer: `{"statusCode":200,"body":"xyz"}`, status: 200, length: []string{"3"}},
		{name: "HEAD of a refusal", method: "HEAD", path: "/dev/guarded/none/such", answer: `{"statusCode":700}`, status: 502, length: []string{"0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(answers("f", tt.answer)).deploy(t, api(func(a *apigw.API) { a.Routes[1].Function = "f" }))
			w := h.send(request(t, tt.method, tt.path))
			if got := w.Header()["Content-Length"]; w.Code != tt.status || w.Body.Len() != 0 || !cmp.Equal(got, tt.length) {
				t.Errorf("%d, Content-Length %q, body %q", w.Code, got, w.Body)
			}
		})
	}
}

// HTTP/2 has no Connection header, and a client that wants to close gets what it wants.
func TestConnectionHeader(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	r := request(t, http.MethodGet, "/dev/a")
	r.ProtoMajor = 2
	if got := h.send(r).Header()["Connection"]; got != nil {
		t.Errorf("HTTP/2: %q", got)
	}
	r = request(t, http.MethodGet, "/dev/a")
	r.Close = true
	if got := h.send(r).Header()["Connection"]; !cmp.Equal(got, []string{"close"}) {
		t.Errorf("Connection: close was answered with %q", got)
	}
}
