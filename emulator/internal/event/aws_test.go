package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/event"
)

// recorded reads a file of what AWS does.
func recorded(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/aws/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// golden is an event as it was recorded.
type golden struct{ Source, Confidence, Event string }

// decoded is JSON as values, for comparisons that the order of members does not matter to.
func decoded(t testing.TB, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// The request that the recorded authorizer events are of.
func authorizerRequest() *event.Request {
	return &event.Request{
		Stage: &event.Stage{
			AccountID: "000000000000", APIID: "wuiz4sp30k", Name: "dev", DeploymentID: "0rxhlk",
			Variables: map[string]string{"ProbeVar": "authorizer-probe"},
		},
		ID: "cf509907-40a2-4d49-889c-5deea28a89d6", ExtendedID: "EOQI6FN2oAMEnww=", TraceID: "Root=1-6ab593d2-1bdb0ce753eb8d5507a5841e",
		Time:   time.UnixMilli(1790284754108),
		Method: "GET", Path: "/request0/item", ContextPath: "/dev/request0/item",
		Host: "wuiz4sp30k.execute-api.us-east-1.amazonaws.com", SourceIP: "192.0.2.1",
		Headers: []event.Pair{
			{Name: "Accept-Encoding", Value: "identity"},
			{Name: "Host", Value: "wuiz4sp30k.execute-api.us-east-1.amazonaws.com"},
			{Name: "User-Agent", Value: "stackd-rest-authorizer-probe"},
			{Name: "X-Amzn-Trace-Id", Value: "Root=1-6ab593d2-1bdb0ce753eb8d5507a5841e"},
			{Name: "X-Auth", Value: "allow-repeat-request0"},
			{Name: "X-Forwarded-For", Value: "192.0.2.1"},
			{Name: "X-Forwarded-Port", Value: "443"},
			{Name: "X-Forwarded-Proto", Value: "https"},
		},
		Query:    []event.Pair{{Name: "tenant", Value: "one"}, {Name: "extra", Value: "changed"}},
		Resource: "/request0/{item}", ResourceID: "mxp3w2", PathParameters: []event.Pair{{Name: "item", Value: "item"}},
		MethodARN: "arn:aws:execute-api:us-east-1:000000000000:wuiz4sp30k/dev/GET/request0/item",
	}
}

// The request that the recorded proxy event is of, and its body.
func proxyRequest() (*event.Request, []byte) {
	return &event.Request{
		Stage: &event.Stage{AccountID: "910345601053", APIID: "5h7pqvr9u4", Name: "live", DeploymentID: "0rxhlk"},
		ID:    "7c2af7db-31f3-42b5-8a6d-9ffc74e3b9e0", ExtendedID: "ATfSdF7nPHcErRA=", TraceID: "Root=1-6a5145a8-536f3e792f6be9b44c1f46fa",
		Time:   time.UnixMilli(1783711144836).In(time.FixedZone("", 3600)),
		Method: "POST", Path: "/capture/space%20value", ContextPath: "/live/capture/space%20value",
		Host: "5h7pqvr9u4.execute-api.us-west-2.amazonaws.com", SourceIP: "68.8.83.18",
		Headers: []event.Pair{
			{Name: "Host", Value: "5h7pqvr9u4.execute-api.us-west-2.amazonaws.com"},
			{Name: "User-Agent", Value: "curl/8.7.1"},
			{Name: "X-Amzn-Trace-Id", Value: "Root=1-6a5145a8-536f3e792f6be9b44c1f46fa"},
			{Name: "X-Forwarded-For", Value: "68.8.83.18"},
			{Name: "X-Forwarded-Port", Value: "443"},
			{Name: "X-Forwarded-Proto", Value: "https"},
			{Name: "accept", Value: "*/*"},
			{Name: "content-type", Value: "application/json"},
			{Name: "cookie", Value: "session=abc123; theme=dark"},
			{Name: "x-voker-probe", Value: "first"},
			{Name: "x-voker-probe", Value: "second"},
		},
		Query:    event.ParseQuery("encodedPlus=a%2Bb&literalPlus=a+b&repeat=one&repeat=two&empty=&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb"),
		Resource: "/{proxy+}", ResourceID: "al6gqb", PathParameters: []event.Pair{{Name: "proxy", Value: "capture/space%20value"}},
		MethodARN: "arn:aws:execute-api:us-west-2:910345601053:5h7pqvr9u4/live/POST/capture/space%20value",
	}, []byte(`{"message":"hello from the public internet","unicode":"lambda-λ"}`)
}

func TestAWSEvents(t *testing.T) {
	t.Parallel()
	var want struct{ Token, Request, Proxy golden }
	recorded(t, "events.json", &want)
	token := authorizerRequest()
	token.MethodARN = "arn:aws:execute-api:us-east-1:000000000000:wuiz4sp30k/dev/GET/token300"
	if got := string(event.Token(token, "allow-wide-scope")); got != want.Token.Event {
		t.Errorf("TOKEN (-want +got):\n%s(%s: %s)", cmp.Diff(want.Token.Event, got), want.Token.Confidence, want.Token.Source)
	}
	if got := string(event.AuthorizerRequest(authorizerRequest())); got != want.Request.Event {
		t.Errorf("REQUEST (-want +got):\n%s(%s: %s)", cmp.Diff(want.Request.Event, got), want.Request.Confidence, want.Request.Source)
	}
	r, body := proxyRequest()
	got := decoded(t, event.Proxy(r, body, nil, nil))
	if diff := cmp.Diff(decoded(t, []byte(want.Proxy.Event)), got); diff != "" {
		t.Errorf("proxy (-want +got):\n%s(%s: %s)", diff, want.Proxy.Confidence, want.Proxy.Source)
	}
}

func TestAWSResponses(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Name, Source, Confidence string
		Answer                   json.RawMessage
		Status                   int // 0: malformed
		Headers                  []string
		Body                     string
	}
	recorded(t, "responses.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := event.ParseResponse(c.Answer, "", nil)
			if c.Status == 0 {
				if err == nil {
					t.Errorf("read as %+v, which AWS calls malformed (%s: %s)", got, c.Confidence, c.Source)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v (%s: %s)", err, c.Confidence, c.Source)
			}
			var headers []string
			for _, h := range got.Headers {
				headers = append(headers, h.Name+": "+h.Value)
			}
			if got.Status != c.Status || string(got.Body) != c.Body || !cmp.Equal(headers, c.Headers) {
				t.Errorf("got %d %q %q, want %d %q %q (%s: %s)",
					got.Status, headers, got.Body, c.Status, c.Headers, c.Body, c.Confidence, c.Source)
			}
		})
	}
}

