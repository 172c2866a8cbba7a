package emulatortest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
	"gatewayd/handlers"
)

const petstore = `
api: { name: petstore, stage: dev }
authorizers:
  jwt: { function: authorizer, authorizerResultTtlInSeconds: 300 }
routes:
  GET /pets: { function: pets, authorizer: jwt }
  GET /pets/{petId}: { function: pets, authorizer: jwt }
`

func listPets(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: fmt.Sprintf("pets of %v", r.RequestContext.Authorizer["principalId"])}, nil
}

// TestPets is how a test looks. The authorizer allows only what was asked for, so its cached result refuses another route.
func TestPets(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(petstore), emulator.Functions{
		"authorizer": emulatortest.AllowRequested("user-1"),
		"pets":       emulator.Func(listPets),
	}, nil)

	got := g.Get("/dev/pets", "Authorization", "Bearer x")
	got.AssertAllowed(t)
	if got.Status != http.StatusOK || got.Body != "pets of user-1" {
		t.Errorf("got %v", got)
	}
	g.Get("/dev/pets").AssertRefused(t, trace.IdentityMissing)
	g.Get("/dev/pets/1", "Authorization", "Bearer x").AssertRefused(t, trace.PolicyImplicitDeny)
	g.AssertAuthorizerCalls(t, "jwt", 1)

	g.FastForward(301 * time.Second) // past authorizerResultTtlInSeconds
	g.Get("/dev/pets/1", "Authorization", "Bearer x").AssertAllowed(t)
	g.AssertAuthorizerCalls(t, "jwt", 2)
}

// An example has no test to run in, so that its own stands in for one.
func Example() {
	test := run(context.Background(), func(t testing.TB) {
		g := emulatortest.Run(t, emulator.Routes(petstore), emulator.Functions{
			"authorizer": emulatortest.AllowRequested("user-1"),
			"pets":       emulator.Func(listPets),
		}, nil)
		fmt.Println(g.Get("/dev/pets", "Authorization", "Bearer x"))
		fmt.Println(g.Get("/dev/pets"))
		g.Get("/dev/pets/1", "Authorization", "Bearer x").AssertRefused(t, trace.PolicyImplicitDeny)
		fmt.Println(g.AuthorizerCalls("jwt"), "call")
	})
	fmt.Println("failed:", test.Failed())
	// Output:
	// 200 pets of user-1
	// 401 {"message":"Unauthorized"}
	// 1 call
	// failed: false
}

// A token is revoked: the authorizer refuses it from its second call on, and the kept result lets it in until then.
func ExampleScripted() {
	run(context.Background(), func(t testing.TB) {
		g := emulatortest.Run(t, emulator.Routes(petstore), emulator.Functions{
			"authorizer": emulatortest.Scripted(emulatortest.Allow("user-1"), emulatortest.Unauthorized()),
			"pets":       emulator.Func(listPets),
		}, nil)
		fmt.Println(g.Get("/dev/pets", "Authorization", "Bearer x"))
		g.FastForward(299 * time.Second)
		fmt.Println(g.Get("/dev/pets", "Authorization", "Bearer x"))
		g.FastForward(2 * time.Second)
		fmt.Println(g.Get("/dev/pets", "Authorization", "Bearer x"))
	})
	// Output:
	// 200 pets of user-1
	// 200 pets of user-1
	// 401 {"message":"Unauthorized"}
}

// A real authorizer verifies tokens of the test's issuer, which expire by the same clock.
func ExampleNewIssuer() {
	run(context.Background(), func(t testing.TB) {
		clock := emulator.NewClock()
		issuer := emulatortest.NewIssuer(t, clock)
		authorizers := handlers.New(handlers.Options{Getenv: issuer.Getenv, Client: issuer.Client, Now: clock.Now})
		g := emulatortest.Run(t, emulator.Routes(petstore), emulator.Functions{
			"authorizer": emulator.FuncOf(authorizers["jwt-rs256"]),
			"pets":       emulator.Func(listPets),
		}, &emulator.Options{Clock: clock})
		token := issuer.Mint(emulator.TokenRequest{Subject: "ada", Lifetime: 10 * time.Minute})
		fmt.Println(g.Get("/dev/pets", "Authorization", "Bearer "+token))
		g.FastForward(11 * time.Minute)
		fmt.Println(g.Get("/dev/pets", "Authorization", "Bearer "+token))
	})
	// Output:
	// 200 pets of ada
	// 401 {"message":"Unauthorized"}
}
