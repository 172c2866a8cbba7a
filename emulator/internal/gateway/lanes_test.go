package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
)

// lane is a gateway in one of the two lanes. Its functions answer as they are told, and remember what they were given.
type lane struct {
	*harness
	given  []any // the events of the last request
	policy any   // the authorizers' answer
	answer events.APIGatewayProxyResponse
	err    error
}

func newLane(t testing.TB, jsonLane bool, seed uint64) *lane {
	t.Helper()
	l := &lane{}
	l.harness = newHarness(func(o *gateway.Options) {
		o.JSONLane = jsonLane
		o.Random = rand.NewChaCha8([32]byte{byte(seed)})
		o.Handlers["proxy"] = function.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			l.given = append(l.given, e)
			return l.answer, l.err
		})
		o.Handlers["token"] = function.Func(func(_ context.Context, e events.APIGatewayCustomAuthorizerRequest) (any, error) {
			l.given = append(l.given, e)
			return l.policy, nil
		})
		request, err := function.Of(func(e events.APIGatewayCustomAuthorizerRequestTypeRequest) (any, error) {
			l.given = append(l.given, e)
			return l.policy, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Handlers["request"] = request
	})
	return l.deployed(t, nil)
}

func (l *lane) deployed(t testing.TB, variables map[string]string) *lane {
	t.Helper()
	l.deploy(t, api(func(a *apigw.API) {
		a.StageVariables = variables
		a.BinaryMediaTypes = []string{"image/*"}
		a.Authorizers = []apigw.Authorizer{
			{Name: "token", Function: "token", ResultTTL: time.Minute},
			{Name: "request", Type: apigw.RequestAuthorizer, Function: "request", IdentitySources: []apigw.IdentitySource{{Kind: apigw.ContextSource, Name: "path"}}},
		}
		a.Routes = []apigw.Route{
			{Method: "ANY", Path: "/{proxy+}", Function: "proxy"},
			{Method: "ANY", Path: "/token/{a}/{b}", Function: "proxy", Authorizer: "token"},
			{Method: "ANY", Path: "/request/{a}/{b}", Function: "proxy", Authorizer: "request"},
		}
	}))
	return l
}

// text is something that clients and functions send: words, what JSON escapes, other writing systems, and bytes that are not
// UTF-8.
func text(r *rand.Rand) string {
	pieces := []string{
		"a", "B", "7", " ", "-", "word", "<b>&amp;</b>", `"quoted\"`, "\t", "é", "東京", "😀", "\u2028", "\ufffd", "\x7f", "null", "{}", "%20",
		"\xff", "\xc3", "\xed\xa0\x80", "\x00", "\r\n",
	}
	usual := len(pieces)
	if r.IntN(3) > 0 {
		usual = 18 // what JSON keeps
	}
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(pieces[r.IntN(usual)])
	}
	return b.String()
}

// word is a name, or something else that stands in a URL.
func word(r *rand.Rand) string {
	words := []string{"a", "b", "page", "Name", "k%20k", "%ff", "+", "é", "a%2Fb", "~", "x-y"}
	return words[r.IntN(len(words))]
}

func texts(r *rand.Rand, most int) map[string]string {
	if r.IntN(4) == 0 {
		return nil
	}
	m := map[string]string{}
	for range r.IntN(most + 1) {
		m["X-"+word(r)+text(r)] = text(r)
	}
	return m
}