func TestAWSMediaTypes(t *testing.T) {
	t.Parallel()
	type table []struct {
		Types              event.MediaTypes
		Source, Confidence string
		Match, Miss        []string
	}
	var tables struct{ Accept, ContentType table }
	recorded(t, "media-types.json", &tables)
	check := func(header string, rows table, match func(event.MediaTypes, string) bool) {
		for _, row := range rows {
			verdicts := map[bool][]string{true: row.Match, false: row.Miss}
			for want, values := range verdicts {
				for _, value := range values {
					if got := match(row.Types, value); got != want {
						t.Errorf("%v match %s %q: %t, want %t (%s: %s)", row.Types, header, value, got, want, row.Confidence, row.Source)
					}
				}
			}
		}
	}
	check("Accept", tables.Accept, event.MediaTypes.MatchAccept)
	check("Content-Type", tables.ContentType, event.MediaTypes.MatchContentType)
}

// Only a body that is to be decoded has to be base64 (rest-gateway 3.6).
func TestBase64Body(t *testing.T) {
	t.Parallel()
	png := event.MediaTypes{"image/png"}
	tests := []struct {
		name, answer, accept string
		want                 string
		err                  error
	}{
		{name: "decoded", answer: `{"body":"AAH/","isBase64Encoded":true}`, accept: "image/png", want: "\x00\x01\xff"},
		{name: "flag before the body", answer: `{"isBase64Encoded":true,"body":"AAH/"}`, accept: "image/png", want: "\x00\x01\xff"},
		{name: "flag as text", answer: `{"isBase64Encoded":"true","body":"AAH/"}`, accept: "image/png", want: "\x00\x01\xff"},
		{name: "no flag", answer: `{"body":"AAH/"}`, accept: "image/png", want: "AAH/"},
		{name: "flag null", answer: `{"body":"AAH/","isBase64Encoded":null}`, accept: "image/png", want: "AAH/"},
		{name: "another type is accepted", answer: `{"body":"AAH/","isBase64Encoded":true}`, accept: "*/*", want: "AAH/"},
		{name: "no base64, no need", answer: `{"body":"%","isBase64Encoded":true}`, accept: "text/html", want: "%"},
		{name: "no base64", answer: `{"body":"%","isBase64Encoded":true}`, accept: "image/png", err: event.ErrBase64},
		{name: "cut off", answer: `{"body":"AAH","isBase64Encoded":true}`, accept: "image/png", err: event.ErrBase64},
		{name: "no body", answer: `{"isBase64Encoded":true}`, accept: "image/png"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := event.ParseResponse([]byte(tt.answer), tt.accept, png)
			if !errors.Is(err, tt.err) || string(got.Body) != tt.want {
				t.Errorf("got %q, %v; want %q, %v", got.Body, err, tt.want, tt.err)
			}
		})
	}
}

func ExampleParseResponse() {
	r, err := event.ParseResponse([]byte(`{"statusCode":"201","headers":{"Location":"/pets/7"},"body":"created"}`), "", nil)
	fmt.Printf("%d %v %s %v\n", r.Status, r.Headers, r.Body, err)
	_, err = event.ParseResponse([]byte(`{"statusCode":200,"cookies":[]}`), "", nil)
	fmt.Println(err)
	// Output:
	// 201 [{Location /pets/7}] created <nil>
	// key "cookies" is none of statusCode, headers, multiValueHeaders, body and isBase64Encoded (cookies belong to HTTP APIs; use multiValueHeaders with Set-Cookie)
}

func ExampleToken() {
	r := &event.Request{MethodARN: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets"}
	fmt.Printf("%s\n", event.Token(r, "Bearer abc"))
	// Output:
	// {"type":"TOKEN","methodArn":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets","authorizationToken":"Bearer abc"}
}

func ExampleParseQuery() {
	fmt.Println(event.ParseQuery("a=1&b=x+y%2Bz&a=2&c=p;q"))
	// Output: [{a 1} {b x y+z} {a 2} {c p;q}]
}
