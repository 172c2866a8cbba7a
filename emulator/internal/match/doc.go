// Package match finds the method that answers a request: the resource by its path, the method within the resource, and the
// values of the path parameters. It also says which routes came near, and why each of them lost.
//
//	tree := match.New(api.Routes)
//	m, ok := tree.Match("GET", "/users/42") // the path as it was sent, after the stage
//	tree.Candidates("GET", "/users/42")     // the same in words, for a trace
//
// A REST API tries the most specific resource first (text, then {param}, then {name+}) and goes back to a less specific one
// when a resource does not declare the request's method (rest-gateway 1.3). See "Choose a resource to set up" at
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html.
package match
