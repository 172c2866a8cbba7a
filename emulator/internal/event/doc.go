// Package event turns an HTTP request into the Lambda events of a REST API, and a function's answer into an HTTP response:
// the proxy event and response of payload version 1.0, and the TOKEN and REQUEST events of a Lambda authorizer.
//
// Events are built from types of our own with the keys, nulls and empty maps that API Gateway sends. The event structs of
// aws-lambda-go are for decoding: marshaled, they lose every null and gain members that AWS does not send.
//
// AWS pages: "Input format of a Lambda function for proxy integration", "Output format of a Lambda function for proxy
// integration", "Input to an API Gateway Lambda authorizer".
package event
