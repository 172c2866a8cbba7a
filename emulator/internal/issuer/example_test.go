package issuer_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"gatewayd/emulator/internal/issuer"
)

func Example() {
	tokens, err := issuer.New(issuer.Options{URL: "http://127.0.0.1:3001/issuer/", Now: present})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := httptest.NewRequest(http.MethodPost, "/token",
		strings.NewReader(`{"grant_type":"client_credentials","client_id":"pets-client","scope":"read:pets"}`))
	request.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	tokens.Handler().ServeHTTP(response, request)

	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	_ = json.Unmarshal(response.Body.Bytes(), &answer)
	claims := jwt.MapClaims{}
	_, _, _ = jwt.NewParser().ParseUnverified(answer.AccessToken, claims)
	fmt.Println(response.Code, answer.TokenType, answer.ExpiresIn)
	fmt.Println(claims["iss"], claims["sub"], claims["aud"], claims["scope"])
	// Output:
	// 200 Bearer 300
	// http://127.0.0.1:3001/issuer/ pets-client@clients https://your-api-gateway read:pets
}

func ExampleIssuer_Mint() {
	tokens, err := issuer.New(issuer.Options{URL: "http://127.0.0.1:3001/issuer/", SecretKey: "hello-world", Now: present})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, kind := range issuer.Cases() {
		token, err := tokens.Mint(issuer.Request{Case: kind, Algorithm: issuer.HS256})
		if err != nil {
			fmt.Println(err)
			continue
		}
		_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte("hello-world"), nil },
			jwt.WithValidMethods([]string{"HS256"}),
			jwt.WithIssuer("http://127.0.0.1:3001/issuer/"),
			jwt.WithAudience("https://your-api-gateway"),
			jwt.WithTimeFunc(present))
		fmt.Printf("%s: %v\n", kind, err)
	}
	// Output:
	// valid: <nil>
	// expired: token has invalid claims: token is expired
	// not-yet-valid: token has invalid claims: token is not valid yet
	// wrong-audience: token has invalid claims: token has invalid audience
	// wrong-issuer: token has invalid claims: token has invalid issuer
	// wrong-key: token signature is invalid: signature is invalid
	// alg-none: token signature is invalid: signing method none is invalid
	// tampered: token signature is invalid: signature is invalid
}
