// Package authorizer runs the Lambda authorizers of a REST API: it finds the identity sources in a request, checks the
// token's validation expression, calls the function, reads its answer, and keeps the result for its TTL.
//
// What is kept is the answer, never the decision: the policy is evaluated again for the method ARN of every request
// (rest-authorizer 7.6).
//
// AWS pages: "Use API Gateway Lambda authorizers", "Output from an API Gateway Lambda authorizer".
package authorizer
