package emulatortest_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

const routes = `
api: { name: test, stage: dev }
authorizers:
  guard: { function: authorize, authorizerResultTtlInSeconds: 60 }
routes:
  GET /pets: { function: pets, authorizer: guard }
  GET /pets/{petId}: { function: pets, authorizer: guard }
  GET /open: pets
`

// functions are those of routes, with the authorizer under test.
func functions(authorize lambda.Handler) emulator.Functions {
	return emulator.Functions{
		"authorize": authorize,
		"pets": emulator.Func(func(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: fmt.Sprintf("hello %v", r.RequestContext.Authorizer["principalId"])}, nil
		}),
	}
}

// failing is a test that may fail without failing the one that runs it.
type failing struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failed   bool
	text     strings.Builder
	cleanups []func()
}

func (f *failing) Helper()                  {}
func (f *failing) Context() context.Context { return f.ctx }
func (f *failing) Cleanup(do func())        { f.cleanups = append(f.cleanups, do) }

func (f *failing) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

func (f *failing) Log(args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fmt.Fprintln(&f.text, args...)
}

func (f *failing) Logf(format string, args ...any) { f.Log(fmt.Sprintf(format, args...)) }

func (f *failing) Error(args ...any) {
	f.Log(args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = true
}

func (f *failing) Errorf(format string, args ...any) { f.Error(fmt.Sprintf(format, args...)) }

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *failing) Fatal(args ...any) {
	f.Error(args...)
	runtime.Goexit()
}

// run is a test to its end, and what it printed.
func run(ctx context.Context, test func(t testing.TB)) *failing {
	f := &failing{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := range f.cleanups {
				f.cleanups[len(f.cleanups)-1-i]()
			}
		}()
		test(f)
	}()
	<-done
	return f
}

func TestReadyMadeAuthorizers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		authorize lambda.Handler
		want      []string // of GET /dev/pets twice, and of GET /dev/pets/1
		code      trace.Code
	}{
		{
			name: "Allow", authorize: emulatortest.Allow("me"),
			want: []string{"200 hello me", "200 hello me", "200 hello me"},
		},
		{
			name: "Allow one resource", authorize: emulatortest.Allow("me", "arn:aws:execute-api:*:*:*/dev/GET/pets"),
			want: []string{"200 hello me", "200 hello me", "403"}, code: trace.PolicyImplicitDeny,
		},
		{
			name: "AllowRequested", authorize: emulatortest.AllowRequested("me"),
			want: []string{"200 hello me", "200 hello me", "403"}, code: trace.PolicyImplicitDeny,
		},
		{name: "Deny", authorize: emulatortest.Deny("me"), want: []string{"403", "403", "403"}, code: trace.PolicyExplicitDeny},
		{name: "Unauthorized", authorize: emulatortest.Unauthorized(), want: []string{"401", "401", "401"}, code: trace.AuthorizerUnauthorized},
		{name: "Broken", authorize: emulatortest.Broken("no key set"), want: []string{"500", "500", "500"}, code: trace.AuthorizerError},
		{name: "Answers", authorize: emulatortest.Answers(map[string]any{"isAuthorized": true}), want: []string{"500", "500", "500"}, code: trace.AuthorizerOutputInvalid},
		{
			name: "Scripted", authorize: emulatortest.Scripted(emulatortest.Unauthorized(), emulatortest.Allow("me")),
			want: []string{"401", "200 hello me", "200 hello me"},
		},
		{name: "Scripted without a script", authorize: emulatortest.Scripted(), want: []string{"500", "500", "500"}, code: trace.AuthorizerError},
		{
			name: "ByToken", authorize: emulatortest.ByToken(map[string]lambda.Handler{"Bearer x": emulatortest.Allow("x")}),
			want: []string{"200 hello x", "200 hello x", "200 hello x"},
		},
		{
			name: "ByToken, another", authorize: emulatortest.ByToken(map[string]lambda.Handler{"Bearer y": emulatortest.Allow("y")}),
			want: []string{"401", "401", "401"}, code: trace.AuthorizerUnauthorized,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := emulatortest.Run(t, emulator.Routes(routes), functions(tt.authorize), nil)
			var last emulatortest.Response
			var got []string
			for _, path := range []string{"/dev/pets", "/dev/pets", "/dev/pets/1"} {
				last = g.Get(path, "Authorization", "Bearer x")
				if said := last.String(); last.Status != http.StatusOK {
					got = append(got, said[:3])
				} else {
					got = append(got, said)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tt.code == "" {
				last.AssertAllowed(t)
			} else {
				last.AssertRefused(t, tt.code)
			}
		})
	}
}

