package apigw_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
)

// at is a place in the route file of the tests.
func at(line, column int) apigw.Position {
	return apigw.Position{File: "routes.yaml", Line: line, Column: column}
}

// header is the identity source of a header.
func header(name string) apigw.IdentitySource {
	return apigw.IdentitySource{Kind: apigw.HeaderSource, Name: name}
}

// petstore is an API without a problem.
func petstore() *apigw.API {
	a := &apigw.API{
		Name: "petstore", ID: "a1b2c3d4e5", Stage: "dev", Position: at(1, 1),
		StageVariables: map[string]string{"table": "pets"},
		Functions:      []apigw.Function{{Name: "jwt", Handler: "jwt-hs256", Position: at(10, 3)}},
		Authorizers: []apigw.Authorizer{
			{Name: "jwt", Type: apigw.TokenAuthorizer, Function: "jwt", ResultTTL: 300 * time.Second, Position: at(20, 3)},
			{
				Name: "tenant", Type: apigw.RequestAuthorizer, Function: "tenant", ResultTTL: 300 * time.Second, Position: at(21, 3),
				IdentitySources: []apigw.IdentitySource{header("X-Tenant")},
			},
		},
		DefaultAuthorizer: "jwt", DefaultPosition: at(30, 20),
		Routes: []apigw.Route{
			{Method: "GET", Path: "/", Function: "pets", Position: at(40, 3), FunctionPosition: at(40, 20)},
			{Method: "ANY", Path: "/pets/{petId}", Function: "pets", Authorizer: "tenant", Position: at(41, 3), AuthorizerPosition: at(41, 50)},
			{Method: "GET", Path: "/files/{path+}", Function: "pets", Authorizer: apigw.None, Position: at(42, 3)},
		},
	}
	a.SetDefaults()
	return a
}

// handlers are the in-process functions of the tests.
func handlers() []string { return []string{"pets", "tenant", "jwt-hs256"} }

