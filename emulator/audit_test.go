package emulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// audited has one of every finding, and nothing else that is wrong.
const audited = `
api: { name: test, stage: dev, stageVariables: { table: pets } }
authorizers:
  token: { function: auth }
  unused: { function: auth }
  shared: { type: REQUEST, function: auth, identitySource: [stageVariables.table, context.httpMethod] }
  linted: { type: REQUEST, function: auth, identitySource: [method.request.header.X-Key], identityValidationExpression: "x" }
routes:
  GET /pets: { function: one, authorizer: token }
  GET /shared: { function: one, authorizer: shared }
  GET /linted: { function: one, authorizer: linted }
  GET /open: one
  GET /public: { function: one, authorizer: NONE }
  ANY /any: { function: one, authorizer: NONE }
`

func TestAudit(t *testing.T) {
	t.Parallel()
	functions := emulator.Functions{"one": answer("1"), "auth": (&allow{}).handler()}
	want := emulator.Audit{
		Routes: []emulator.AuditedRoute{
			{Method: "GET", Path: "/pets", State: emulator.Protected, Authorizer: "token", Source: "routes.yaml:9:3"},
			{Method: "GET", Path: "/shared", State: emulator.Protected, Authorizer: "shared", Source: "routes.yaml:10:3"},
			{Method: "GET", Path: "/linted", State: emulator.Protected, Authorizer: "linted", Source: "routes.yaml:11:3"},
			{Method: "GET", Path: "/open", State: emulator.Open, Source: "routes.yaml:12:3"},
			{Method: "GET", Path: "/public", State: emulator.Open, Source: "routes.yaml:13:3"},
			{Method: "ANY", Path: "/any", State: emulator.Open, Source: "routes.yaml:14:3"},
		},
		Findings: []emulator.AuditFinding{
			{Code: "unused-authorizer", Source: "routes.yaml:5:3", Message: `authorizer "unused" guards no route`},
			{
				Code: "shared-result", Source: "routes.yaml:6:3",
				Message: `authorizer "shared" keeps one result for every client, because no identity source tells them apart: add one, or set authorizerResultTtlInSeconds: 0`,
			},
			{
				Code: "lint", Source: "routes.yaml:7:121",
				Message: `authorizer "linted": identityValidationExpression has no effect on a REQUEST authorizer; AWS ignores it, and so does gatewayd`,
			},
			{
				Code: "open-route", Source: "routes.yaml:12:3",
				Message: `route "GET /open" is open, and nothing says that it is meant to be: name an authorizer, or say authorizer: NONE`,
			},
			{
				Code: "open-any", Source: "routes.yaml:14:3",
				Message: `route "ANY /any" is open for every method, those that write included: give each method that is meant a route of its own`,
			},
		},
	}
	g := emulatortest.Run(t, emulator.Routes(audited), functions, nil)
	if diff := cmp.Diff(want, g.Audit()); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	_, err := emulator.New(emulator.Routes(audited), functions, &emulator.Options{Strict: true})
	var got []string
	for _, p := range emulator.Problems(err) {
		got = append(got, p.String())
	}
	var problems []string
	for _, f := range want.Findings {
		problems = append(problems, f.Source+": "+f.Message+" ["+f.Code+"]")
	}
	if diff := cmp.Diff(problems, got); diff != "" {
		t.Errorf("problems of a strict start (-want +got):\n%s", diff)
	}
	page, err := os.ReadFile("../docs/strict.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range want.Findings {
		if !strings.Contains(string(page), "\n### "+f.Code+"\n") {
			t.Errorf("docs/strict.md has no section %s", f.Code)
		}
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	const clean = `
api: { name: test, stage: dev }
authorizers: { auth: { function: auth } }
routes:
  GET /pets: { function: one, authorizer: auth }
  GET /public: { function: one, authorizer: NONE }
`
	f := newFile(t, clean)
	g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{
		"one": answer("1"),
		"auth": emulator.Func(func(_ context.Context, event struct{ AuthorizationToken string }) (json.RawMessage, error) {
			return json.RawMessage(`{"principalId":` + event.AuthorizationToken + `,"policyDocument":{"Version":"2012-10-17",
				"Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`), nil
		}),
	}, &emulator.Options{Strict: true})
	if got := g.Audit(); !got.Strict || len(got.Findings) != 0 {
		t.Errorf("audit %+v", got)
	}

	// AWS's documentation requires a principalId (rest-authorizer 5.3).
	if got := g.Get("/dev/pets", "Authorization", `"me"`); got.Status != http.StatusOK {
		t.Errorf("with a principal: %v", got)
	}
	if got := g.Get("/dev/pets", "Authorization", "null"); got.Status != http.StatusInternalServerError || got.Trace.Code != trace.AuthorizerOutputInvalid {
		t.Errorf("without a principal: %v %s", got, got.Trace.Code)
	}
	if got, err := g.TestAuthorizer(t.Context(), "auth", emulator.AuthorizerTest{Token: "null"}); err != nil || got.ClientStatus != http.StatusInternalServerError {
		t.Errorf("a test without a principal: %+v, %v", got, err)
	}

	// A file that the audit finds something in is not served later, either.
	f.write(clean + "  GET /open: one\n")
	if err := g.Reload(); len(emulator.Problems(err)) != 1 {
		t.Errorf("reload: %v", err)
	}
	if got := g.Get("/dev/open"); got.Status != http.StatusForbidden {
		t.Errorf("the open route is served: %v", got)
	}
}

// A resource policy that names no verb lets in more than it says.
func TestAuditOfAResourcePolicy(t *testing.T) {
	t.Parallel()
	const routes = `
api: { stage: dev }
authorizers: { token: { function: auth } }
defaultAuthorizer: token
routes: { GET /pets: one }
resourcePolicy:
  Version: "2012-10-17"
  Statement: { Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: "execute-api:/dev/VERB/pets" }
`
	functions := emulator.Functions{"one": answer("1"), "auth": (&allow{}).handler()}
	for verb, refused := range map[string]bool{"GET": false, "*": true} {
		_, err := emulator.New(emulator.Routes(strings.Replace(routes, "VERB", verb, 1)), functions, &emulator.Options{Strict: true})
		if found := err != nil && strings.Contains(err.Error(), "[star-as-method]"); found != refused {
			t.Errorf("%s: %v", verb, err)
		}
	}
}
