package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
	"gatewayd/handlers/authpolicy"
)

// keeperRoutes has one authorizer, whose results are kept, before everything.
const keeperRoutes = `
api: { name: zoo, id: a1b2c3d4e5, stage: dev }
authorizers:
  keeper: { type: TOKEN, function: keeper, authorizerResultTtlInSeconds: 300 }
defaultAuthorizer: keeper
routes:
  GET /pets: zoo
  GET /pets/{petId}: zoo
  DELETE /pets/{petId}: zoo
  POST /pets: zoo
  ANY /office: zoo
`

// keeper is an authorizer as one writes it with AWS's blueprint: what a user may do with the whole API, whichever method is
// called. The token is the user.
func keeper(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (authpolicy.Response, error) {
	policy, err := authpolicy.ForMethod(event.AuthorizationToken, event.MethodArn)
	if err != nil {
		return authpolicy.Response{}, err
	}
	office := authpolicy.Conditions{"IpAddress": {"aws:SourceIp": {"192.0.2.0/24", "198.51.100.7"}}}
	switch event.AuthorizationToken {
	case "director":
		policy.AllowAllMethods()
		policy.DenyMethod(http.MethodDelete, "/pets/*")
	case "stranger":
		policy.DenyAllMethods()
	default:
		policy.AllowMethod(http.MethodGet, "/pets/*")
		policy.AllowMethodWithConditions(authpolicy.AllMethods, "/office", office)
		policy.AllowMethodWithConditions(http.MethodPost, "/pets", office)
		policy.DenyMethodWithConditions(http.MethodPost, "/pets", authpolicy.Conditions{
			"StringEquals": {"aws:SourceIp": {"198.51.100.7"}},
		})
		policy.DenyMethod(http.MethodDelete, "/pets/*")
	}
	policy.Context = map[string]any{"badge": 7, "night": true}
	return policy.Build()
}

// zoo answers with what it was told of the caller.
func zoo(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	caller := event.RequestContext.Authorizer
	return events.APIGatewayProxyResponse{
		StatusCode: http.StatusOK,
		Body:       fmt.Sprint(caller["principalId"], " ", caller["badge"], " ", caller["night"]),
	}, nil
}

// What [authpolicy.AuthPolicy.Build] returns is what decides, for every method and from every address, and also when it was
// returned for another method and kept.
func TestAuthPolicyDecides(t *testing.T) {
	t.Parallel()
	const (
		street, office, gate = "203.0.113.9", "192.0.2.1", "198.51.100.7"

		allowed, implicit, explicit = trace.PolicyAllow, trace.PolicyImplicitDeny, trace.PolicyExplicitDeny
	)
	tests := []struct {
		user, from, method, path string
		want                     trace.Code
	}{
		{"ann", street, http.MethodGet, "/pets/1", allowed},
		{"ann", street, http.MethodGet, "/pets", implicit}, // which /pets/* does not cover
		{"ann", street, http.MethodDelete, "/pets/1", explicit},
		{"ann", street, http.MethodPost, "/pets", implicit},
		{"ann", street, http.MethodGet, "/office", implicit},
		{"ann", office, http.MethodGet, "/pets/1", allowed},
		{"ann", office, http.MethodPost, "/pets", allowed},
		{"ann", office, http.MethodPatch, "/office", allowed},
		{"ann", office, http.MethodDelete, "/pets/1", explicit},
		{"ann", gate, http.MethodGet, "/office", allowed},
		{"ann", gate, http.MethodPost, "/pets", explicit}, // a denial wins
		{"director", street, http.MethodGet, "/pets", allowed},
		{"director", street, http.MethodPost, "/pets", allowed},
		{"director", street, http.MethodDelete, "/pets/1", explicit},
		{"stranger", office, http.MethodGet, "/pets/1", explicit},
	}
	functions := emulator.Functions{"keeper": emulator.Func(keeper), "zoo": emulator.Func(zoo)}
	gateways := map[string]*emulatortest.Gateway{}
	for _, address := range []string{street, office, gate} {
		gateways[address] = emulatortest.Run(t, emulator.Routes(keeperRoutes), functions, &emulator.Options{SourceIP: address})
	}
	for _, test := range tests {
		name := test.user + " from " + test.from + ": " + test.method + " " + test.path
		status, body := http.StatusForbidden, implicitDeny
		if test.want == explicit {
			body = explicitDeny
		}
		if test.want == allowed {
			status, body = http.StatusOK, test.user+" 7 true"
		}
		got := gateways[test.from].Do(test.method, "/dev"+test.path, "", "Authorization", test.user)
		if got.Status != status || got.Body != body {
			t.Errorf("%s:\n got %s\nwant %d %s", name, got, status, body)
		}
		if test.want != allowed && got.Trace.Code != test.want {
			t.Errorf("%s: decided by %s, want %s", name, got.Trace.Code, test.want)
		}
	}
	if got := gateways[street].Get("/dev/pets/1", "Authorization", "ann"); got.Trace.Cache.State != trace.Hit {
		t.Errorf("cache %s, want %s", got.Trace.Cache.State, trace.Hit)
	}
}
