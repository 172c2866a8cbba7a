package event_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
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
			got := event.Headers(&http.Request{Host: "api.example", Header: tt.header}, "192.0.2.1", "Root=1-2-3")
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
	event.Headers(&http.Request{Header: http.Header{"X-Forwarded-For": chain}}, "192.0.2.1", "")
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
	for _, name := range []string{"", "Stage", "identity.user", "authorizer.principalId", "identity.apiKey"} {
		if value, ok := r.ContextVariable(name); ok {
			t.Errorf("context.%s is %q", name, value)
		}
	}
	r.Headers = nil
	if _, ok := r.ContextVariable("identity.userAgent"); ok {
		t.Error("a request without User-Agent has one")
	}
}

// The empty request, to see what is null, what is {} and what is absent (rest-authorizer 3.4, rest-gateway 2.1, 2.2).
func TestEmptyEvents(t *testing.T) {
	t.Parallel()
	r := &event.Request{Stage: &event.Stage{}, Time: time.Unix(0, 0)}
	const context = `"requestContext":{"resourceId":"","resourcePath":"","httpMethod":"","extendedRequestId":"","requestTime":"01/Jan/1970:00:00:00 +0000",` +
		`"path":"","accountId":"","protocol":"HTTP/1.1","stage":"","domainPrefix":"","requestTimeEpoch":0,"requestId":"",` +
		`"identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"","principalOrgId":null,` +
		`"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,"userAgent":null,"user":null},` +
		`"domainName":"","deploymentId":"","apiId":""}`
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{
			name: "REQUEST", got: event.AuthorizerRequest(r),
			want: `{"type":"REQUEST","methodArn":"","resource":"","path":"","httpMethod":"","headers":{},"multiValueHeaders":{},"queryStringParameters":{},` +
				`"multiValueQueryStringParameters":{},"pathParameters":{},"stageVariables":{},` + context + `}`,
		},
		{
			name: "proxy", got: event.Proxy(r, nil, nil, nil),
			want: `{"resource":"","path":"","httpMethod":"","headers":null,"multiValueHeaders":null,"queryStringParameters":null,` +
				`"multiValueQueryStringParameters":null,"pathParameters":null,"stageVariables":null,` + context + `,"body":null,"isBase64Encoded":false}`,
		},
		{
			name: "proxy with stage variables that are none", want: `{"stageVariables":null}`,
			got: pick(t, event.Proxy(&event.Request{Stage: &event.Stage{Variables: map[string]string{}}}, nil, nil, nil), "stageVariables"),
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, string(tt.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// pick is an event with one member.
func pick(t testing.TB, text []byte, name string) []byte {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return []byte(`{"` + name + `":` + string(all[name]) + `}`)
}

func TestProxyBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, contentType, body, want string
		encoded                       bool
	}{
		{name: "text", contentType: "application/json", body: `{"a":"<&>"}`, want: `{"a":"<&>"}`},
		{name: "no type", body: "a=b", want: "a=b"},
		{name: "not UTF-8", contentType: "text/plain", body: "a\xffb\xc3", want: "a\ufffdb\ufffd"},
		{name: "binary", contentType: "image/png", body: "\x00\xff", want: "AP8=", encoded: true},
		{name: "binary that is text", contentType: "IMAGE/PNG; x=y", body: "abc", want: "YWJj", encoded: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &event.Request{Stage: &event.Stage{}}
			if tt.contentType != "" {
				r.Headers = []event.Pair{{Name: "content-type", Value: tt.contentType}}
			}
			var got events.APIGatewayProxyRequest
			if err := json.Unmarshal(event.Proxy(r, []byte(tt.body), event.MediaTypes{"image/*"}, nil), &got); err != nil {
				t.Fatal(err)
			}
			if got.Body != tt.want || got.IsBase64Encoded != tt.encoded {
				t.Errorf("got %q, base64 %t; want %q, %t", got.Body, got.IsBase64Encoded, tt.want, tt.encoded)
			}
		})
	}
}