// A REQUEST authorizer by the header Authorization.
func TestByTokenOfRequest(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
authorizers:
  guard: { type: REQUEST, function: authorize, identitySource: [method.request.header.Authorization] }
routes:
  GET /pets: { function: pets, authorizer: guard }
`), functions(emulatortest.ByToken(map[string]lambda.Handler{"one": emulatortest.Allow("first"), "two": emulatortest.Deny("second")})), nil)
	g.Get("/dev/pets", "Authorization", "one").AssertAllowed(t)
	g.Get("/dev/pets", "Authorization", "two").AssertRefused(t, trace.PolicyExplicitDeny)
	g.Get("/dev/pets", "Authorization", "three").AssertRefused(t, trace.AuthorizerUnauthorized)
	g.AssertAuthorizerCalls(t, "guard", 3)
}

// Timeouts take no time in a bubble.
func TestSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := emulatortest.Run(t, emulator.Routes(routes), functions(emulatortest.Slow(20*time.Second, emulatortest.Allow("me"))), nil)
		g.Get("/dev/pets", "Authorization", "x").AssertAllowed(t)
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
		g = emulatortest.Run(t, emulator.Routes(routes), functions(emulatortest.Slow(time.Hour, emulatortest.Allow("me"))), nil)
		g.Get("/dev/pets", "Authorization", "x").AssertRefused(t, trace.AuthorizerTimeout)
	})
}

func TestAuthorizerCalls(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(routes), functions(emulatortest.Allow("me")), nil)
	g.Get("/dev/pets")                           // without its identity source nobody is called
	g.Get("/dev/open")                           // nor for an open route
	g.Get("/dev/pets", "Authorization", "one")   // a call
	g.Get("/dev/pets/1", "Authorization", "one") // a kept result
	g.AssertAuthorizerCalls(t, "guard", 1)
	g.Get("/dev/pets", "Authorization", "two")
	g.AssertAuthorizerCalls(t, "guard", 2)
	g.FastForward(61 * time.Second)
	g.Get("/dev/pets", "Authorization", "two")
	if got := g.AuthorizerCalls("guard"); got != 3 {
		t.Errorf("%d calls, want 3", got)
	}
}

// A test that fails says why, with the traces of its requests; one that does not prints nothing.
func TestFailingTestPrintsTraces(t *testing.T) {
	t.Parallel()
	start := func(t testing.TB) *emulatortest.Gateway {
		return emulatortest.Run(t, emulator.Routes(routes), functions(emulatortest.AllowRequested("me")), nil)
	}
	tests := []struct {
		name string
		test func(t testing.TB)
		want []string // that it prints, "" for nothing
	}{
		{name: "passes", test: func(t testing.TB) {
			g := start(t)
			g.Get("/dev/open").AssertAllowed(t)
			g.Get("/dev/none").AssertRefused(t, trace.RouteNotFound)
			g.AssertAuthorizerCalls(t, "guard", 0)
		}, want: []string{""}},
		{name: "refused", test: func(t testing.TB) {
			g := start(t)
			g.Get("/dev/pets", "Authorization", "hunter2-hunter2").AssertAllowed(t)
			g.Get("/dev/pets/1", "Authorization", "hunter2-hunter2").AssertAllowed(t)
		}, want: []string{
			"the request was refused", "GET /dev/pets/1  403 policy.implicit_deny\n",
			"the policy cached 0 s ago by GET /dev/pets allows only …/GET/pets, not",
			"GET /dev/pets  200 integration.ok\n", // its first request as well
		}},
		{name: "allowed", test: func(t testing.TB) {
			start(t).Get("/dev/open").AssertRefused(t, trace.IdentityMissing)
		}, want: []string{"ended with integration.ok, and should have been refused with identity.missing", "GET /dev/open  200 integration.ok\n"}},
		{name: "refused for another reason", test: func(t testing.TB) {
			start(t).Get("/dev/pets").AssertRefused(t, trace.PolicyExplicitDeny)
		}, want: []string{"ended with identity.missing", "Authorization is absent"}},
		{name: "called", test: func(t testing.TB) {
			start(t).AssertAuthorizerCalls(t, "guard", 1)
		}, want: []string{`authorizer "guard" was called 0 times, and should have been 1 times`}},
		{name: "no such authorizer", test: func(t testing.TB) {
			start(t).AuthorizerCalls("gard")
		}, want: []string{`no authorizer "gard"; there are guard`}},
		{name: "routes that cannot be served", test: func(t testing.TB) {
			emulatortest.Run(t, emulator.Routes("routes:\n  GET /pets: pets\n"), nil, nil)
		}, want: []string{"the routes cannot be served:\n", "routes.yaml:2:14: "}},
		{name: "headers", test: func(t testing.TB) { start(t).Get("/dev/open", "Authorization") }, want: []string{"headers come in pairs"}},
		{name: "many", test: func(t testing.TB) {
			g := start(t)
			for i := range 25 {
				g.Get(fmt.Sprintf("/dev/%d", i))
			}
			t.Error("as an assertion of its own")
		}, want: []string{"5 requests before these are not shown", "GET /dev/5 ", "GET /dev/24 "}},
		{name: "another client's response", test: func(t testing.TB) { start(t).TraceOf(&http.Response{}) }, want: []string{"left no trace"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if strings.HasPrefix(tt.name, "another client") {
				ended, cancel := context.WithCancel(ctx)
				cancel()
				ctx = ended
			}
			f := run(ctx, tt.test)
			got := f.text.String()
			for _, want := range tt.want {
				if want == "" && (f.failed || got != "") || !strings.Contains(got, want) || (want != "") != f.failed {
					t.Errorf("failed %t, want it to print %q, got:\n%s", f.failed, want, got)
				}
			}
			if strings.Contains(got, "hunter2-hunter2") {
				t.Errorf("it tells a secret:\n%s", got)
			}
		})
	}
}

// Clients of every kind: the one that needs no network, and others over one.
func TestClients(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(routes), functions(emulatortest.Allow("me")), nil)
	if api, control := g.URL(), g.ControlURL(); api != g.URL() || control != g.ControlURL() || api == control {
		t.Error("a gateway has more than one address, or its control API has the same")
	}
	for name, client := range map[string]struct {
		*http.Client
		base string
	}{
		"without a network": {g.Client, "http://any.host.test"},
		"over a network":    {http.DefaultClient, g.URL()},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.base+"/dev/pets?name="+strings.ReplaceAll(name, " ", "+"), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", name)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		if tr := g.TraceOf(response); response.StatusCode != http.StatusOK || tr.Code != trace.IntegrationOK || tr.Path != "/dev/pets" {
			t.Errorf("%s: %d, %s", name, response.StatusCode, tr.Line())
		}
	}
	g.AssertAuthorizerCalls(t, "guard", 2)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.ControlURL()+"/_gatewayd/health", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("control API: %d, %v", response.StatusCode, err)
	}
}
