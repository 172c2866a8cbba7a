package event_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/event"
)

// The events as structs, for encoding/json to write.
type (
	proxyEvent struct {
		Resource                        string              `json:"resource"`
		Path                            string              `json:"path"`
		HTTPMethod                      string              `json:"httpMethod"`
		Headers                         map[string]string   `json:"headers"`
		MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
		QueryStringParameters           map[string]string   `json:"queryStringParameters"`
		MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
		PathParameters                  map[string]string   `json:"pathParameters"`
		StageVariables                  map[string]string   `json:"stageVariables"`
		RequestContext                  requestContext      `json:"requestContext"`
		Body                            *string             `json:"body"`
		IsBase64Encoded                 bool                `json:"isBase64Encoded"`
	}
	requestEvent struct {
		Type                            string              `json:"type"`
		MethodARN                       string              `json:"methodArn"`
		Resource                        string              `json:"resource"`
		Path                            string              `json:"path"`
		HTTPMethod                      string              `json:"httpMethod"`
		Headers                         map[string]string   `json:"headers"`
		MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
		QueryStringParameters           map[string]string   `json:"queryStringParameters"`
		MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
		PathParameters                  map[string]string   `json:"pathParameters"`
		StageVariables                  map[string]string   `json:"stageVariables"`
		RequestContext                  requestContext      `json:"requestContext"`
	}
	tokenEvent struct {
		Type               string `json:"type"`
		MethodARN          string `json:"methodArn"`
		AuthorizationToken string `json:"authorizationToken"`
	}
	requestContext struct {
		ResourceID        string          `json:"resourceId"`
		Authorizer        json.RawMessage `json:"authorizer,omitempty"`
		ResourcePath      string          `json:"resourcePath"`
		HTTPMethod        string          `json:"httpMethod"`
		ExtendedRequestID string          `json:"extendedRequestId"`
		RequestTime       string          `json:"requestTime"`
		Path              string          `json:"path"`
		AccountID         string          `json:"accountId"`
		Protocol          string          `json:"protocol"`
		Stage             string          `json:"stage"`
		DomainPrefix      string          `json:"domainPrefix"`
		RequestTimeEpoch  int64           `json:"requestTimeEpoch"`
		RequestID         string          `json:"requestId"`
		Identity          identity        `json:"identity"`
		DomainName        string          `json:"domainName"`
		DeploymentID      string          `json:"deploymentId"`
		APIID             string          `json:"apiId"`
	}
	identity struct {
		CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
		AccountID                     *string `json:"accountId"`
		CognitoIdentityID             *string `json:"cognitoIdentityId"`
		Caller                        *string `json:"caller"`
		SourceIP                      string  `json:"sourceIp"`
		PrincipalOrgID                *string `json:"principalOrgId"`
		AccessKey                     *string `json:"accessKey"`
		CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
		CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
		UserARN                       *string `json:"userArn"`
		UserAgent                     *string `json:"userAgent"`
		User                          *string `json:"user"`
	}
)

func encoded(t testing.TB, e any) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// lists keeps every value, maps the last of each name; made says whether they are empty or null.
func lists(pairs []event.Pair, made bool) map[string][]string {
	var m map[string][]string
	if made || len(pairs) > 0 {
		m = map[string][]string{}
	}
	for _, p := range pairs {
		m[p.Name] = append(m[p.Name], p.Value)
	}
	return m
}

func lasts(pairs []event.Pair, made bool) map[string]string {
	var m map[string]string
	if made || len(pairs) > 0 {
		m = map[string]string{}
	}
	for _, p := range pairs {
		m[p.Name] = p.Value
	}
	return m
}

func contextOf(r *event.Request) requestContext {
	c := requestContext{
		ResourceID: r.ResourceID, ResourcePath: r.Resource, HTTPMethod: r.Method, ExtendedRequestID: r.ExtendedID, RequestTime: r.RequestTime(),
		Path: r.ContextPath, AccountID: r.Stage.AccountID, Protocol: event.Protocol, Stage: r.Stage.Name, DomainPrefix: r.DomainPrefix(),
		RequestTimeEpoch: r.Time.UnixMilli(), RequestID: r.ID, Identity: identity{SourceIP: r.SourceIP}, DomainName: r.DomainName(),
		DeploymentID: r.Stage.DeploymentID, APIID: r.Stage.APIID,
	}
	if agent, sent := r.Header("User-Agent"); sent {
		c.Identity.UserAgent = &agent
	}
	return c
}

