package event_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/event"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, raw string
		want      []event.Pair
	}{
		{name: "none", raw: ""},
		{name: "only a fragment", raw: "#a=1"},
		{name: "in order", raw: "b=1&a=2", want: []event.Pair{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}}},
		{name: "repeated", raw: "a=1&b=2&a=3", want: []event.Pair{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}}},
		{name: "empty value", raw: "a=", want: []event.Pair{{Name: "a"}}},
		{name: "no equal sign", raw: "a", want: []event.Pair{{Name: "a"}}},
		{name: "empty name", raw: "=1", want: []event.Pair{{Value: "1"}}},
		{name: "equal signs in the value", raw: "a=b=c==", want: []event.Pair{{Name: "a", Value: "b=c=="}}},
		{name: "empty parts", raw: "&&a=1&&", want: []event.Pair{{Name: "a", Value: "1"}}},
		{name: "plus", raw: "a+b=c+d", want: []event.Pair{{Name: "a b", Value: "c d"}}},
		{name: "encoded plus", raw: "a=c%2Bd", want: []event.Pair{{Name: "a", Value: "c+d"}}},
		{name: "encoded separators", raw: "a=%26%3D%23&b=1", want: []event.Pair{{Name: "a", Value: "&=#"}, {Name: "b", Value: "1"}}},
		{name: "a semicolon is data", raw: "a=1;b=2&c;=3", want: []event.Pair{{Name: "a", Value: "1;b=2"}, {Name: "c;", Value: "3"}}},
		{name: "bad percent", raw: "a=%zz&b=%2&c=%", want: []event.Pair{{Name: "a", Value: "%zz"}, {Name: "b", Value: "%2"}, {Name: "c", Value: "%"}}},
		{name: "bad percent in a name only", raw: "%zz=%41", want: []event.Pair{{Name: "%zz", Value: "A"}}},
		{name: "a fragment is dropped", raw: "a=1#b&c=2", want: []event.Pair{{Name: "a", Value: "1"}}},
		{name: "a question mark is data", raw: "a=?&?b=1", want: []event.Pair{{Name: "a", Value: "?"}, {Name: "?b", Value: "1"}}},
		{name: "UTF-8", raw: "a=%C3%A9&b=é", want: []event.Pair{{Name: "a", Value: "é"}, {Name: "b", Value: "é"}}},
		{name: "case counts", raw: "a=1&A=2", want: []event.Pair{{Name: "a", Value: "1"}, {Name: "A", Value: "2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, event.ParseQuery(tt.raw)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	generated := func(forwardedFor string, others ...event.Pair) []event.Pair {
		pairs := append([]event.Pair{
			{Name: "Host", Value: "api.example"},
			{Name: "X-Amzn-Trace-Id", Value: "Root=1-2-3"},
			{Name: "X-Forwarded-For", Value: forwardedFor},
			{Name: "X-Forwarded-Port", Value: "443"},
			{Name: "X-Forwarded-Proto", Value: "https"},
		}, others...)
		slices.SortStableFunc(pairs, func(a, b event.Pair) int { return strings.Compare(a.Name, b.Name) })
		return pairs
	}
	tests := []struct {
		name   string
		header http.Header
		want   []event.Pair
	}{
		{name: "none", want: generated("192.0.2.1")},
		{
			name: "those that API Gateway drops",
			header: http.Header{
				"Connection": {"close"}, "Content-Length": {"1"}, "Content-Md5": {"x"}, "Expect": {"100-continue"}, "Max-Forwards": {"1"},
				"Proxy-Authenticate": {"x"}, "Server": {"x"}, "Te": {"trailers"}, "Transfer-Encoding": {"chunked"}, "Trailer": {"x"},
				"Upgrade": {"h2c"}, "Www-Authenticate": {"x"}, "te": {"x"}, "CONTENT-MD5": {"x"},
			},
			want: generated("192.0.2.1"),
		},
		{
			name: "those that it keeps",
			header: http.Header{
				"Accept": {"*/*"}, "Age": {"1"}, "Authorization": {"x"}, "Content-Encoding": {"gzip"}, "Date": {"d"}, "Pragma": {"p"},
				"Range": {"r"}, "Referer": {"f"}, "Via": {"v"}, "Warn": {"w"},
			},
			want: generated("192.0.2.1",
				event.Pair{Name: "Accept", Value: "*/*"}, event.Pair{Name: "Age", Value: "1"}, event.Pair{Name: "Authorization", Value: "x"},
				event.Pair{Name: "Content-Encoding", Value: "gzip"}, event.Pair{Name: "Date", Value: "d"}, event.Pair{Name: "Pragma", Value: "p"},
				event.Pair{Name: "Range", Value: "r"}, event.Pair{Name: "Referer", Value: "f"}, event.Pair{Name: "Via", Value: "v"},
				event.Pair{Name: "Warn", Value: "w"}),
		},
		{
			name: "those that it writes itself",
			header: http.Header{
				"Host": {"evil.example"}, "X-Amzn-Trace-Id": {"Root=evil"}, "X-Forwarded-Port": {"80"}, "X-Forwarded-Proto": {"http"},
				"x-forwarded-proto": {"http"},
			},
			want: generated("192.0.2.1"),
		},
		{name: "a chain of proxies", header: http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.1", "10.0.0.1"}}, want: generated("198.51.100.1, 203.0.113.1, 10.0.0.1, 192.0.2.1")},
		{name: "a chain of proxies in the client's spelling", header: http.Header{"x-forwarded-for": {"198.51.100.1"}}, want: generated("198.51.100.1, 192.0.2.1")},
		{
			name:   "values in order, names as they are",
			header: http.Header{"tEsT-HEADeR": {"b", "a"}, "Test-Header": {"c"}, "X-Empty": {""}},
			want: generated("192.0.2.1",
				event.Pair{Name: "Test-Header", Value: "c"}, event.Pair{Name: "X-Empty"},
				event.Pair{Name: "tEsT-HEADeR", Value: "b"}, event.Pair{Name: "tEsT-HEADeR", Value: "a"}),
		},
		{
			name:   "names that reach a function in one spelling",
			header: http.Header{"aUThorization": {"x"}, "user-agent": {"curl"}},
			want:   generated("192.0.2.1", event.Pair{Name: "Authorization", Value: "x"}, event.Pair{Name: "User-Agent", Value: "curl"}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := event.Headers(&http.Request{Host: "api.example", Header: tt.header}, nil, "192.0.2.1", "Root=1-2-3")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaderValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		header http.Header
		want   string
	}{
		{name: "none"},
		{name: "as net/http spells it", header: http.Header{"X-Amzn-Requestid": {"a", "b"}}, want: "a"},
		{name: "as the client spells it", header: http.Header{"x-amzn-RequestId": {"a"}}, want: "a"},
		{name: "net/http's spelling goes first", header: http.Header{"X-Amzn-Requestid": {"b"}, "X-AMZN-REQUESTID": {"a"}}, want: "b"},
		{name: "then the first in order", header: http.Header{"x-amzn-requestid": {"b"}, "X-AMZN-REQUESTID": {"a"}}, want: "a"},
		{name: "a name without values", header: http.Header{"X-Amzn-Requestid": {}, "x-amzn-requestid": {"a"}}, want: "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := event.HeaderValue(tt.header, "X-Amzn-Requestid"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Headers must not grow the list of the request: its spare capacity may be another's.
func TestHeadersLeavesTheRequest(t *testing.T) {
	t.Parallel()
	chain := append(make([]string, 0, 2), "198.51.100.1")
	event.Headers(&http.Request{Header: http.Header{"X-Forwarded-For": chain}}, nil, "192.0.2.1", "")
	if got := chain[:2][1]; got != "" {
		t.Errorf("the request's header has %q behind its end", got)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	r := &event.Request{
		Headers: []event.Pair{{Name: "X-A", Value: "1"}, {Name: "x-a", Value: "2"}, {Name: "Empty"}},
		Query:   []event.Pair{{Name: "q", Value: "1"}, {Name: "Q", Value: "2"}, {Name: "q", Value: "3"}, {Name: "e"}},
	}
	type found struct {
		Value  string
		Found  bool
		Values []string
	}
	header := func(name string) found {
		value, ok := r.Header(name)
		return found{value, ok, r.HeaderValues(name)}
	}
	query := func(name string) found {
		value, ok := r.QueryValue(name)
		return found{value, ok, r.QueryValues(name)}
	}
	tests := []struct {
		name      string
		got, want found
	}{
		{name: "header in any case, the last of several", got: header("X-a"), want: found{"2", true, []string{"1", "2"}}},
		{name: "empty header", got: header("empty"), want: found{"", true, []string{""}}},
		{name: "no header", got: header("X-B")},
		{name: "query by case, the last of several", got: query("q"), want: found{"3", true, []string{"1", "3"}}},
		{name: "query in capitals", got: query("Q"), want: found{"2", true, []string{"2"}}},
		{name: "empty query", got: query("e"), want: found{"", true, []string{""}}},
		{name: "no query", got: query("E")},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	tests := []struct{ host, name, prefix string }{
		{host: "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", name: "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", prefix: "a1b2c3d4e5"},
		{host: "localhost:3000", name: "localhost", prefix: "localhost"},
		{host: "127.0.0.1:3000", name: "127.0.0.1", prefix: "127"},
		{host: "[::1]:3000", name: "[::1]", prefix: "[::1]"},
		{host: "[::1]", name: "[::1]", prefix: "[::1]"},
		{host: "", name: "", prefix: ""},
	}
	for _, tt := range tests {
		r := &event.Request{Host: tt.host}
		if r.DomainName() != tt.name || r.DomainPrefix() != tt.prefix {
			t.Errorf("%q: got %q and %q, want %q and %q", tt.host, r.DomainName(), r.DomainPrefix(), tt.name, tt.prefix)
		}
	}
}

func TestContextVariable(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"accountId": "000000000000", "apiId": "wuiz4sp30k", "deploymentId": "0rxhlk", "domainName": "wuiz4sp30k.execute-api.us-east-1.amazonaws.com",
		"domainPrefix": "wuiz4sp30k", "extendedRequestId": "EOQI6FN2oAMEnww=", "httpMethod": "GET", "identity.sourceIp": "192.0.2.1",
		"identity.userAgent": "stackd-rest-authorizer-probe", "path": "/dev/request0/item", "protocol": "HTTP/1.1",
		"requestId": "cf509907-40a2-4d49-889c-5deea28a89d6", "requestTime": "24/Sep/2026:21:19:14 +0000", "requestTimeEpoch": "1790284754108",
		"resourceId": "mxp3w2", "resourcePath": "/request0/{item}", "stage": "dev",
	}
	r := authorizerRequest()
	got := map[string]string{}
	for name := range want {
		if value, ok := r.ContextVariable(name); ok {
			got[name] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"", "Stage", "identity.user", "authorizer.principalId", "identity.apiKey", "identity.apiKeyId"} {
		if value, ok := r.ContextVariable(name); ok {
			t.Errorf("context.%s is %q", name, value)
		}
	}
	r.Headers = nil
	if _, ok := r.ContextVariable("identity.userAgent"); ok {
		t.Error("a request without User-Agent has one")
	}
}

// Names are those of the lines that the client sent, value by value; what net/http added was not sent; HTTP/2 has no case.
func TestHeadersHaveTheNamesThatWereSent(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Probe": {"1", "2"}, "Authorization": {"x"}, "Cache-Control": {"no-cache"}, "Pragma": {"no-cache"}}
	tests := []struct {
		name  string
		proto int
		sent  []string
		want  []string
	}{
		{"recorded", 1, []string{"Host", "x-probe", "PRAGMA", "aUthorization", "X-PROBE"}, []string{"Authorization", "PRAGMA", "X-PROBE", "x-probe"}},
		{"not recorded", 1, nil, []string{"Authorization", "Cache-Control", "Pragma", "X-Probe", "X-Probe"}},
		{"HTTP/2", 2, nil, []string{"Authorization", "cache-control", "pragma", "x-probe", "x-probe"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, h := range event.Headers(&http.Request{Header: header, ProtoMajor: tt.proto}, tt.sent, "192.0.2.1", "") {
				if header.Get(h.Name) != "" {
					got = append(got, h.Name)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The time is written as package time writes it, whatever the clock says.
func TestRequestTime(t *testing.T) {
	t.Parallel()
	const format = "02/Jan/2006:15:04:05 -0700"
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		r := event.Request{Time: time.Unix(random.Int64N(1<<39)-1<<38, 0).In(time.FixedZone("", random.IntN(86_400)))}
		if diff := cmp.Diff(r.Time.UTC().Format(format), r.RequestTime()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", r.Time, diff)
		}
	}
}
