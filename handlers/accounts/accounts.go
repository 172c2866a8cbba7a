// Package accounts has the Lambda functions of a user database: create a user, log in, refresh a token, list the users. Each
// is to stand behind a Lambda proxy integration:
//
//	functions := accounts.New(context.Background(), os.Getenv, time.Now)
//	lambda.Start(functions.LogIn)
//
// A client sees these bodies. What is wrong with the fields of a request:
//
//	400 {"message":"Error !","data":{"email":["Missing data for required field."]}}
//	400 {"message":"Something went wrong. Unable to parse data !"}     no body, or not JSON
//
// and what is wrong with what they say:
//
//	400 {"message":{"_schema":["The password is invalid."]}}
//
// Users are in the SQLite database that DATABASE_URL names as file:PATH, passwords as argon2id hashes. Tokens are JSON Web
// Tokens for five minutes, signed by HS256 with SECRET_KEY, with the claims id, first_name and last_name. A variable that is
// missing, and a database that cannot be used, fail the invocation, which API Gateway makes a 502. The error says why: a file
// that is locked, read-only, damaged or not to be opened is named, with what to do, and nothing is made anew over it.
//
// The path from a request to its answer is that of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Accounts has the functions. They are safe for concurrent use.
type Accounts struct {
	getenv    func(string) string
	users     *store
	passwords *hasher
	tokens    *signer
}

// New returns the functions. They look up their environment with getenv when they are invoked, and judge tokens by now. The
// database is opened by the first function that needs it, and closed when ctx ends.
func New(ctx context.Context, getenv func(string) string, now func() time.Time) *Accounts {
	return &Accounts{
		getenv:    getenv,
		users:     newStore(ctx, now),
		passwords: newHasher(),
		tokens:    newSigner(now),
	}
}

// CreateUser stores the user that the body describes by first_name, last_name, email and password, each a string and required:
//
//	201 {"message":"Registered Successfully","data":{}}
//	400 {"message":{"_schema":["This email address is already taken."]}}
//
// E-mail addresses are compared byte for byte. Names and password may be empty.
func (a *Accounts) CreateUser(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	url, err := a.variable("DATABASE_URL")
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	var u user
	var password string
	refusal := decode(event,
		field{name: "first_name", into: &u.FirstName},
		field{name: "last_name", into: &u.LastName},
		field{name: "email", into: &u.Email, email: true},
		field{name: "password", into: &password},
	)
	if refusal != nil {
		return refusal.response()
	}
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	switch err := a.users.create(ctx, url, u, hash); {
	case errors.Is(err, errTaken):
		return rejection("This email address is already taken.").response()
	case err != nil:
		return events.APIGatewayProxyResponse{}, err
	}
	return reply{status: http.StatusCreated, Message: "Registered Successfully", Data: struct{}{}}.response()
}

// LogIn gives the user with the body's email and password a token:
//
//	200 {"message":"Welcome !","data":{"token":"…"}}
//	400 {"message":{"_schema":["Sorry! You have provided invalid email."]}}
//	400 {"message":{"_schema":["The password is invalid."]}}
func (a *Accounts) LogIn(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	url, noURL := a.variable("DATABASE_URL")
	secret, noSecret := a.variable("SECRET_KEY")
	if err := errors.Join(noURL, noSecret); err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	var email, password string
	refusal := decode(event,
		field{name: "email", into: &email, email: true},
		field{name: "password", into: &password},
	)
	if refusal != nil {
		return refusal.response()
	}
	u, hash, err := a.users.find(ctx, url, email)
	switch {
	case errors.Is(err, errUnknown):
		return rejection("Sorry! You have provided invalid email.").response()
	case err != nil:
		return events.APIGatewayProxyResponse{}, err
	}
	switch err := a.passwords.verify(ctx, hash, password); {
	case errors.Is(err, errMismatch):
		return rejection("The password is invalid.").response()
	case err != nil:
		return events.APIGatewayProxyResponse{}, err
	}
	token, err := a.tokens.issue(secret, u)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return reply{status: http.StatusOK, Message: "Welcome !", Data: tokenData{token}}.response()
}

// RefreshToken gives a token for the one in the body, {"token":"…"}, with the same claims and a new time to expire:
//
//	200 {"message":null,"data":{"token":"…"}}
//	400 {"message":{"_schema":["Token has expired !"]}}
//	400 {"message":{"_schema":["Unable to decode data !"]}}     anything else that is wrong with it
func (a *Accounts) RefreshToken(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	secret, err := a.variable("SECRET_KEY")
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	var old string
	if refusal := decode(event, field{name: "token", into: &old}); refusal != nil {
		return refusal.response()
	}
	token, err := a.tokens.refresh(secret, old)
	switch {
	case errors.Is(err, errExpired):
		return rejection("Token has expired !").response()
	case errors.Is(err, errUndecodable):
		return rejection("Unable to decode data !").response()
	case err != nil:
		return events.APIGatewayProxyResponse{}, err
	}
	return reply{status: http.StatusOK, Message: nil, Data: tokenData{token}}.response()
}

// ListUsers lists all users in the order of their creation, without their passwords:
//
//	200 {"message":"Success","data":[{"id":"1","first_name":"…","last_name":"…","email":"…"}]}
func (a *Accounts) ListUsers(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	url, err := a.variable("DATABASE_URL")
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	users, err := a.users.list(ctx, url)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return reply{status: http.StatusOK, Message: "Success", Data: users}.response()
}

type tokenData struct {
	Token string `json:"token"`
}

func (a *Accounts) variable(name string) (string, error) {
	if value := a.getenv(name); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("environment variable %s is not set", name)
}