// arbitrary is text of all that JSON has a way of writing, and of bytes that are no text.
func arbitrary(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(8) {
		switch r.IntN(4) {
		case 0:
			b.WriteByte(byte(r.IntN(256)))
		case 1:
			b.WriteRune(rune(r.IntN(0x3000)))
		case 2:
			b.WriteRune([]rune{'\u2028', '\u2029', '\ufffd', '😀', '"', '\\', '<', '\x7f', '\b', '\f'}[r.IntN(10)])
		default:
			b.WriteString("word")
		}
	}
	return b.String()
}

func arbitraryPairs(r *rand.Rand) []event.Pair {
	var pairs []event.Pair
	for range r.IntN(5) {
		pairs = append(pairs, event.Pair{Name: arbitrary(r), Value: arbitrary(r)})
		if r.IntN(3) == 0 {
			pairs = append(pairs, event.Pair{Name: pairs[r.IntN(len(pairs))].Name, Value: arbitrary(r)})
		}
		if r.IntN(8) == 0 {
			pairs = append(pairs, event.Pair{Name: "user-Agent", Value: arbitrary(r)})
		}
	}
	return pairs
}

// The events are what encoding/json would write, byte for byte.
func TestEventsAreAsEncodingJSONWritesThem(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		q := &event.Request{
			Stage: &event.Stage{
				AccountID: arbitrary(r), APIID: arbitrary(r), Name: arbitrary(r), DeploymentID: arbitrary(r), Variables: lasts(arbitraryPairs(r), r.IntN(2) == 0),
			},
			ID: arbitrary(r), ExtendedID: arbitrary(r), Time: time.UnixMilli(r.Int64N(1e14) - 1e13), Method: arbitrary(r), Path: arbitrary(r),
			ContextPath: arbitrary(r), Host: arbitrary(r), SourceIP: arbitrary(r), Headers: arbitraryPairs(r), Query: arbitraryPairs(r),
			Resource: arbitrary(r), ResourceID: arbitrary(r), PathParameters: arbitraryPairs(r), MethodARN: arbitrary(r),
		}
		proxy := proxyEvent{
			q.Resource, q.Path, q.Method, lasts(q.Headers, false), lists(q.Headers, false), lasts(q.Query, false), lists(q.Query, false),
			lasts(q.PathParameters, false), q.Stage.Variables, contextOf(q), nil, r.IntN(4) == 0,
		}
		if len(proxy.StageVariables) == 0 {
			proxy.StageVariables = nil
		}
		var binary event.MediaTypes
		if proxy.IsBase64Encoded {
			binary = event.MediaTypes{"*/*"}
		}
		body := []byte(arbitrary(r))
		if text := string(body); text == "" {
			proxy.IsBase64Encoded = false
		} else {
			if proxy.IsBase64Encoded {
				text = base64.StdEncoding.EncodeToString(body)
			}
			proxy.Body = &text
		}
		if r.IntN(2) == 0 {
			proxy.RequestContext.Authorizer = json.RawMessage(`{"a":"<","integrationLatency":0}`)
		}
		request := requestEvent{
			"REQUEST", q.MethodARN, q.Resource, q.Path, q.Method, lasts(q.Headers, true), lists(q.Headers, true), lasts(q.Query, true), lists(q.Query, true),
			lasts(q.PathParameters, true), lasts(nil, true), contextOf(q),
		}
		maps.Copy(request.StageVariables, q.Stage.Variables)
		token := arbitrary(r)
		for _, e := range []struct {
			name      string
			got, want string
		}{
			{"proxy", string(event.Proxy(q, body, binary, proxy.RequestContext.Authorizer)), encoded(t, proxy)},
			{"REQUEST", string(event.AuthorizerRequest(q)), encoded(t, request)},
			{"TOKEN", string(event.Token(q, token)), encoded(t, tokenEvent{"TOKEN", q.MethodARN, token})},
		} {
			if diff := cmp.Diff(e.want, e.got); diff != "" {
				t.Fatalf("%s (-encoding/json +event):\n%s", e.name, diff)
			}
		}
	}
}

// BenchmarkProxyByEncodingJSON is what the events would cost without an encoder of their own.
func BenchmarkProxyByEncodingJSON(b *testing.B) {
	q, body := proxyRequest()
	b.ReportAllocs()
	for b.Loop() {
		text := string(body)
		encoded(b, proxyEvent{
			q.Resource, q.Path, q.Method, lasts(q.Headers, false), lists(q.Headers, false), lasts(q.Query, false), lists(q.Query, false),
			lasts(q.PathParameters, false), q.Stage.Variables, contextOf(q), &text, false,
		})
	}
}
