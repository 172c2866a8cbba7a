package emulator_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

func TestDisabledAuthorizersAreTold(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	functions := emulator.Functions{"one": answer("1"), "auth": (&allow{}).handler()}
	gateway := emulatortest.Run(t, emulator.Routes(explained), functions, &emulator.Options{
		DisableAuthorizer: true, MockAuthorizer: []byte(`{"principalId":"me"}`), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if text := log.String(); !strings.Contains(text, "AUTHORIZERS ARE DISABLED") {
		t.Errorf("the log has no banner: %s", text)
	}
	var disabled []bool
	for _, r := range gateway.Routes("") {
		disabled = append(disabled, r.Authorizer != nil && r.Authorizer.Disabled)
	}
	if diff := cmp.Diff([]bool{true, true, true, false}, disabled); diff != "" {
		t.Errorf("routes with a disabled authorizer (-want +got):\n%s", diff)
	}
	audit := gateway.Audit()
	for _, r := range audit.Routes {
		if r.State != emulator.Open {
			t.Errorf("%s %s is said to be %s", r.Method, r.Path, r.State)
		}
	}
	if !audit.Disabled {
		t.Error("the audit does not say so")
	}

	request, err := emulator.ExplainRequest{Path: "/dev/pets"}.HTTP(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var account strings.Builder
	if err := trace.Render(&account, gateway.Explain(request), trace.RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"GET /dev/pets  authorizer.disabled",
		`allowed: authorizers are disabled, so "token" was not asked; function "one" was not called`,
		"✓ authorizer     not asked: authorizers are disabled  routes.yaml:4:3",
	} {
		if !strings.Contains(account.String(), want) {
			t.Errorf("the account lacks %q:\n%s", want, account.String())
		}
	}
	text, err := gateway.Get("/dev/pets").Trace.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	const step = `"code":"authorizer.disabled"`
	const detail = `"detail":{"authorizer":"token","context":{"integrationLatency":0,"principalId":"me"}}`
	if !strings.Contains(string(text), step) || !strings.Contains(string(text), detail) {
		t.Errorf("the trace lacks %s or %s: %s", step, detail, text)
	}
}

func TestAuditOfDisabledAuthorizers(t *testing.T) {
	t.Parallel()
	gateway := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
authorizers: { a: { function: auth } }
apiKeys: [{ id: key-1, value: 0123456789abcdefghij }]
usagePlans: [{ name: gold, apiKeys: [key-1] }]
routes:
  GET /guarded: { function: one, authorizer: a }
  GET /both: { function: one, authorizer: a, apiKeyRequired: true }
`), emulator.Functions{"one": answer("1"), "auth": answer("{}")}, &emulator.Options{DisableAuthorizer: true})
	var got []string
	for _, r := range gateway.Audit().Routes {
		got = append(got, string(r.State))
	}
	if diff := cmp.Diff([]string{string(emulator.Open), string(emulator.KeyOnly)}, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// A Go function that takes API Gateway's event as a struct is given the mock as well.
func TestMockAuthorizerOfATypedFunction(t *testing.T) {
	t.Parallel()
	for _, jsonLane := range []bool{false, true} {
		var got map[string]any
		one := emulator.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			got = e.RequestContext.Authorizer
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
		})
		gateway := emulatortest.Run(t, emulator.Routes(explained), emulator.Functions{"one": one, "auth": (&allow{}).handler()}, &emulator.Options{
			DisableAuthorizer: true, MockAuthorizer: []byte(`{"principalId":"me","n":7,"none":null}`), JSONLane: jsonLane,
		})
		want := map[string]any{"principalId": "me", "n": "7", "none": nil, "integrationLatency": 0.0}
		for range 2 { // one request's map is not the next one's
			gateway.Get("/dev/pets")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("JSON lane %t (-want +got):\n%s", jsonLane, diff)
			}
			delete(got, "principalId")
		}
	}
}

// A key that the authorizer would have named is the mock's, and without one the hint says where it can come from.
func TestKeysOfDisabledAuthorizers(t *testing.T) {
	t.Parallel()
	const routes = `
api: { stage: dev, apiKeySource: AUTHORIZER }
authorizers: { a: { function: auth } }
routes: { GET /pets: { function: one, authorizer: a, apiKeyRequired: true } }
apiKeys: [{ id: k, value: "0123456789abcdefghij" }]
usagePlans: [{ name: p, apiKeys: [k] }]
`
	functions := emulator.Functions{"one": answer(`{"statusCode":200}`), "auth": answer("{}")}
	for _, test := range []struct {
		name, mock, hint string
		status           int
	}{
		{name: "no mock", status: http.StatusForbidden, hint: "give --mock-authorizer a file whose answer has usageIdentifierKey, or leave --disable-authorizer out"},
		{name: "a mock", mock: `{"context":{},"usageIdentifierKey":"0123456789abcdefghij"}`, status: http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			options := &emulator.Options{DisableAuthorizer: true}
			if test.mock != "" {
				options.MockAuthorizer = []byte(test.mock)
			}
			gateway := emulatortest.Run(t, emulator.Routes(routes), functions, options)
			got := gateway.Get("/dev/pets", "X-Api-Key", "0123456789abcdefghij")
			if got.Status != test.status || !strings.HasSuffix(got.Trace.Hint, test.hint) {
				t.Errorf("got %d with the hint %q, want %d and %q", got.Status, got.Trace.Hint, test.status, test.hint)
			}
		})
	}
}

func TestOptionsThatExcludeEachOther(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options emulator.Options
		want    string
		mock    bool
	}{
		{
			name: "strict, and open", options: emulator.Options{DisableAuthorizer: true, Strict: true},
			want: "what is strict cannot leave its routes open: DisableAuthorizer and Strict exclude each other",
		},
		{
			name: "a mock of what is asked", options: emulator.Options{MockAuthorizer: []byte("{}")}, mock: true,
			want: "the mock authorizer cannot be used: it stands in for authorizers that are disabled, and they are not",
		},
		{
			name: "a mock that is none", options: emulator.Options{DisableAuthorizer: true, MockAuthorizer: []byte("[]")}, mock: true,
			want: "the mock authorizer cannot be used: the answer is a list, not a JSON object",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := emulator.New(emulator.Routes(explained), emulator.Functions{"one": answer("1"), "auth": answer("{}")}, &test.options)
			if err == nil || err.Error() != test.want || errors.Is(err, emulator.ErrMockAuthorizer) != test.mock {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
