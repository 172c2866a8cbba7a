// Package gateway is the pipeline of a REST API: one straight line from an HTTP request to its response.
//
//	begin → decide → integrate → end
//	decide: stage → limits → route → resource policy → authorizer → API key → usage plan → validation
//	authorizer: identity → cache → function → policy
//
// An event and an answer take one of two lanes. A Go function of API Gateway's own types, those of aws-lambda-go, has the
// event as a struct; every other function has it as JSON, and so has that one where it could see the difference. A property
// test proves that neither functions nor clients nor the readers of traces do.
//
// Each step takes what the one before it found. A step that stops a request returns an [*apigw.Error], which one place
// turns into bytes. What can be decided when a route file is loaded is decided in compile.go; a request keeps the
// deployment that it began with.
//
// The order of the steps was measured on AWS (rest-gateway 0.1, rest-authorizer 9).
package gateway
