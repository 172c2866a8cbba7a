package control_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/internal/function"
)

// lambda is a function that keeps what it was called with.
type lambda struct {
	called []string
	answer control.InvocationAnswer
	err    error
}

func (l *lambda) options() control.Options {
	return control.Options{
		HasFunction: func(name string) bool { return name == "pets" },
		FunctionARN: func(name string) string { return "arn:aws:lambda:us-east-1:123456789012:function:" + name },
		Invoke: func(_ context.Context, name string, in control.Invocation) (control.InvocationAnswer, error) {
			l.called = append(l.called, fmt.Sprintf("%s %s %q tail=%t", name, in.Payload, in.ClientContext, in.LogTail))
			return l.answer, l.err
		},
		InvokeLater: func(ctx context.Context, name string, in control.Invocation) {
			l.called = append(l.called, fmt.Sprintf("later %s %s %q canceled=%t", name, in.Payload, in.ClientContext, ctx.Done() != nil))
		},
	}
}

// Status codes, headers and messages are those of Lambda's API model, of LocalStack's AWS-validated snapshots of 2025 (which
// answer has X-Amz-Executed-Version, 429) and of what users report of 413 and of events that are no JSON.
func TestInvoke(t *testing.T) {
	t.Parallel()
	const notFound = `404 {"Type":"User","Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:%s"} Errortype=ResourceNotFoundException`
	const notJSON = `400 {"Type":"User","message":"Could not parse request body into json: Could not parse payload into json: %s"} Errortype=InvalidRequestContentException`
	tests := []struct {
		name, path string // the path behind functions/; "" is pets/invocations
		headers    string
		payload    string
		answer     control.InvocationAnswer
		err        error
		called     string
		want       string // status, body, headers
	}{
		{name: "default", payload: `{"a":1}`, answer: control.InvocationAnswer{Payload: []byte(`{"b":2}`)}, called: `pets {"a":1} "" tail=false`, want: `200 {"b":2} Executed-Version=$LATEST`},
		{name: "RequestResponse", headers: "X-Amz-Invocation-Type: RequestResponse", payload: `"a"`, answer: control.InvocationAnswer{Payload: []byte(`null`)}, called: `pets "a" "" tail=false`, want: `200 null Executed-Version=$LATEST`},
		{name: "no payload", answer: control.InvocationAnswer{Payload: []byte(`1`)}, called: `pets {} "" tail=false`, want: `200 1 Executed-Version=$LATEST`},
		{
			name: "function error", answer: control.InvocationAnswer{Payload: []byte(`{"errorMessage":"no"}`), Failed: true},
			called: `pets {} "" tail=false`, want: `200 {"errorMessage":"no"} Executed-Version=$LATEST Function-Error=Unhandled`,
		},
		{
			name: "log", headers: "X-Amz-Log-Type: Tail", answer: control.InvocationAnswer{Payload: []byte(`1`), LogTail: []byte("END\n")},
			called: `pets {} "" tail=true`, want: `200 1 Executed-Version=$LATEST Log-Result=RU5ECg==`,
		},
		{name: "no log", headers: "X-Amz-Log-Type: None", answer: control.InvocationAnswer{Payload: []byte(`1`)}, called: `pets {} "" tail=false`, want: `200 1 Executed-Version=$LATEST`},
		{
			name: "client context", headers: "X-Amz-Client-Context: " + base64.StdEncoding.EncodeToString([]byte(`{"custom":{}}`)),
			answer: control.InvocationAnswer{Payload: []byte(`1`)}, called: `pets {} "{\"custom\":{}}" tail=false`, want: `200 1 Executed-Version=$LATEST`,
		},
		{
			name: "Event", headers: "X-Amz-Invocation-Type: Event\nX-Amz-Client-Context: e30=", payload: `{"a":1}`,
			called: `later pets {"a":1} "" canceled=false`, want: `202 `,
		},
		{name: "DryRun", headers: "X-Amz-Invocation-Type: DryRun", want: `204 `},

		{name: "name with a version", path: "pets:$LATEST/invocations", answer: control.InvocationAnswer{Payload: []byte(`1`)}, called: `pets {} "" tail=false`, want: `200 1 Executed-Version=$LATEST`},
		{name: "partial ARN", path: "123456789012:function:pets/invocations", answer: control.InvocationAnswer{Payload: []byte(`1`)}, called: `pets {} "" tail=false`, want: `200 1 Executed-Version=$LATEST`},
		{name: "ARN, as SDKs escape it", path: "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Apets/invocations?Qualifier=%24LATEST", answer: control.InvocationAnswer{Payload: []byte(`1`)}, called: `pets {} "" tail=false`, want: `200 1 Executed-Version=$LATEST`},
		{name: "no such function", path: "petz/invocations", want: fmt.Sprintf(notFound, "petz")},
		{name: "no such function, tried", path: "petz/invocations", headers: "X-Amz-Invocation-Type: DryRun", want: fmt.Sprintf(notFound, "petz")},
		{name: "no such alias", path: "pets:prod/invocations", want: fmt.Sprintf(notFound, "pets:prod")},
		{name: "no such version", path: "pets/invocations?Qualifier=7", want: fmt.Sprintf(notFound, "pets:7")},

		{name: "no JSON", payload: `{"a":`, want: fmt.Sprintf(notJSON, "unexpected end of JSON input")},
		{name: "no JSON, tried", headers: "X-Amz-Invocation-Type: DryRun", payload: `pets`, want: fmt.Sprintf(notJSON, "invalid character 'p' looking for beginning of value")},
		{
			name: "client context without base64", headers: "X-Amz-Client-Context: {}",
			want: `400 {"Type":"User","message":"Client context must be a valid Base64-encoded JSON object."} Errortype=InvalidRequestContentException`,
		},
		{
			name: "client context without JSON", headers: "X-Amz-Client-Context: eA==",
			want: `400 {"Type":"User","message":"Client context must be a valid Base64-encoded JSON object."} Errortype=InvalidRequestContentException`,
		},
		{
			name: "unknown invocation type", headers: "X-Amz-Invocation-Type: event",
			want: `400 {"message":"1 validation error detected: Value 'event' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"} Errortype=ValidationException`,
		},
		{
			name: "unknown log type", headers: "X-Amz-Log-Type: All",
			want: `400 {"message":"1 validation error detected: Value 'All' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]"} Errortype=ValidationException`,
		},

		{name: "gone since", err: function.ErrNotFound, called: `pets {} "" tail=false`, want: fmt.Sprintf(notFound, "pets")},
		{
			name: "throttled", err: fmt.Errorf("pets: %w", function.ErrThrottled), called: `pets {} "" tail=false`,
			want: `429 {"Type":"User","Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded."} Errortype=TooManyRequestsException`,
		},
		{name: "unreachable", err: errors.New("connection refused"), called: `pets {} "" tail=false`, want: `500 {"Type":"Service","Message":"connection refused"} Errortype=ServiceException`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := &lambda{answer: test.answer, err: test.err}
			if test.path == "" {
				test.path = "pets/invocations"
			}
			w := send(t, l.options(), http.MethodPost, "/2015-03-31/functions/"+test.path, func(r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader(test.payload))
				for line := range strings.Lines(test.headers) {
					name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
					r.Header.Set(name, value)
				}
			})
			got := fmt.Sprintf("%d %s", w.Code, w.Body)
			for _, name := range []string{"X-Amz-Executed-Version", "X-Amz-Function-Error", "X-Amz-Log-Result", "X-Amzn-Errortype"} {
				if value := w.Header().Get(name); value != "" {
					got += " " + strings.TrimPrefix(strings.TrimPrefix(name, "X-Amz-"), "X-Amzn-") + "=" + value
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.called, strings.Join(l.called, "\n")); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
			uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
			if id := w.Header().Get("X-Amzn-Requestid"); !uuid.MatchString(id) {
				t.Errorf("request id %q", id)
			}
		})
	}
}

