package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers"
	"gatewayd/handlers/authpolicy"
)

// A deployed program gives one function to lambda.Start; a test calls it.
func ExampleNew() {
	functions := handlers.New(handlers.Options{
		Getenv: func(name string) string { return map[string]string{"SECRET_KEY": "hello-world"}[name] },
		Now:    func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) },
	})
	authorize, ok := functions["jwt-hs256"].(func(context.Context, events.APIGatewayCustomAuthorizerRequest) (authpolicy.Response, error))
	if !ok {
		fmt.Println("no such function")
		return
	}

	token, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"id": "1"}).SignedString([]byte("hello-world"))
	for _, token := range []string{token, "something else"} {
		answer, err := authorize(context.Background(), events.APIGatewayCustomAuthorizerRequest{
			Type:               "TOKEN",
			AuthorizationToken: token,
			MethodArn:          "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets",
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		text, _ := json.Marshal(answer)
		fmt.Println(string(text))
	}
	// Output:
	// {"principalId":"abc123","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":["arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"]}]}}
	// {"principalId":"abc123","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Deny","Resource":["arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"]}]}}
}
