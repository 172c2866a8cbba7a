// Package handlers has example Lambda functions, written exactly as one would deploy them: the functions of the tutorials
// that gatewayd's own tests run, and functions to try a route file with. [New] gives them by name; the program in cmd/lambda
// deploys any of them.
//
//	functions := handlers.New(handlers.Options{})
//	lambda.Start(functions["say-hello"])
//
// Authorizers, as https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html describes
// them:
//
//	allow-token         TOKEN: the token "allow" allows every method of the API, any other denies them all
//	request-parameters  REQUEST: header X-Tenant, query string parameter key and stage variable table
//	jwt-hs256           TOKEN: a JSON Web Token signed with SECRET_KEY allows every method, anything else denies them all
//	jwt-rs256           TOKEN: a JSON Web Token of TOKEN_ISSUER for AUDIENCE, signed with a key of JWKS_URI, allows the method;
//	                    by RS256 if that is an RSA key of 2048 to 8192 bits, by ES256 if it is one of the curve P-256
//
// Functions behind a Lambda proxy integration:
//
//	say-hello      greets
//	echo           returns the event that it was given
//	pets           lists, gets and creates pets, in memory
//	create-user, login, refresh-token, list-users
//	               accounts in the database DATABASE_URL, tokens signed with SECRET_KEY; see package accounts
//
// A function reads its environment when it is invoked. One that misses a variable fails the invocation with an error that
// names it.
package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"gatewayd/handlers/accounts"
)

// Options are what functions take from the outside. The zero value is right for a deployed function.
type Options struct {
	// Getenv looks up an environment variable; an empty one counts as missing. os.Getenv if nil.
	Getenv func(string) string
	// Now is the time that tokens and cached keys are judged by. time.Now if nil.
	Now func() time.Time
	// Log gets the causes that clients are not told. Nothing is logged if nil.
	Log *slog.Logger
	// Client fetches key sets. http.DefaultClient if nil. Time and size of an answer are limited whatever the client.
	Client *http.Client
	// Context ends what functions keep open between invocations, which is the database. If nil, it stays open until the
	// process ends, as in Lambda.
	Context context.Context
}

// New returns the functions by name. Each is a func that lambda.Start accepts, and safe for concurrent use; what a
// function remembers (pets, key sets, an open database) it remembers for this call of New alone.
func New(o Options) map[string]any {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	o.Client = cmp.Or(o.Client, http.DefaultClient)

	pets := newPets()
	hs256 := newHS256(o.Getenv, o.Now, o.Log)
	rs256 := &rs256{
		getenv: o.Getenv,
		now:    o.Now,
		log:    o.Log,
		keys:   &keyCache{client: o.Client, now: o.Now, log: o.Log},
	}
	users := accounts.New(o.Context, o.Getenv, o.Now)
	return map[string]any{
		"allow-token":        allowToken,
		"request-parameters": requestParameters,
		"jwt-hs256":          hs256.authorize,
		"jwt-rs256":          rs256.authorize,
		"say-hello":          sayHello,
		"echo":               echo,
		"pets":               pets.serve,
		"create-user":        users.CreateUser,
		"login":              users.LogIn,
		"refresh-token":      users.RefreshToken,
		"list-users":         users.ListUsers,
	}
}

// variable returns an environment variable that a function cannot do without.
func variable(getenv func(string) string, name string) (string, error) {
	if value := getenv(name); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("environment variable %s is not set", name)
}
