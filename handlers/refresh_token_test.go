package handlers_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"

	"gatewayd/handlers"
)

// No manipulated token is refreshed. What a client sees of the accounts otherwise is tested in their package.
func TestRefreshTokenVectors(t *testing.T) {
	t.Parallel()
	refresh := func(secret, token string) string {
		answer := function[proxyFunction](t, handlers.Options{
			Getenv: environment(map[string]string{"SECRET_KEY": secret}),
			Now:    present,
		}, "refresh-token")
		body, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			t.Fatal(err)
		}
		response, err := answer(t.Context(), events.APIGatewayProxyRequest{Body: string(body)})
		if err != nil {
			t.Fatal(err)
		}
		return response.Body
	}
	const want = `{"message":{"_schema":["Unable to decode data !"]}}`
	for name, token := range manipulations(t, sign(t, jwt.SigningMethodHS256, []byte(secret), nil, hs256Claims())) {
		if got := refresh(secret, token); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	// The payload of the vectors is no claims, so those with a valid signature are refused as well.
	for _, group := range readVectors(t, "testdata/wycheproof.json") {
		secret, _ := group.secret(t)
		for _, test := range group.Tests {
			if got := refresh(secret, test.JWS); got != want {
				t.Errorf("%s %s: got %s, want %s", group.Algorithm, test.Name, got, want)
			}
		}
	}
}