// printed are problems as a user reads them.
func printed(problems []apigw.Problem) []string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return lines
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*apigw.API)
		want   []string
	}{
		{name: "nothing", change: func(*apigw.API) {}},

		// The API.
		{name: "id", change: func(a *apigw.API) { a.ID = "A1" }, want: []string{`routes.yaml:1:1: id "A1" must be lower-case letters and digits, 10 of them on AWS`}},
		{name: "stage", change: func(a *apigw.API) { a.Stage = "a b" }, want: []string{`routes.yaml:1:1: stage "a b" must be letters, digits, - and _, 128 at most`}},
		{name: "stage of 128", change: func(a *apigw.API) { a.Stage = strings.Repeat("s", 128) }},
		{name: "stage of 129", change: func(a *apigw.API) { a.Stage = strings.Repeat("s", 129) }, want: []string{fmt.Sprintf(`routes.yaml:1:1: stage %q must be letters, digits, - and _, 128 at most`, strings.Repeat("s", 129))}},
		{name: "a line after the stage", change: func(a *apigw.API) { a.Stage = "dev\n" }, want: []string{`routes.yaml:1:1: stage "dev\n" must be letters, digits, - and _, 128 at most`}},
		{name: "region", change: func(a *apigw.API) { a.Region = "useast1" }, want: []string{`routes.yaml:1:1: region "useast1" must be a region such as us-east-1`}},
		{name: "region of three words", change: func(a *apigw.API) { a.Region = "us-gov-west-1" }},
		{name: "account", change: func(a *apigw.API) { a.AccountID = "12345678901" }, want: []string{`routes.yaml:1:1: accountId "12345678901" must be 12 digits (quote it in YAML: "123456789012")`}},
		{name: "base path", change: func(a *apigw.API) { a.BasePath = "dev" }, want: []string{`routes.yaml:1:1: basePath "dev" must be a path such as /dev`}},
		{name: "base path with an empty segment", change: func(a *apigw.API) { a.BasePath = "/a//b" }, want: []string{`routes.yaml:1:1: basePath "/a//b" must be a path such as /dev`}},
		{name: "no base path", change: func(a *apigw.API) { a.BasePath = "" }},
		{name: "49 ms", change: func(a *apigw.API) { a.IntegrationTimeout = 49 * time.Millisecond }, want: []string{`routes.yaml:1:1: timeoutInMillis must be from 50 to 29000`}},
		{name: "50 ms", change: func(a *apigw.API) { a.IntegrationTimeout = 50 * time.Millisecond }},
		{name: "29001 ms", change: func(a *apigw.API) { a.IntegrationTimeout = 29001 * time.Millisecond }, want: []string{`routes.yaml:1:1: timeoutInMillis must be from 50 to 29000`}},
		{name: "no time for authorizers", change: func(a *apigw.API) { a.AuthorizerTimeout = 0 }, want: []string{`routes.yaml:1:1: authorizerTimeoutInMillis must be over 0`}},
		{name: "no routes", change: func(a *apigw.API) { a.Routes = nil }, want: []string{`routes.yaml:1:1: the API has no routes`}},
		{name: "default authorizer", change: func(a *apigw.API) { a.DefaultAuthorizer = "tenent" }, want: []string{`routes.yaml:30:20: defaultAuthorizer: no authorizer "tenent", did you mean "tenant"?`}},
		{name: "default authorizer NONE", change: func(a *apigw.API) { a.DefaultAuthorizer = apigw.None }},
		{name: "made in code", change: func(a *apigw.API) { a.Position, a.ID = apigw.Position{}, "" }, want: []string{`id "" must be lower-case letters and digits, 10 of them on AWS`}},
		{
			name:   "without a place of its own a problem names the file",
			change: func(a *apigw.API) { a.Functions[0].Position, a.Functions[0].Handler = apigw.Position{}, "" },
			want:   []string{`routes.yaml: function "jwt" needs exactly one of handler, url, command and runtime`},
		},

		// The resource policy.
		{name: "resource policy", change: func(a *apigw.API) {
			a.ResourcePolicy = []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`)
		}},
		{
			name: "resource policy without statements",
			change: func(a *apigw.API) {
				a.ResourcePolicy, a.PolicyPosition = []byte(`{"Version":"2012-10-17"}`), at(60, 17)
			},
			want: []string{`routes.yaml:60:17: resourcePolicy: policy: Statement is missing; a policy is an object with Version and Statement`},
		},
		{
			name: "resource policy over 8192 characters",
			change: func(a *apigw.API) {
				a.ResourcePolicy = []byte(`{"Version":"2012-10-17","Statement":[]` + strings.Repeat(" ", 8192-38) + `}`)
				a.PolicyPosition = at(60, 17)
			},
			want: []string{`routes.yaml:60:17: resourcePolicy has 8193 characters; API Gateway takes 8192`},
		},

		// Stage variables.
		{name: "stage variable's name", change: func(a *apigw.API) { a.StageVariables["a-b"] = "" }, want: []string{`routes.yaml:1:1: stage variable "a-b": a name has letters, digits and _, 64 at most`}},
		{name: "stage variable's name of 65", change: func(a *apigw.API) { a.StageVariables[strings.Repeat("a", 65)] = "" }, want: []string{`routes.yaml:1:1: stage variable "` + strings.Repeat("a", 65) + `": a name has letters, digits and _, 64 at most`}},
		{name: "stage variable's value", change: func(a *apigw.API) { a.StageVariables["b"] = "a b" }, want: []string{`routes.yaml:1:1: stage variable "b": a value has letters, digits and -._~:/?#&=, only, 512 at most`}},
		{name: "stage variable's value of 512", change: func(a *apigw.API) { a.StageVariables["b"] = strings.Repeat("v", 512) }},
		{name: "stage variable's value of 513", change: func(a *apigw.API) { a.StageVariables["b"] = strings.Repeat("v", 513) }, want: []string{`routes.yaml:1:1: stage variable "b": a value has letters, digits and -._~:/?#&=, only, 512 at most`}},
		{
			name: "101 stage variables",
			change: func(a *apigw.API) {
				for i := range 100 {
					a.StageVariables[fmt.Sprint("v", i)] = "x"
				}
			},
			want: []string{`routes.yaml:1:1: a stage has 100 variables at most, not 101`},
		},

		// Functions.
		{name: "handler", change: func(a *apigw.API) { a.Functions[0].Handler = "jwt-hs265" }, want: []string{`routes.yaml:10:3: function "jwt": no in-process handler "jwt-hs265", did you mean "jwt-hs256"?`}},
		{name: "handler like none", change: func(a *apigw.API) { a.Functions[0].Handler = "backend" }, want: []string{`routes.yaml:10:3: function "jwt": no in-process handler "backend"; there are jwt-hs256, pets, tenant`}},
		{name: "handler and url", change: func(a *apigw.API) { a.Functions[0].URL = "http://127.0.0.1:9000/" }, want: []string{`routes.yaml:10:3: function "jwt" needs exactly one of handler, url, command and runtime`}},
		{name: "url", change: func(a *apigw.API) {
			a.Functions[0].Handler, a.Functions[0].URL = "", "http://127.0.0.1:9000/2015-03-31/functions/jwt/invocations"
		}},
		{name: "url without a scheme", change: func(a *apigw.API) { a.Functions[0].Handler, a.Functions[0].URL = "", "127.0.0.1:9000" }, want: []string{`routes.yaml:10:3: function "jwt": url "127.0.0.1:9000" must be http://HOST:PORT/2015-03-31/functions/NAME/invocations`}},
		{name: "url without a host", change: func(a *apigw.API) { a.Functions[0].Handler, a.Functions[0].URL = "", "http:///invocations" }, want: []string{`routes.yaml:10:3: function "jwt": url "http:///invocations" must be http://HOST:PORT/2015-03-31/functions/NAME/invocations`}},
		{name: "negative timeout", change: func(a *apigw.API) { a.Functions[0].Timeout = -1 }, want: []string{`routes.yaml:10:3: function "jwt": timeout must not be negative`}},
		{name: "function again", change: func(a *apigw.API) {
			a.Functions = append(a.Functions, apigw.Function{Name: "jwt", Handler: "pets", Position: at(11, 3)})
		}, want: []string{`routes.yaml:11:3: function "jwt" again, first at routes.yaml:10:3`}},

		// Authorizers.
		{name: "authorizer again", change: func(a *apigw.API) { a.Authorizers[1].Name = "jwt"; a.Routes[1].Authorizer = "jwt" }, want: []string{`routes.yaml:21:3: authorizer "jwt" again, first at routes.yaml:20:3`}},
		{name: "authorizer NONE", change: func(a *apigw.API) { a.Authorizers[1].Name = apigw.None; a.Routes[1].Authorizer = "jwt" }, want: []string{`routes.yaml:21:3: authorizer "NONE": an authorizer cannot have this name`}},
		{name: "authorizer without a function", change: func(a *apigw.API) { a.Authorizers[0].Function = "" }, want: []string{`routes.yaml:20:3: authorizer "jwt" names no function`}},
		{name: "authorizer's function", change: func(a *apigw.API) { a.Authorizers[0].Function = "jvt" }, want: []string{`routes.yaml:20:3: authorizer "jwt": no function "jvt", did you mean "jwt"?`}},
		{name: "TTL of an hour", change: func(a *apigw.API) { a.Authorizers[0].ResultTTL = time.Hour }},
		{name: "TTL over an hour", change: func(a *apigw.API) { a.Authorizers[0].ResultTTL = time.Hour + time.Second }, want: []string{`routes.yaml:20:3: authorizer "jwt": authorizerResultTtlInSeconds must be from 0 to 3600`}},
		{name: "TTL below 0", change: func(a *apigw.API) { a.Authorizers[0].ResultTTL = -time.Second }, want: []string{`routes.yaml:20:3: authorizer "jwt": authorizerResultTtlInSeconds must be from 0 to 3600`}},
		{name: "type", change: func(a *apigw.API) { a.Authorizers[0].Type = "JWT" }, want: []string{`routes.yaml:20:3: authorizer "jwt": type "JWT" must be TOKEN or REQUEST`}},
		{
			name: "TOKEN with two sources",
			change: func(a *apigw.API) {
				a.Authorizers[0].IdentitySources = []apigw.IdentitySource{
					{Kind: apigw.HeaderSource, Name: "A", Position: at(22, 5)}, {Kind: apigw.HeaderSource, Name: "B", Position: at(23, 5)},
				}
			},
			want: []string{`routes.yaml:22:5: authorizer "jwt": a TOKEN authorizer has one identity source, method.request.header.NAME; several need type REQUEST`},
		},
		{name: "TOKEN by query", change: func(a *apigw.API) { a.Authorizers[0].IdentitySources[0].Kind = apigw.QueryStringSource }, want: []string{`routes.yaml:20:3: authorizer "jwt": a TOKEN authorizer has one identity source, method.request.header.NAME; several need type REQUEST`}},
		{name: "REQUEST without a source", change: func(a *apigw.API) { a.Authorizers[1].IdentitySources = nil }, want: []string{`routes.yaml:21:3: authorizer "tenant": a REQUEST authorizer with caching needs an identitySource; add one, or set authorizerResultTtlInSeconds: 0`}},
		{name: "REQUEST without a source and a cache", change: func(a *apigw.API) { a.Authorizers[1].IdentitySources, a.Authorizers[1].ResultTTL = nil, 0 }},
		{name: "stage variable", change: func(a *apigw.API) {
			a.Authorizers[1].IdentitySources[0] = apigw.IdentitySource{Kind: apigw.StageVariableSource, Name: "table"}
		}},
		{
			name: "stage variable that is not set",
			change: func(a *apigw.API) {
				a.Authorizers[1].IdentitySources[0] = apigw.IdentitySource{Kind: apigw.StageVariableSource, Name: "tabel", Position: at(24, 7)}
			},
			want: []string{`routes.yaml:24:7: authorizer "tenant": stage variable "tabel" is not set, so every request would be refused, did you mean "table"?`},
		},

		// Routes.
		{name: "method", change: func(a *apigw.API) { a.Routes[0].Method = "POTS" }, want: []string{`routes.yaml:40:3: route "POTS /": method "POTS" must be one of DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY, did you mean "POST"?`}},
		{name: "method in lower case", change: func(a *apigw.API) { a.Routes[0].Method = "get" }, want: []string{`routes.yaml:40:3: route "get /": method "get" must be one of DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY, did you mean "GET"?`}},
		{name: "route's function", change: func(a *apigw.API) { a.Routes[0].Function = "pet" }, want: []string{`routes.yaml:40:20: route "GET /": no function "pet", did you mean "pets"?`}},
		{name: "route without a function", change: func(a *apigw.API) { a.Routes[1].Function = "" }, want: []string{`routes.yaml:41:3: route "ANY /pets/{petId}" names no function`}},
		{name: "route's authorizer", change: func(a *apigw.API) { a.Routes[1].Authorizer = "tennant" }, want: []string{`routes.yaml:41:50: route "ANY /pets/{petId}": no authorizer "tennant", did you mean "tenant"?`}},
		{name: "none in lower case", change: func(a *apigw.API) { a.Routes[2].Authorizer = "none" }, want: []string{`routes.yaml:42:3: route "GET /files/{path+}": no authorizer "none", did you mean "NONE"?`}},
		{name: "route again", change: func(a *apigw.API) { a.Routes[2] = a.Routes[0]; a.Routes[2].Position = at(50, 3) }, want: []string{`routes.yaml:50:3: route "GET /" again, first at routes.yaml:40:3`}},
		{name: "path without a slash", change: func(a *apigw.API) { a.Routes[0].Path = "pets" }, want: []string{`routes.yaml:40:3: route "GET pets": the path must start with /`}},
		{name: "slash at the end", change: func(a *apigw.API) { a.Routes[0].Path = "/cats/" }, want: []string{`routes.yaml:40:3: route "GET /cats/": the path has an empty segment; slashes at the end or in a row are not part of a resource`}},
		{name: "greedy in the middle", change: func(a *apigw.API) { a.Routes[0].Path = "/a/{b+}/c" }, want: []string{`routes.yaml:40:3: route "GET /a/{b+}/c": the greedy parameter {b+} must be the last segment`}},
		{name: "parameter twice", change: func(a *apigw.API) { a.Routes[0].Path = "/{a}/{a}" }, want: []string{`routes.yaml:40:3: route "GET /{a}/{a}": the path parameter {a} occurs twice`}},
		{name: "greedy one of the same name", change: func(a *apigw.API) { a.Routes[0].Path = "/{a}/{a+}" }, want: []string{`routes.yaml:40:3: route "GET /{a}/{a+}": the path parameter {a} occurs twice`}},
		{name: "two names for a place", change: func(a *apigw.API) { a.Routes[2].Path = "/pets/{id}/toys" }, want: []string{`routes.yaml:42:3: route "GET /pets/{id}/toys": the path parameter {id} stands where routes.yaml:41:3 has {petId}; one place has one name`}},
		{name: "a parameter beside a greedy one", change: func(a *apigw.API) { a.Routes[2].Path = "/pets/{rest+}" }},
		{name: "the same name for a place", change: func(a *apigw.API) { a.Routes[2].Path = "/pets/{petId}/toys/{toyId}" }},
		{name: "other names in other places", change: func(a *apigw.API) { a.Routes[2].Path = "/cats/{id}" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := petstore()
			tt.change(a)
			if diff := cmp.Diff(tt.want, printed(a.Validate(handlers()))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateWithoutHandlers(t *testing.T) {
	t.Parallel()
	a := petstore()
	a.Authorizers, a.DefaultAuthorizer = nil, ""
	a.Routes = []apigw.Route{{Method: "GET", Path: "/", Function: "jwt"}}
	want := []string{`routes.yaml:10:3: function "jwt": no in-process handler "jwt-hs256"; none is registered`}
	if diff := cmp.Diff(want, printed(a.Validate(nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// All problems come at once, in the order of the file, whatever the order in which they were found.
func TestValidateReportsEverything(t *testing.T) {
	t.Parallel()
	a := petstore()
	a.Region = "nowhere"
	a.Routes[2].Function = "file"
	a.Authorizers[0].ResultTTL = 2 * time.Hour
	a.Functions[0].Timeout = -1
	want := []string{
		`routes.yaml:1:1: region "nowhere" must be a region such as us-east-1`,
		`routes.yaml:10:3: function "jwt": timeout must not be negative`,
		`routes.yaml:20:3: authorizer "jwt": authorizerResultTtlInSeconds must be from 0 to 3600`,
		`routes.yaml:42:3: route "GET /files/{path+}": no function "file"; there are jwt, jwt-hs256, pets, tenant`,
	}
	if diff := cmp.Diff(want, printed(a.Validate(handlers()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSortProblems(t *testing.T) {
	t.Parallel()
	problem := func(file string, line, column int, message string) apigw.Problem {
		return apigw.Problem{Position: apigw.Position{File: file, Line: line, Column: column}, Message: message}
	}
	got := apigw.SortProblems([]apigw.Problem{
		problem("b", 1, 1, "m"), problem("a", 10, 1, "m"), problem("a", 2, 9, "m"), problem("a", 2, 3, "n"), problem("a", 2, 3, "m"), problem("a", 2, 3, "n"),
	})
	want := []apigw.Problem{
		problem("a", 2, 3, "m"), problem("a", 2, 3, "n"), problem("a", 2, 9, "m"), problem("a", 10, 1, "m"), problem("b", 1, 1, "m"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	a := petstore()
	if got := a.Findings(); len(got) != 0 {
		t.Errorf("an API without a problem has the findings %v", printed(got))
	}
	a.DefaultAuthorizer = ""
	a.ResourcePolicy, a.PolicyPosition = []byte(`{"Version":"2012-10-17","Statement":[]}`), at(60, 17)
	a.Routes[2].AuthorizerPosition = at(42, 60)
	a.Authorizers[0].ValidationExpression = "^Bearer .+$"
	a.Authorizers[1].ValidationExpression, a.Authorizers[1].ExpressionPosition = "^Bearer .+$", at(25, 9)
	a.Routes = append(a.Routes,
		apigw.Route{Method: "GET", Path: "/ping", Position: at(70, 3)},
		apigw.Route{Method: "GET", Path: "/users/:id/pets", Position: at(71, 3)},
	)
	want := []string{
		`routes.yaml:25:9: authorizer "tenant": identityValidationExpression has no effect on a REQUEST authorizer; AWS ignores it, and so does gatewayd`,
		`routes.yaml:42:60: route "GET /files/{path+}": authorizer NONE without a defaultAuthorizer says nothing; a SAM template with it does not deploy`,
		`routes.yaml:60:17: resourcePolicy Statement: a policy without statements allows nothing [empty-statement-list]`,
		`routes.yaml:70:3: route "GET /ping": API Gateway keeps /ping and /sping for itself; on AWS the route is never reached`,
		`routes.yaml:71:3: route "GET /users/:id/pets": ":id" is text, which a URL must have as it stands; a path parameter is {id}`,
	}
	if diff := cmp.Diff(want, printed(a.Findings())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// planned is an API with keys and plans, without a finding.
func planned() *apigw.API {
	a := petstore()
	a.Routes[0].APIKeyRequired, a.Routes[0].APIKeyPosition = true, at(40, 60)
	a.APIKeys = []apigw.APIKey{{ID: "key-1", Name: "partner", Value: strings.Repeat("k", 20), Position: at(50, 5), ValuePosition: at(50, 20)}}
	a.UsagePlans = []apigw.UsagePlan{{
		Name: "gold", APIKeys: []apigw.KeyReference{{Key: "partner", Position: at(60, 20)}}, Position: at(60, 5),
		Throttle: &apigw.Throttle{RateLimit: 1, BurstLimit: 1, Position: at(61, 15)},
		Quota:    &apigw.Quota{Limit: 10, Period: apigw.Day, Position: at(62, 12)},
		Methods:  []apigw.MethodThrottle{{Route: "GET /", Throttle: apigw.Throttle{Position: at(63, 15)}}},
	}}
	a.Throttle = &apigw.StageThrottle{Throttle: apigw.Throttle{Position: at(70, 11)}}
	a.SetDefaults()
	return a
}

func TestUsageProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*apigw.API)
		want   []string
	}{
		{name: "nothing", change: func(*apigw.API) {}},
		{name: "source", change: func(a *apigw.API) { a.APIKeySource = "QUERY" }, want: []string{`routes.yaml:1:1: apiKeySource "QUERY" must be HEADER or AUTHORIZER`}},
		{name: "128 characters", change: func(a *apigw.API) { a.APIKeys[0].Value = strings.Repeat("k", 128) }},
		{name: "129 characters", change: func(a *apigw.API) { a.APIKeys[0].Value = strings.Repeat("k", 129) }, want: []string{`routes.yaml:50:20: API key "key-1" (partner): a value has from 20 to 128 characters, not 129`}},
		{name: "a value made in code", change: func(a *apigw.API) { a.APIKeys[0].Value, a.APIKeys[0].ValuePosition = "", apigw.Position{} }, want: []string{`routes.yaml:50:5: API key "key-1" (partner): a value has from 20 to 128 characters, not 0`}},
		{name: "a space", change: func(a *apigw.API) { a.APIKeys[0].Value += " " }, want: []string{`routes.yaml:50:20: API key "key-1" (partner): a value has letters, digits and signs of ASCII only, and no spaces`}},
		{name: "rate", change: func(a *apigw.API) { a.UsagePlans[0].Throttle.RateLimit = math.NaN() }, want: []string{`routes.yaml:61:15: usage plan "gold": throttle: rateLimit must not be negative`}},
		{name: "burst", change: func(a *apigw.API) { a.UsagePlans[0].Methods[0].BurstLimit = -1 }, want: []string{`routes.yaml:63:15: usage plan "gold": method "GET /": burstLimit must not be negative`}},
		{name: "account", change: func(a *apigw.API) { a.Throttle.Account.RateLimit = -1 }, want: []string{`routes.yaml:70:11: throttle.account: rateLimit must not be negative`}},
		{name: "period", change: func(a *apigw.API) { a.UsagePlans[0].Quota.Period = "YEAR" }, want: []string{`routes.yaml:62:12: usage plan "gold": quota: period "YEAR" must be DAY, WEEK or MONTH`}},
		{name: "quota", change: func(a *apigw.API) { a.UsagePlans[0].Quota.Limit = -1 }, want: []string{`routes.yaml:62:12: usage plan "gold": quota: limit and offset must not be negative`}},
		{name: "a method twice", change: func(a *apigw.API) {
			a.UsagePlans[0].Methods = append(a.UsagePlans[0].Methods, a.UsagePlans[0].Methods[0])
		}, want: []string{`routes.yaml:63:15: usage plan "gold": method "GET /" again, first at routes.yaml:63:15`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := planned()
			tt.change(a)
			if diff := cmp.Diff(tt.want, printed(a.Validate(handlers()))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsageFindings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*apigw.API)
		want   []string
	}{
		{name: "nothing", change: func(*apigw.API) {}},
		{
			name:   "no plan",
			change: func(a *apigw.API) { a.UsagePlans = nil },
			want: []string{
				`routes.yaml:40:60: route "GET /" requires an API key, and no key that is enabled is in a usage plan: every request is refused`,
				`routes.yaml:50:5: API key "key-1" (partner) is in no usage plan, so every route that requires a key refuses it`,
			},
		},
		{
			name:   "disabled",
			change: func(a *apigw.API) { a.APIKeys[0].Disabled = true },
			want:   []string{`routes.yaml:40:60: route "GET /" requires an API key, and no key that is enabled is in a usage plan: every request is refused`},
		},
		{
			name:   "the key of no authorizer",
			change: func(a *apigw.API) { a.APIKeySource, a.Routes[0].Authorizer = apigw.AuthorizerKeySource, apigw.None },
			want:   []string{`routes.yaml:40:60: route "GET /": with apiKeySource AUTHORIZER the key comes from the authorizer, and the route has none: every request is refused`},
		},
		{
			name:   "nobody asks for a key",
			change: func(a *apigw.API) { a.Routes[0].APIKeyRequired = false },
			want:   []string{`routes.yaml:60:5: usage plan "gold" limits nothing: no route says apiKeyRequired: true`},
		},
		{
			name:   "a method that asks for no key",
			change: func(a *apigw.API) { a.UsagePlans[0].Methods[0].Route = "GET /files/{path+}" },
			want:   []string{`routes.yaml:63:15: usage plan "gold": method "GET /files/{path+}" requires no API key, so its throttle limits nothing`},
		},
		{
			name:   "an offset",
			change: func(a *apigw.API) { a.UsagePlans[0].Quota.Offset = 1 },
			want:   []string{`routes.yaml:62:12: usage plan "gold": quota: AWS takes an offset of 0 at most with period DAY`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := planned()
			tt.change(a)
			if diff := cmp.Diff(tt.want, printed(a.Findings())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPathParameter(t *testing.T) {
	t.Parallel()
	const (
		static    = "may hold letters, digits and"
		parameter = "must be {name} or {name+}"
	)
	tests := []struct {
		segment, name string
		greedy        bool
		err           string // a part of it
	}{
		{segment: "pets"},
		{segment: "v1.2-~_!$&'()*+,;=:@%20"},
		{segment: "{petId}", name: "petId"},
		{segment: "{pet-id_1.x:y}", name: "pet-id_1.x:y"},
		{segment: "{proxy+}", name: "proxy", greedy: true},
		{segment: "", err: "empty segment"},
		{segment: "a b", err: static},
		{segment: "ä", err: static},
		{segment: "a?b", err: static},
		{segment: "pets{id}", err: static},
		{segment: "id}", err: static},
		{segment: "{}", err: parameter},
		{segment: "{+}", err: parameter},
		{segment: "{id", err: parameter},
		{segment: "{id}s", err: parameter},
		{segment: "{a}{b}", err: parameter},
		{segment: "{a++}", err: parameter},
		{segment: "{a b}", err: parameter},
	}
	for _, tt := range tests {
		t.Run(tt.segment, func(t *testing.T) {
			t.Parallel()
			name, greedy, err := apigw.PathParameter(tt.segment)
			if name != tt.name || greedy != tt.greedy || (err != nil) != (tt.err != "") {
				t.Fatalf("got %q, %t, %v; want %q, %t, %q", name, greedy, err, tt.name, tt.greedy, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want one that says %q", err, tt.err)
			}
		})
	}
}
