package handlers

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/handlers/authpolicy"
)

// allowToken is AWS's blueprint of an authorizer, with its principal and its context, made to look at the token: "allow" is
// all that a caller must know.
func allowToken(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (authpolicy.Response, error) {
	response, err := allMethods("user|a1b2c3d4", event.MethodArn, event.AuthorizationToken == "allow")
	if err != nil {
		return authpolicy.Response{}, err
	}
	response.Context = map[string]any{"key": "value", "number": 1, "bool": true}
	return response, nil
}

// allMethods allows, or denies, a principal every method of the API that methodARN belongs to.
func allMethods(principal, methodARN string, allow bool) (authpolicy.Response, error) {
	policy, err := authpolicy.ForMethod(principal, methodARN)
	if err != nil {
		return authpolicy.Response{}, err
	}
	if allow {
		policy.AllowAllMethods()
	} else {
		policy.DenyAllMethods()
	}
	return policy.Build()
}
