package apigw_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/trace"
)

func TestAWSGatewayResponses(t *testing.T) {
	t.Parallel()
	type answer struct {
		Status                 int
		ErrorType, ContentType string
		Length                 int
		Body                   string
	}
	var cases []struct {
		Name, Source, Confidence string
		Type                     apigw.ResponseType
		Status                   int
		ErrorType, Message       string
		ExecutionStage           bool
		Want                     answer
	}
	text, err := os.ReadFile("testdata/aws/gateway-responses.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			refusal := apigw.Error{Type: c.Type, Status: c.Status, ErrorType: c.ErrorType, Message: c.Message}
			if c.ExecutionStage {
				refusal.Form = apigw.ExecutionStage
			}
			r := refusal.Response()
			got := answer{r.Status, r.ErrorType, r.ContentType, len(r.Body), string(r.Body)}
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Errorf("(-want +got):\n%s(%s: %s)", diff, c.Confidence, c.Source)
			}
		})
	}
}

// A type that has no row of its own must never become an answer that lets a request pass.
func TestResponseOfUnknownType(t *testing.T) {
	t.Parallel()
	got := (&apigw.Error{Type: "NO_SUCH_TYPE"}).Response()
	want := (&apigw.Error{Type: apigw.Default5XX}).Response()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestResponseTraceHeader(t *testing.T) {
	t.Parallel()
	for _, header := range []bool{false, true} {
		if got := (&apigw.Error{Type: apigw.IntegrationFailure, TraceHeader: header}).Response().TraceHeader; got != header {
			t.Errorf("TraceHeader %t became %t", header, got)
		}
	}
}

// A message is a JSON string whatever it holds, in each form that quotes it.
func TestResponseBodyIsJSON(t *testing.T) {
	t.Parallel()
	messages := []string{`"`, `\`, "\x00", "line\nline", "\u2028", "é", "<&>", "\x1b[31m"}
	forms := []apigw.Error{
		{Type: apigw.Unauthorized},
		{Type: apigw.AccessDenied},
		{Type: apigw.IntegrationFailure},
		{Type: apigw.RequestTooLarge, Form: apigw.FrontEnd},
	}
	for _, refusal := range forms {
		for _, message := range messages {
			refusal.Message = message
			var body map[string]string
			if err := json.Unmarshal(refusal.Response().Body, &body); err != nil {
				t.Errorf("%s with %q: %v", refusal.Type, message, err)
				continue
			}
			got := body["message"] + body["Message"]
			if len(body) != 1 || got != message {
				t.Errorf("%s with %q says %q", refusal.Type, message, body)
			}
		}
	}
}

func TestErrorTells(t *testing.T) {
	t.Parallel()
	refusal := &apigw.Error{Type: apigw.Unauthorized, Code: trace.IdentityMissing, Reason: "no token", Cause: io.ErrUnexpectedEOF}
	if got, want := refusal.Error(), "identity.missing: no token"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !errors.Is(refusal, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got := refusal.Certainty(); got != trace.Recorded {
		t.Errorf("the certainty of a rule that says nothing is %q", got)
	}
	refusal.Confidence = trace.Inferred
	if got := refusal.Certainty(); got != trace.Inferred {
		t.Errorf("Certainty() = %q, want inferred", got)
	}
}

// What a customized gateway response can say about a refusal (rest-gateway 5.6).
func TestErrorVariables(t *testing.T) {
	t.Parallel()
	type said struct {
		Text, Quoted string
		HasText      bool
		Customizable bool
		Family       apigw.ResponseType
	}
	tests := []struct {
		name  string
		error apigw.Error
		want  said
	}{
		{
			name: "the type's own message", error: apigw.Error{Type: apigw.Unauthorized},
			want: said{Text: "Unauthorized", Quoted: `"Unauthorized"`, HasText: true, Customizable: true, Family: apigw.Default4XX},
		},
		{
			name: "its own", error: apigw.Error{Type: apigw.BadRequestParameters, Message: `Missing "a" & <b>`},
			want: said{Text: `Missing "a" & <b>`, Quoted: `"Missing \"a\" & <b>"`, HasText: true, Customizable: true, Family: apigw.Default4XX},
		},
		{
			name: "no message", error: apigw.Error{Type: apigw.AuthorizerConfigurationError},
			want: said{Quoted: "null", Customizable: true, Family: apigw.Default5XX},
		},
		{
			name: "plain text", error: apigw.Error{Type: apigw.RequestTooLarge, Message: "x"},
			want: said{Text: "x", Quoted: `"x"`, HasText: true, Family: apigw.Default4XX},
		},
		{
			name: "an event that Lambda does not take", error: apigw.Error{Type: apigw.RequestTooLarge, Message: "x", Form: apigw.ExecutionStage},
			want: said{Text: "x", Quoted: `"x"`, HasText: true, Customizable: true, Family: apigw.Default4XX},
		},
		{
			name: "no stage", error: apigw.Error{Type: apigw.NoStage},
			want: said{Text: "Forbidden", Quoted: `"Forbidden"`, HasText: true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, ok := test.error.Text()
			got := said{
				Text: text, HasText: ok, Quoted: test.error.MessageString(), Customizable: test.error.Customizable(), Family: test.error.Type.Family(),
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestFamilies holds that every type is of one of the two families.
func TestFamilies(t *testing.T) {
	t.Parallel()
	for _, responseType := range apigw.ResponseTypes() {
		family, status := responseType.Family(), (&apigw.Error{Type: responseType}).Response().Status
		if want := map[int]apigw.ResponseType{4: apigw.Default4XX, 5: apigw.Default5XX}[status/100]; family != want {
			t.Errorf("%s has status %d and family %s", responseType, status, family)
		}
	}
}
