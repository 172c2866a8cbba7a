package apigw_test

import (
	"fmt"

	"gatewayd/emulator/apigw"
)

func Example() {
	api := apigw.API{
		Name: "petstore", ID: "a1b2c3d4e5", Stage: "dev",
		Position:    apigw.Position{File: "routes.yaml", Line: 1, Column: 1},
		Authorizers: []apigw.Authorizer{{Name: "jwt", Function: "jwt"}},
		Routes: []apigw.Route{
			{Method: "GET", Path: "/pets/{petId}", Function: "pets", Authorizer: "jwt", Position: apigw.Position{File: "routes.yaml", Line: 9, Column: 3}},
			{Method: "GETT", Path: "/pets", Function: "pet", Position: apigw.Position{File: "routes.yaml", Line: 10, Column: 3}},
		},
	}
	api.SetDefaults()
	fmt.Println(api.StageARN())
	for _, problem := range api.Validate([]string{"jwt", "pets"}) {
		fmt.Println(problem)
	}
	// Output:
	// arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev
	// routes.yaml:10:3: route "GETT /pets": method "GETT" must be one of DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY, did you mean "GET"?
	// routes.yaml:10:3: route "GETT /pets": no function "pet", did you mean "pets"?
}

func ExampleError_Response() {
	refusal := apigw.Error{Type: apigw.AccessDenied, Message: apigw.ExplicitDenyMessage}
	r := refusal.Response()
	fmt.Println(r.Status, r.ErrorType)
	fmt.Printf("%s\n", r.Body)
	// Output:
	// 403 AccessDeniedException
	// {"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}
}

func ExampleParseIdentitySource() {
	source, err := apigw.ParseIdentitySource("method.request.querystring.key")
	fmt.Println(source.Name, err)
	_, err = apigw.ParseIdentitySource("context.httpmethod")
	fmt.Println(err)
	// Output:
	// key <nil>
	// identity source "context.httpmethod" has no value for an anonymous caller, so every request would be refused, did you mean "httpMethod"?
}

func ExamplePathParameter() {
	for _, segment := range []string{"pets", "{petId}", "{path+}"} {
		name, greedy, err := apigw.PathParameter(segment)
		fmt.Printf("%s: %q %t %v\n", segment, name, greedy, err)
	}
	// Output:
	// pets: "" false <nil>
	// {petId}: "petId" false <nil>
	// {path+}: "path" true <nil>
}

func ExampleSuggest() {
	fmt.Println("unknown key" + apigw.Suggest("stge", []string{"stage", "region"}))
	// Output: unknown key, did you mean "stage"?
}
