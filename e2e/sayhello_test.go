package e2e_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

const hello = `"Hello from Lambda!"`

// The endpoint is open first; then the route file says otherwise, and gatewayd has seen that within a second or so.
func TestSayHello(t *testing.T) {
	t.Parallel()
	g := start(t, "sayhello")
	get := request{path: "/sayhello"}
	if trace := g.trace(t, g.want(t, get, http.StatusOK, hello)); trace.names() != "route integration" {
		t.Errorf("steps of an open route: %s", trace.names())
	}

	redeployed, err := os.ReadFile("../examples/sayhello/redeployed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	g.write(t, string(redeployed))
	for g.do(t, get).status == http.StatusOK && time.Since(began) < patience {
		<-time.After(time.Millisecond)
	}

	missing := g.trace(t, g.want(t, get, http.StatusUnauthorized, unauthorized))
	if missing.Code != "identity.missing" || missing.names() != "route identity" {
		t.Errorf("without the header: code %s, steps %s; the authorizer must not be called", missing.Code, missing.names())
	}
	for _, name := range []string{"jwt_token", "JWT_Token"} { // names of headers have no case
		get.headers = []string{name + ": allow"}
		g.want(t, get, http.StatusOK, hello)
	}
	for _, value := range []string{"deny", "Allow", "allowed"} {
		get.headers = []string{"jwt_token: " + value}
		if trace := g.trace(t, g.want(t, get, http.StatusForbidden, explicitDeny)); trace.Code != "policy.explicit_deny" {
			t.Errorf("jwt_token %q: code %s", value, trace.Code)
		}
	}
	get.headers = []string{"jwt_token: "}
	if trace := g.trace(t, g.want(t, get, http.StatusUnauthorized, unauthorized)); trace.Code != "identity.empty" {
		t.Errorf("an empty header: code %s", trace.Code)
	}
}

// A request with a token goes through every check, for each request again when results are not cached.
func TestFlow(t *testing.T) {
	t.Parallel()
	g := serve(t, `
api: { name: hello, stage: dev }
authorizers: { api-authorizer: { type: TOKEN, function: allow-token, identitySource: jwt_token, authorizerResultTtlInSeconds: 0 } }
defaultAuthorizer: api-authorizer
routes:
  GET /sayhello: say-hello
  ANY /other/{proxy+}: echo
`)
	tests := []struct {
		name    string
		request request
		status  int
		body    string
		steps   string
		code    string
		log     string // of the log's line
	}{
		{
			"allowed",
			request{path: "/sayhello", headers: []string{"jwt_token: allow"}},
			http.StatusOK, hello,
			"route identity cache authorizer policy integration", "integration.ok", `GET /dev/sayhello 200 [integration.ok `,
		},
		{
			"allowed again",
			request{path: "/sayhello", headers: []string{"jwt_token: allow"}},
			http.StatusOK, hello,
			"route identity cache authorizer policy integration", "integration.ok", `GET /dev/sayhello 200 [integration.ok `,
		},
		{
			"denied",
			request{method: http.MethodPut, path: "/other/1", headers: []string{"jwt_token: x"}},
			http.StatusForbidden, explicitDeny,
			"route identity cache authorizer policy", "policy.explicit_deny",
			`PUT /dev/other/1 403 explicit deny: statement 0 of the policy denies …/PUT/other/1 `,
		},
		{
			"no token",
			request{path: "/sayhello"},
			http.StatusUnauthorized, unauthorized,
			"route identity", "identity.missing",
			`GET /dev/sayhello 401 authorizer "api-authorizer" was not called: its identity source method.request.header.jwt_token is absent `,
		},
		{
			"no route",
			request{path: "/sayhelo", headers: []string{"jwt_token: allow"}},
			http.StatusForbidden, `{"message":"Missing Authentication Token"}`,
			"route", "route.not_found", `GET /dev/sayhelo 403 `,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			id := g.want(t, test.request, test.status, test.body)
			if trace := g.trace(t, id); trace.names() != test.steps || trace.Code != test.code {
				t.Errorf("steps %q, code %s; want %q, %s", trace.names(), trace.Code, test.steps, test.code)
			}
			if line := g.line(t, id); !strings.HasPrefix(line, test.log) {
				t.Errorf("log:\n got %s\nwant %s…", line, test.log)
			}
		})
	}
}
