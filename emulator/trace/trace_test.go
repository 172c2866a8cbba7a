package trace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// routes are the candidates of every request.
type routes []trace.Candidate

func (r routes) Candidates(string, string) []trace.Candidate { return r }

// at is a time on the first day of 2027, away from UTC.
func at(hour, minute int) time.Time {
	return time.Date(2027, 1, 1, hour, minute, 0, 0, time.FixedZone("", 3600))
}

// indented is the JSON of a trace as a person reads it.
func indented(t testing.TB, tr trace.Trace) string {
	t.Helper()
	text, err := json.MarshalIndent(tr, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func Example() {
	tr := trace.Trace{
		RequestID: "cf509907-40a2-4d49-889c-5deea28a89d6", Method: "GET", Path: "/dev/pets", Status: 401,
		Duration: 1230 * time.Microsecond, Code: trace.IdentityMissing,
		Reason: "the identity source method.request.header.Authorization is absent", Hint: "send the header",
		Steps: []trace.Step{{Name: "identity", Code: trace.IdentityMissing, Source: "routes.yaml:7:3", Confidence: trace.Recorded}},
	}
	fmt.Println(tr.Line())
	// Output:
	// GET /dev/pets 401 the identity source method.request.header.Authorization is absent (send the header) [identity.missing 1.23ms cf509907-40a2-4d49-889c-5deea28a89d6]
}

func ExampleMask() {
	fmt.Println(trace.Mask("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"))
	// Output: ********F0dXJl
}

// The keys of a trace are a contract: the console, the commands and users' own tools read them.
func TestJSON(t *testing.T) {
	t.Parallel()
	tr := trace.Trace{
		RequestID: "id-2", Time: at(12, 5), Duration: 1234567 * time.Nanosecond, Method: "GET", Path: "/dev/pets/7", Route: "GET /pets/{petId}",
		MethodARN: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/7", Status: 403, Code: trace.PolicyImplicitDeny,
		Reason: "implicit deny", Hint: "widen the policy",
		Steps: []trace.Step{
			{
				Name: "route", Duration: 12 * time.Microsecond, Source: "routes.yaml:20:3", Confidence: trace.Documented,
				Detail: trace.RouteDetail{Routes: routes{
					{Route: "GET /pets/{petId}", Chosen: true, Source: "routes.yaml:20:3"}, {Route: "GET /pets", Reason: "a segment is left"},
				}},
			},
			{
				Name: "identity", Source: "routes.yaml:7:3", Confidence: trace.Recorded,
				Detail: trace.IdentityDetail{Authorizer: "jwt", Sources: []trace.IdentitySource{
					{Source: "method.request.header.Authorization", Value: "Bearer 0123456789", Found: true, Repeated: true}, {Source: "method.request.querystring.key"},
				}},
			},
			{Name: "cache", Code: trace.CacheHit},
		},
		Cache: &trace.Cache{
			State: trace.Hit, Expires: at(12, 9), WrittenBy: &trace.Writer{RequestID: "id-1", Method: "GET", Path: "/dev/pets", Time: at(12, 4).UTC()},
		},
	}
	want := `{
  "requestId": "id-2",
  "time": "2027-01-01T11:05:00Z",
  "ms": 1.234,
  "method": "GET",
  "path": "/dev/pets/7",
  "route": "GET /pets/{petId}",
  "methodArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/7",
  "status": 403,
  "code": "policy.implicit_deny",
  "reason": "implicit deny",
  "hint": "widen the policy",
  "steps": [
    {
      "name": "route",
      "ms": 0.012,
      "detail": {
        "candidates": [
          {
            "route": "GET /pets/{petId}",
            "chosen": true,
            "source": "routes.yaml:20:3"
          },
          {
            "route": "GET /pets",
            "chosen": false,
            "reason": "a segment is left"
          }
        ]
      },
      "source": "routes.yaml:20:3",
      "confidence": "documented"
    },
    {
      "name": "identity",
      "ms": 0,
      "detail": {
        "authorizer": "jwt",
        "sources": [
          {
            "source": "method.request.header.Authorization",
            "found": true,
            "value": "********456789",
            "repeated": true
          },
          {
            "source": "method.request.querystring.key",
            "found": false
          }
        ]
      },
      "source": "routes.yaml:7:3",
      "confidence": "recorded"
    },
    {
      "name": "cache",
      "code": "cache.hit",
      "ms": 0
    }
  ],
  "cache": {
    "state": "hit",
    "expires": "2027-01-01T11:09:00Z",
    "writtenBy": {
      "requestId": "id-1",
      "method": "GET",
      "path": "/dev/pets",
      "time": "2027-01-01T11:04:00Z"
    }
  }
}`
	if diff := cmp.Diff(want, indented(t, tr)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is always there, so that a reader need not ask.
func TestJSONOfTheEmptyTrace(t *testing.T) {
	t.Parallel()
	want := `{
  "requestId": "",
  "time": "0001-01-01T00:00:00Z",
  "ms": 0,
  "method": "",
  "path": "",
  "status": 0,
  "code": "",
  "reason": "",
  "steps": [],
  "cache": {
    "state": "miss"
  }
}`
	if diff := cmp.Diff(want, indented(t, trace.Trace{Cache: &trace.Cache{State: trace.Miss}})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestInvocationDetail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		detail trace.InvocationDetail
		want   string
	}{
		{
			name: "an answer", detail: trace.NewInvocationDetail("pets", []byte(`{"a":1.50}`), []byte(`[2]`), nil),
			want: `{"function":"pets","event":{"a":1.50},"answer":[2]}`,
		},
		{
			name: "an error", detail: trace.NewInvocationDetail("pets", []byte(`{}`), nil, errors.New("boom")),
			want: `{"function":"pets","event":{},"error":"boom"}`,
		},
		{
			name: "an answer that is no JSON", detail: trace.NewInvocationDetail("pets", []byte(`{}`), []byte("<html>\xff"), nil),
			want: `{"function":"pets","event":{},"answer":"\u003chtml\u003e�"}`,
		},
		{
			name: "an authorizer's",
			detail: func() trace.InvocationDetail {
				d := trace.NewInvocationDetail("jwt", []byte(`{}`), []byte(`{}`), nil)
				d.Authorizer, d.Principal, d.Warnings = "jwt-auth", "user", []string{"no principalId"}
				return d
			}(),
			want: `{"authorizer":"jwt-auth","function":"jwt","event":{},"answer":{},"principalId":"user","warnings":["no principalId"]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, detailOf(t, tt.detail)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// detailOf is the JSON of a step's detail.
func detailOf(t testing.TB, detail trace.Detail) string {
	t.Helper()
	text, err := json.Marshal(trace.Trace{Steps: []trace.Step{{Detail: detail}}})
	if err != nil {
		t.Fatal(err)
	}
	var tr struct {
		Steps []struct{ Detail json.RawMessage }
	}
	if err := json.Unmarshal(text, &tr); err != nil {
		t.Fatal(err)
	}
	return string(tr.Steps[0].Detail)
}

// A policy is explained when the trace is read, for the request that it was evaluated for.
func TestPolicyDetail(t *testing.T) {
	t.Parallel()
	document, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"},
		{"Sid":"no","Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*/admin"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	type statement struct {
		Index   int
		Sid     string
		Effect  string
		Matched bool
	}
	var got struct {
		PrincipalID, MethodARN, Decision string
		Statements                       []statement
	}
	want := got
	want.PrincipalID, want.MethodARN, want.Decision = "user", "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/admin", "ExplicitDeny"
	want.Statements = []statement{{Effect: "Allow", Matched: true}, {Index: 1, Sid: "no", Effect: "Deny", Matched: true}}
	detail := trace.PolicyDetail{Policy: document, Principal: "user", Request: policy.Request{Resource: want.MethodARN}}
	if err := json.Unmarshal([]byte(detailOf(t, detail)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	empty := (&trace.Trace{}).Size()
	if empty <= 0 {
		t.Errorf("the empty trace has %d bytes", empty)
	}
	event, answer := []byte(strings.Repeat("e", 1000)), []byte(strings.Repeat("a", 200))
	tr := trace.Trace{Steps: []trace.Step{
		{Detail: trace.RouteDetail{}},
		{Detail: trace.NewInvocationDetail("f", event, answer, nil)},
		{Detail: trace.NewInvocationDetail("g", event, nil, nil)},
		{},
	}}
	if got := tr.Size() - empty; got != 2200 {
		t.Errorf("the bodies count %d bytes, want 2200", got)
	}
	tr.Steps = []trace.Step{{Detail: trace.NewInvocationDetail("f", []byte(strings.Repeat("e", 10<<20)), nil, nil)}}
	if got := tr.Size() - empty; got < 64<<10 || got > 65<<10 {
		t.Errorf("a body of 10 MB counts %d bytes, want little over 64 KiB", got)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tr   trace.Trace
		want string
	}{
		{
			name: "answered",
			tr:   trace.Trace{Method: "GET", Path: "/dev/pets", Status: 200, Code: trace.IntegrationOK, Reason: "not shown", Duration: 1234567, RequestID: "id"},
			want: "GET /dev/pets 200 [integration.ok 1.23ms id]",
		},
		{
			name: "answered after a hit",
			tr:   trace.Trace{Method: "GET", Path: "/dev/pets", Status: 200, Code: trace.IntegrationOK, Duration: 4999, RequestID: "id", Cache: &trace.Cache{State: trace.Hit}},
			want: "GET /dev/pets 200 (authorizer result from the cache) [integration.ok 0s id]",
		},
		{
			name: "answered after a miss",
			tr:   trace.Trace{Method: "GET", Path: "/dev/pets", Status: 200, Code: trace.IntegrationOK, RequestID: "id", Cache: &trace.Cache{State: trace.Miss}},
			want: "GET /dev/pets 200 [integration.ok 0s id]",
		},
		{
			name: "refused without a hint",
			tr:   trace.Trace{Method: "GET", Path: "/", Status: 403, Code: trace.RouteUnknownStage, Reason: "nothing is deployed", RequestID: "id"},
			want: "GET / 403 nothing is deployed [route.unknown_stage 0s id]",
		},
		{
			name: "refused after a hit",
			tr:   trace.Trace{Method: "GET", Path: "/dev/a", Status: 403, Code: trace.PolicyImplicitDeny, Reason: "no", Hint: "yes", RequestID: "id", Cache: &trace.Cache{State: trace.Hit}},
			want: "GET /dev/a 403 no (yes) [policy.implicit_deny 0s id]",
		},
		{
			name: "what would write lines and colors of its own",
			tr: trace.Trace{
				Method: "G\nET", Path: "/dev\r\n127.0.0.1 GET /admin 200\x1b[2K\x7f\t", Status: 403, Code: trace.RouteNotFound,
				Reason: "a\u2028b\u2029c\u0085d\u009be", Hint: "\x00\xff\x9b", RequestID: "id",
			},
			want: "G\ufffdET \"/dev\\r\\n127.0.0.1 GET /admin 200\\x1b[2K\\x7f\\t\" 403 a\ufffdb\ufffdc\ufffdd\ufffde (\ufffd\ufffd\ufffd) [route.not_found 0s id]",
		},
		{
			name: "a method that pretends to be a line",
			tr:   trace.Trace{Method: "GET /dev/admin 200 [integration.ok 1ms 0]", Path: "/dev/\u202ex", Status: 403, Reason: "no", RequestID: "id"},
			want: "\"GET /dev/admin 200 [integration.ok 1ms 0]\" /dev/\ufffdx 403 no [ 0s id]",
		},
		{
			name: "other writing systems",
			tr:   trace.Trace{Method: "GET", Path: "/köln/東京", Status: 200, Code: trace.IntegrationOK, RequestID: "id"},
			want: "GET /köln/東京 200 [integration.ok 0s id]",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.tr.Line()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
