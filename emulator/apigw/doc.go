// Package apigw is the model of a REST API in API Gateway's own words: the API and its stage, routes, authorizers with
// their identity sources, functions, and the gateway responses that a refused request receives.
//
// The model is plain data. [API.SetDefaults] fills in what was left out and [API.Validate] reports every problem that
// would keep API Gateway, or gatewayd, from enforcing it; an API with a problem is never served.
//
// AWS pages: "Amazon API Gateway REST APIs", "Use API Gateway Lambda authorizers", "Gateway response types for API Gateway".
package apigw
