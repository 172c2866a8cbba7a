package trace_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/trace"
)

const webToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl" // of nobody

// Texts that are neither JSON nor the gateway's own have secrets, too.
func TestWhatLooksLikeASecretIsMasked(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{name: "a web token", text: "the token " + webToken + " has expired", want: "the token ********F0dXJl has expired"},
		{name: "without a signature", text: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", want: "********GEifQ."},
		{name: "a scheme", text: `header "Bearer 0123456789abcdefXY" is wrong`, want: `header "Bearer ********cdefXY" is wrong`},
		{name: "basic credentials", text: "authorization: basic dXNlcjpodW50ZXIyaHVudGVyMg==", want: "authorization: basic ********VyMg=="},
		{name: "a form", text: "user=me&password=hunter2hunter2&next=/", want: "user=me&password=********unter2&next=/"},
		{name: "a short one", text: "db_password=x", want: "db_password=********"},
		{name: "a connection string", text: "postgres: host=db user=me password=hunter2hunter2 sslmode=off", want: "postgres: host=db user=me password=********unter2 sslmode=off"},
		{name: "a query", text: "GET /a?x=1&X-Amz-Signature=0123456789abcdef", want: "GET /a?x=1&X-Amz-Signature=********abcdef"},
		{name: "no secrets", text: "the bearer of bad news has id=1 and a basic authentication", want: "the bearer of bad news has id=1 and a basic authentication"},
		{name: "a placeholder", text: "send ?token=… with it", want: "send ?token=… with it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := trace.Trace{Reason: tt.text}
			got := tr.Mask(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := tr.Mask(got); again != got {
				t.Errorf("masked again it is %q", again)
			}
			written, err := json.Marshal(tr)
			if err != nil {
				t.Fatal(err)
			}
			var read trace.Trace
			if err := json.Unmarshal(written, &read); err != nil || read.Reason != tt.want {
				t.Errorf("as JSON it is %q, %v", read.Reason, err)
			}
			if line := tr.Line(); !strings.Contains(line, tt.want) {
				t.Errorf("as a line it is %q", line)
			}
		})
	}
}

// A trace that shows secrets hides none, however it is written, and says so to whoever reads it.
func TestShowSecrets(t *testing.T) {
	t.Parallel()
	event := `{"headers":{"X-Auth":"` + secret + `","Cookie":"` + secret + `"},"body":"{\"password\":\"` + secret + `\"}"}`
	tr := trace.Trace{
		Method: "GET", Path: "/", Status: 401, Code: trace.AuthorizerUnauthorized, RequestID: "id", Reason: "no: " + secret, Hint: "password=" + secret, ShowSecrets: true,
		Steps: []trace.Step{
			{Name: "identity", Detail: &trace.IdentityDetail{Authorizer: "a", Sources: []trace.IdentitySource{{Source: "method.request.header.X-Auth", Value: secret, Found: true}}}},
			{Name: "authorizer", Detail: trace.NewInvocationDetail("f", []byte(event), []byte(event), nil)},
			{Name: "authorizer", Detail: trace.DisabledDetail{Authorizer: "a", Context: trace.Excerpt([]byte(`{"token":"` + secret + `"}`))}},
		},
	}
	written, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	const times = 10 // of the identity once, of the events six times, of the context, the reason and the hint once each
	if n := strings.Count(string(written), secret); n != times || strings.Contains(string(written), "****") {
		t.Errorf("the secret is there %d times, want %d: %s", n, times, written)
	}
	var read trace.Trace
	if err := json.Unmarshal(written, &read); err != nil || !read.ShowSecrets {
		t.Errorf("whoever reads it is not told that secrets are shown: %v", err)
	}
	for name, shown := range map[string]trace.Trace{"collected": tr, "read": read} {
		var text strings.Builder
		if err := trace.Render(&text, shown, trace.RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		if all := text.String() + shown.Line() + shown.Mask(secret); strings.Count(all, secret) < 5 || strings.Contains(all, "****") {
			t.Errorf("%s: %s", name, all)
		}
	}
}