// The authorizer's JSON is in the event as it is, and the key is absent on an open route (rest-gateway 2.6).
func TestProxyAuthorizer(t *testing.T) {
	t.Parallel()
	r, body := proxyRequest()
	const authorizer = `{"tier":"a<b","n":null,"principalId":"user","integrationLatency":21}`
	got := string(event.Proxy(r, body, nil, json.RawMessage(authorizer)))
	if want := `"authorizer":` + authorizer; !strings.Contains(got, want) {
		t.Errorf("the event has no %s:\n%s", want, got)
	}
	if got := string(event.Proxy(r, body, nil, nil)); strings.Contains(got, "authorizer") {
		t.Errorf("the event of an open route has an authorizer:\n%s", got)
	}
}

// Whatever a client sends, events are JSON that a function written with aws-lambda-go can decode, with the same values, and
// text that is not UTF-8 is replaced, never refused.
func FuzzEvents(f *testing.F) {
	f.Add("GET", "/pets/7", "petId", "7", "Authorization", "Bearer abc", "a=1&a=2&b=%zz", []byte("body"))
	f.Add("POST", "/x/%2B/\xff", "proxy", "%2B/\xff", "content-type", "image/png", "%ff=\xfe;x", []byte{0xff, 0x00})
	f.Add("A\u2028", "/\"\\", "", "", "", "\x00", "=&=#", []byte("<script>&\u2029"))
	f.Fuzz(func(t *testing.T, method, path, parameter, value, header, headerValue, query string, body []byte) {
		r := &event.Request{
			Stage: &event.Stage{Name: "dev", Variables: map[string]string{parameter: value}}, Time: time.UnixMilli(1790284754108),
			Method: method, Path: path, ContextPath: "/dev" + path, Host: value, SourceIP: "192.0.2.1", Resource: path,
			Headers: []event.Pair{{Name: header, Value: headerValue}}, Query: event.ParseQuery(query),
			PathParameters: []event.Pair{{Name: parameter, Value: value}},
			MethodARN:      "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/" + method + path,
		}
		valid := func(text string) string { return strings.ToValidUTF8(text, "\ufffd") }
		utf8Only := func(text string) bool { return utf8.ValidString(text) }

		var proxy events.APIGatewayProxyRequest
		if err := json.Unmarshal(event.Proxy(r, body, event.MediaTypes{"image/*"}, nil), &proxy); err != nil {
			t.Fatal(err)
		}
		var request events.APIGatewayCustomAuthorizerRequestTypeRequest
		if err := json.Unmarshal(event.AuthorizerRequest(r), &request); err != nil {
			t.Fatal(err)
		}
		var token events.APIGatewayCustomAuthorizerRequest
		if err := json.Unmarshal(event.Token(r, headerValue), &token); err != nil {
			t.Fatal(err)
		}
		if !utf8Only(method + path + value + headerValue + parameter + header) {
			for _, text := range []string{proxy.HTTPMethod, proxy.Path, request.MethodArn, token.AuthorizationToken} {
				if !utf8Only(text) {
					t.Errorf("%q is not UTF-8", text)
				}
			}
			return
		}
		if proxy.HTTPMethod != method || proxy.Path != path || proxy.PathParameters[parameter] != value || proxy.Headers[header] != headerValue {
			t.Errorf("the proxy event has other values: %+v", proxy)
		}
		if !proxy.IsBase64Encoded && utf8Only(string(body)) && proxy.Body != string(body) {
			t.Errorf("the body is %q, not %q", proxy.Body, body)
		}
		if request.MethodArn != r.MethodARN || token.MethodArn != r.MethodARN || token.AuthorizationToken != headerValue {
			t.Errorf("the authorizer events have other values: %+v, %+v", request, token)
		}
		for _, q := range r.Query {
			if values := proxy.MultiValueQueryStringParameters[valid(q.Name)]; utf8Only(q.Name+q.Value) && !slices.Contains(values, q.Value) {
				t.Errorf("%q is not among the values %q", q, values)
			}
		}
	})
}

func BenchmarkProxy(b *testing.B) {
	r, body := proxyRequest()
	b.ReportAllocs()
	for b.Loop() {
		event.Proxy(r, body, nil, nil)
	}
}

func BenchmarkAuthorizerRequest(b *testing.B) {
	r := authorizerRequest()
	b.ReportAllocs()
	for b.Loop() {
		event.AuthorizerRequest(r)
	}
}