// A synchronous payload has 6 MB at most, one that nobody waits for 1 MB.
func TestInvokeLimits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind string
		size       int
		status     int
		message    string
	}{
		{name: "largest", kind: "RequestResponse", size: 6_291_456, status: 200},
		{name: "too large", kind: "RequestResponse", size: 6_291_457, status: 413, message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
		{name: "largest event", kind: "Event", size: 1_048_576, status: 202},
		{name: "too large an event", kind: "Event", size: 1_048_577, status: 413, message: "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"},
		{name: "far too large an event", kind: "Event", size: 7_000_000, status: 413, message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := &lambda{answer: control.InvocationAnswer{Payload: []byte("1")}}
			body := strings.NewReader(strings.Repeat("1", test.size))
			w := send(t, l.options(), http.MethodPost, "/2015-03-31/functions/pets/invocations", func(r *http.Request) {
				r.Body = io.NopCloser(body)
				r.Header.Set("X-Amz-Invocation-Type", test.kind)
			})
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.message) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, test.status, test.message)
			}
			if refused := w.Header().Get("X-Amzn-Errortype") == "RequestEntityTooLargeException"; refused != (test.message != "") || refused == (len(l.called) > 0) {
				t.Errorf("refused: %t, calls: %d", refused, len(l.called))
			}
			if body.Len() > 0 {
				t.Errorf("%d bytes were not read: the client would not see the answer", body.Len())
			}
		})
	}
}
