package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

const petstore = `
api: { name: petstore, id: a1b2c3d4e5, stage: dev }
authorizers:
  jwt: { type: TOKEN, function: authorize }
routes:
  GET /pets: { function: pets, authorizer: jwt }
  GET /pets/{petId}: { function: pets, authorizer: jwt }
`

// statement and the types below are an authorizer's answer.
type statement struct {
	Effect, Action, Resource string
}

type document struct {
	Version   string
	Statement []statement
}

type result struct {
	PrincipalID string   `json:"principalId"`
	Policy      document `json:"policyDocument"`
}

// authorize allows the one method that was asked for.
func authorize(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (result, error) {
	if event.AuthorizationToken != "Bearer good" {
		return result{}, errors.New("Unauthorized")
	}
	return result{"user-1", document{"2012-10-17", []statement{{"Allow", "execute-api:Invoke", event.MethodArn}}}}, nil
}

func pets(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return events.APIGatewayProxyResponse{
		StatusCode: http.StatusOK, Body: fmt.Sprintf("hello %v", event.RequestContext.Authorizer["principalId"]),
	}, nil
}

// The classic surprise of cached authorizers: a policy that names one method refuses the next one, and the trace says why.
func Example() {
	e, err := emulator.New(emulator.Routes(petstore), emulator.Functions{
		"authorize": emulator.Func(authorize),
		"pets":      emulator.Func(pets),
	}, &emulator.Options{OnTrace: func(t trace.Trace) { fmt.Println(t.Status, t.Code, t.Reason) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	get := func(path, token string) string {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return w.Body.String()
	}
	fmt.Println(get("/dev/pets", "Bearer good"))
	fmt.Println(get("/dev/pets", "Bearer bad"))
	fmt.Println(get("/dev/pets/1", "Bearer good"))

	e.FastForward(301 * time.Second) // past authorizerResultTtlInSeconds
	fmt.Println(get("/dev/pets/1", "Bearer good"))
	// Output:
	// 200 integration.ok function "pets" answered
	// hello user-1
	// 401 authorizer.unauthorized authorizer "jwt": function "authorize" said Unauthorized
	// {"message":"Unauthorized"}
	// 403 policy.implicit_deny implicit deny: the policy cached 0 s ago by GET /dev/pets allows only …/GET/pets, not …/GET/pets/1
	// {"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}
	// 200 integration.ok function "pets" answered
	// hello user-1
}

// Problems of a route file come all at once, each with its place.
func ExampleNew_problems() {
	_, err := emulator.New(emulator.Routes("routes:\n  GET pets: pets\n  POST /pets: pet\n"), emulator.Functions{
		"pets": emulator.Func(pets),
	}, nil)
	fmt.Println(err)
	// Output:
	// routes.yaml:2:3: route "GET pets": the path must start with /
	// routes.yaml:3:15: route "POST /pets": no function "pet", did you mean "pets"?
}

// A token is revoked while the authorizer's result is cached. The client still gets what AWS would answer; verifying tells.
func ExampleEmulator_CacheVerification() {
	revoked := false
	e, err := emulator.New(emulator.Routes(petstore), emulator.Functions{
		"authorize": emulator.Func(func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (result, error) {
			if revoked {
				return result{}, errors.New("Unauthorized")
			}
			return authorize(ctx, event)
		}),
		"pets": emulator.Func(pets),
	}, &emulator.Options{VerifyCache: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	get := func() {
		r := httptest.NewRequest(http.MethodGet, "/dev/pets", nil)
		r.Header.Set("Authorization", "Bearer good")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	get()
	revoked = true
	get()
	if err := e.Wait(context.Background()); err != nil { // the shadow has ended
		fmt.Println(err)
	}
	for _, d := range e.CacheVerification().Differences {
		fmt.Println(d.Route, d.Cached, d.Fresh)
		fmt.Println(d.Hint)
	}
	// Output:
	// 200
	// 200
	// GET /pets policy.allow authorizer.unauthorized
	// a token that was revoked or has expired stays good while its result is cached: lower authorizerResultTtlInSeconds
}