// randomRequest has headers in several spellings and lines, a query with repeated and broken parameters, and a body.
func randomRequest(t testing.TB, r *rand.Rand) *http.Request {
	uri := []string{"/dev/", "/dev/token/", "/dev/request/"}[r.IntN(3)] + word(r) + "/" + word(r)
	for i := range r.IntN(4) {
		uri += string("?&&&"[i]) + word(r) + "=" + word(r)
	}
	names := []string{"Accept", "User-Agent", "user-agent", "Cookie", "X-Forwarded-For", "Content-Type", "x-lower", "X-Many", "Te", "Authorization", "authorization"}
	var headers []string
	for range r.IntN(8) {
		value := text(r)
		if r.IntN(3) == 0 {
			value = []string{"image/png", "application/json"}[r.IntN(2)]
		}
		headers = append(headers, names[r.IntN(len(names))], value)
	}
	if r.IntN(4) > 0 {
		headers = append(headers, "Authorization", fmt.Sprintf("token-%d", r.IntN(3)))
	}
	made := request(t, []string{"GET", "POST", "HEAD", "DELETE"}[r.IntN(4)], uri, headers...)
	if body := text(r); r.IntN(2) == 0 {
		if r.IntN(20) == 0 {
			body = strings.Repeat(body+"x", 70_000/len(body+"x")+1) // more than goes without JSON
		}
		made.Body, made.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	return made
}

func randomAnswer(r *rand.Rand) events.APIGatewayProxyResponse {
	answer := events.APIGatewayProxyResponse{
		StatusCode: []int{200, 200, 200, 201, 204, 304, 404, 503, 0, 99, 600}[r.IntN(11)], Headers: texts(r, 3), Body: text(r),
		IsBase64Encoded: r.IntN(4) == 0,
	}
	if r.IntN(3) == 0 {
		answer.Body = "aGVsbG8="
	}
	if r.IntN(20) == 0 {
		answer.Body = strings.Repeat("large", 20_000)
	}
	for name, value := range answer.Headers {
		if r.IntN(3) > 0 {
			continue
		}
		if answer.MultiValueHeaders == nil {
			answer.MultiValueHeaders = map[string][]string{"Set-Cookie": {"a=b", "c=d"}, "X-None": nil}
		}
		answer.MultiValueHeaders[strings.ToUpper(name)] = []string{value, text(r)}
		if r.IntN(2) == 0 {
			delete(answer.MultiValueHeaders, "X-None")
		}
	}
	return answer
}

// randomPolicy is an authorizer's answer, with all that a context may hold.
func randomPolicy(r *rand.Rand) any {
	values := map[string]any{}
	for range r.IntN(5) {
		values[text(r)] = []any{text(r), 7, -1.5e30, true, nil, json.Number("12345678901234567890")}[r.IntN(6)]
	}
	answer := map[string]any{"policyDocument": map[string]any{
		"Version":   "2012-10-17",
		"Statement": []any{map[string]any{"Effect": []string{"Allow", "Allow", "Allow", "Deny"}[r.IntN(4)], "Action": "*", "Resource": "*"}},
	}}
	if r.IntN(5) > 0 {
		answer["context"] = values
	}
	if r.IntN(5) > 0 {
		answer["principalId"] = text(r)
	}
	if r.IntN(10) == 0 {
		answer["context"] = []int{1}
	}
	return answer
}

// outcome is what a client and the reader of the trace see.
type outcome struct {
	Status int
	Header http.Header
	Body   string
	Trace  string
}

func (l *lane) outcome(t testing.TB, r *http.Request) outcome {
	t.Helper()
	w := l.send(r)
	account, err := json.Marshal(l.last(t))
	if err != nil {
		t.Fatal(err)
	}
	// What is not the same twice: times, and how many digits they have.
	took := regexp.MustCompile(`"(ms|integrationLatency)":[0-9.]+|[0-9]+ bytes in all`)
	return outcome{w.Code, w.Header(), w.Body.String(), took.ReplaceAllString(string(account), `"$1":0`)}
}

// Both lanes give functions the same events, and clients and the readers of traces the same account of it.
func TestLanesAreEqual(t *testing.T) {
	t.Parallel()
	const seed, rounds = 42, 1200
	r := rand.New(rand.NewPCG(seed, seed))
	typed, untyped := newLane(t, false, seed), newLane(t, true, seed)
	for i := range rounds {
		var variables map[string]string
		if i%100 == 0 {
			if variables = texts(r, 3); r.IntN(2) == 0 {
				variables = map[string]string{"table": "pets", "umlaut": "ü"}
			}
			typed.deployed(t, variables)
			untyped.deployed(t, variables)
		}
		sent, answer, policy := randomRequest(t, r), randomAnswer(r), randomPolicy(r)
		var raised error
		if r.IntN(30) == 0 {
			raised = errors.New(text(r))
		}
		var body []byte
		if sent.Body != nil {
			body, _ = io.ReadAll(sent.Body) // of a strings.Reader
		}
		outcomes := [2]outcome{}
		for n, l := range []*lane{typed, untyped} {
			l.given, l.answer, l.policy, l.err = nil, answer, policy, raised
			copied := sent.Clone(t.Context())
			copied.Body = io.NopCloser(bytes.NewReader(body))
			outcomes[n] = l.outcome(t, copied)
			for _, e := range l.given {
				if proxy, ok := e.(events.APIGatewayProxyRequest); ok && proxy.RequestContext.Authorizer["integrationLatency"] != 0.0 && proxy.RequestContext.Authorizer != nil {
					proxy.RequestContext.Authorizer["integrationLatency"] = 1.0 // of a call, and not the same twice
				}
			}
		}
		if diff := cmp.Diff(untyped.given, typed.given); diff != "" {
			t.Fatalf("round %d, %s %s: the events differ (-JSON +typed):\n%s", i, sent.Method, sent.RequestURI, diff)
		}
		if diff := cmp.Diff(outcomes[1], outcomes[0]); diff != "" {
			t.Fatalf("round %d, %s %s: the answers differ (-JSON +typed):\n%s", i, sent.Method, sent.RequestURI, diff)
		}
	}
}
