package event_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/event"
)

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
	f.Add("?", "0", "0", ".\xdb", "", "\xb9", "0", []byte("0")) // two halves, of which neither is text
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
		if sent := []string{method, path, value, headerValue, parameter, header}; slices.ContainsFunc(sent, func(text string) bool { return !utf8Only(text) }) {
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
