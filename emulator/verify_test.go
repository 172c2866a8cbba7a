package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
	"gatewayd/handlers"
)

const verifiedRoutes = `
api: { name: test, stage: dev }
authorizers:
  guard: { function: guard }
  fresh: { function: guard, authorizerResultTtlInSeconds: 0 }
routes:
  GET /pets: { function: one, authorizer: guard }
  GET /pets/{petId}: { function: one, authorizer: guard }
  GET /fresh: { function: one, authorizer: fresh }
`

// withRole is an authorizer's answer with a context.
func withRole(principal, role string) lambda.Handler {
	answer := emulatortest.NewAnswer("Allow", principal)
	answer.Context = map[string]any{"role": role}
	return emulatortest.Answers(answer)
}

// What the shadow finds, and what the client has of it: nothing.
func TestVerifyCache(t *testing.T) {
	t.Parallel()
	type difference struct {
		Route         string
		Cached, Fresh trace.Code
		Members       []string
		Count         int
	}
	tests := []struct {
		name   string
		guard  lambda.Handler
		paths  []string
		status []int
		want   []difference
		same   int
		reason string // of the first difference: a part
		hint   string
	}{
		{name: "no difference", guard: emulatortest.Allow("me"), paths: []string{"/dev/pets", "/dev/pets", "/dev/pets/1"}, status: []int{200, 200, 200}, same: 2},
		{name: "nothing is kept", guard: emulatortest.Allow("me"), paths: []string{"/dev/fresh", "/dev/fresh"}, status: []int{200, 200}},
		{
			name: "a revoked token", guard: emulatortest.Scripted(emulatortest.Allow("me"), emulatortest.Unauthorized()),
			paths: []string{"/dev/pets", "/dev/pets", "/dev/pets"}, status: []int{200, 200, 200},
			want:   []difference{{"GET /pets", trace.PolicyAllow, trace.AuthorizerUnauthorized, nil, 2}},
			reason: `GET /dev/pets was let in by the result of authorizer "guard" that GET /dev/pets had cached 0 s ago; called again, authorizer "guard": function "guard" said Unauthorized`,
			hint:   "revoked",
		},
		{
			name: "a path-dependent policy", guard: emulatortest.AllowRequested("me"),
			paths: []string{"/dev/pets", "/dev/pets/1", "/dev/pets/2"}, status: []int{200, 403, 403},
			want:   []difference{{"GET /pets/{petId}", trace.PolicyImplicitDeny, trace.PolicyAllow, nil, 2}},
			reason: `GET /dev/pets/1 was refused by the result of authorizer "guard" that GET /dev/pets had cached 0 s ago; called again, its policy of now decides policy.allow`,
			hint:   "must not depend on the method or the path",
		},
		{
			name: "a user who was locked out", guard: emulatortest.Scripted(emulatortest.Allow("me"), emulatortest.Deny("me")),
			paths: []string{"/dev/pets", "/dev/pets"}, status: []int{200, 200},
			want:   []difference{{"GET /pets", trace.PolicyAllow, trace.PolicyExplicitDeny, nil, 1}},
			reason: "its policy of now decides policy.explicit_deny", hint: "must not depend",
		},
		{
			name: "an authorizer that broke", guard: emulatortest.Scripted(emulatortest.Allow("me"), emulatortest.Broken("no key set")),
			paths: []string{"/dev/pets", "/dev/pets"}, status: []int{200, 200},
			want:   []difference{{"GET /pets", trace.PolicyAllow, trace.AuthorizerError, nil, 1}},
			reason: "no key set", hint: "fails now",
		},
		{
			name: "another context", guard: emulatortest.Scripted(withRole("me", "admin"), withRole("you", "user"), emulatortest.Allow("me")),
			paths: []string{"/dev/pets", "/dev/pets", "/dev/pets"}, status: []int{200, 200, 200},
			want: []difference{
				{"GET /pets", trace.PolicyAllow, trace.PolicyAllow, []string{"context.role", "principalId"}, 1},
				{"GET /pets", trace.PolicyAllow, trace.PolicyAllow, []string{"context.role"}, 1},
			},
			reason: "it now answers with another context.role, principalId", hint: "identity sources",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				g := emulatortest.Run(t, emulator.Routes(verifiedRoutes), emulator.Functions{"guard": tt.guard, "one": answer("1")},
					&emulator.Options{VerifyCache: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
				var status []int
				for _, path := range tt.paths {
					status = append(status, g.Get(path, "Authorization", "Bearer x").Status)
					if err := g.Wait(t.Context()); err != nil { // one after the other, so that the script is played in order
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(tt.status, status); diff != "" {
					t.Errorf("what AWS would answer (-want +got):\n%s", diff)
				}
				found := g.CacheVerification()
				var got []difference
				for _, d := range found.Differences {
					got = append(got, difference{d.Route, d.Cached, d.Fresh, d.Members, d.Count})
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("differences (-want +got):\n%s", diff)
				}
				if !found.Enabled || found.Same != tt.same || found.Skipped != 0 || found.Unlisted != 0 {
					t.Errorf("got %+v", found)
				}
				if logged := strings.Count(log.String(), "level=WARN"); logged < len(tt.want) {
					t.Errorf("the log tells of %d differences:\n%s", logged, &log)
				}
				if len(tt.want) == 0 {
					return
				}
				first := found.Differences[0]
				if !strings.Contains(first.Reason, tt.reason) || !strings.Contains(first.Hint, tt.hint) || !strings.Contains(log.String(), "routes.yaml:4:3: GET /dev/pets") {
					t.Errorf("reason %q, hint %q, log:\n%s", first.Reason, first.Hint, &log)
				}
				g.Reset()
				if after := g.CacheVerification(); after.Different != 0 || len(after.Differences) != 0 {
					t.Errorf("after a reset: %+v", after)
				}
			})
		})
	}
}

// A token expires while its result is cached: AWS still lets it in, and verifying says so.
func TestVerifyCacheFindsExpiredToken(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock()
	issuer := emulatortest.NewIssuer(t, clock)
	functions := handlers.New(handlers.Options{Getenv: issuer.Getenv, Now: clock.Now, Client: issuer.Client})
	g := emulatortest.Run(t, emulator.Routes(verifiedRoutes), emulator.Functions{
		"guard": emulator.FuncOf(functions["jwt-rs256"]), "one": answer("1"),
	}, &emulator.Options{Clock: clock, VerifyCache: true})
	token := issuer.Mint(emulator.TokenRequest{Lifetime: time.Minute})
	g.Get("/dev/pets", "Authorization", "Bearer "+token).AssertAllowed(t)
	g.FastForward(61 * time.Second)
	g.Get("/dev/pets", "Authorization", "Bearer "+token).AssertAllowed(t)
	if err := g.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := g.CacheVerification()
	if len(found.Differences) != 1 || found.Differences[0].Fresh != trace.AuthorizerUnauthorized || !strings.Contains(found.Differences[0].Reason, "expired") {
		t.Errorf("got %+v", found)
	}
	if strings.Contains(fmt.Sprint(found), token) {
		t.Error("the report tells the token")
	}
	g.AssertAuthorizerCalls(t, "guard", 1)
}

// However slow the authorizer, hits wait for nothing, and no more than eight of its calls run in the shadow.
func TestVerifyCacheNeverDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		slow := emulator.Func(func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(10 * time.Second)
			payload, _ := json.Marshal(event)
			return emulatortest.Allow("me").Invoke(ctx, payload)
		})
		g := emulatortest.Run(t, emulator.Routes(verifiedRoutes), emulator.Functions{
			"guard": emulatortest.Scripted(emulatortest.Allow("me"), slow), "one": answer("1"),
		}, &emulator.Options{VerifyCache: true})
		start := time.Now()
		const requests = 100
		for range requests {
			g.Get("/dev/pets", "Authorization", "Bearer x").AssertAllowed(t)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("requests waited %v for the shadow", waited)
		}
		if err := g.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		found := g.CacheVerification()
		if found.Same != 8 || found.Skipped != requests-1-8 || most.Load() != 8 {
			t.Errorf("%d ran at a time; got %+v", most.Load(), found)
		}
	})
}

// Kinds of differences are bounded, and those beyond are counted.
func TestVerifyCacheIsBounded(t *testing.T) {
	t.Parallel()
	var routes strings.Builder
	routes.WriteString("api: { stage: dev }\nauthorizers:\n  guard: { function: guard }\nroutes:\n")
	const kinds = 105
	for i := range kinds {
		fmt.Fprintf(&routes, "  GET /%d: { function: one, authorizer: guard }\n", i)
	}
	g := emulatortest.Run(t, emulator.Routes(routes.String()), emulator.Functions{
		"guard": emulatortest.Scripted(emulatortest.Allow("me"), emulatortest.Unauthorized()), "one": answer("1"),
	}, &emulator.Options{VerifyCache: true})
	for i := range kinds + 1 {
		g.Get(fmt.Sprintf("/dev/%d", max(0, i-1)), "Authorization", "Bearer x")
		if err := g.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if found := g.CacheVerification(); len(found.Differences) != 100 || found.Unlisted != 5 || found.Different != kinds {
		t.Errorf("%d differences, %d beyond, %d in all", len(found.Differences), found.Unlisted, found.Different)
	}
}

// An explanation is not verified, and without the option nothing is.
func TestVerifyCacheLeavesOut(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	counting := emulator.Func(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		calls.Add(1)
		return emulatortest.Allow("me").Invoke(ctx, event)
	})
	for _, verify := range []bool{false, true} {
		g := emulatortest.Run(t, emulator.Routes(verifiedRoutes), emulator.Functions{"guard": counting, "one": answer("1")}, &emulator.Options{VerifyCache: verify})
		calls.Store(0)
		g.Get("/dev/pets", "Authorization", "x")
		request, err := emulator.ExplainRequest{Path: "/dev/pets", Headers: http.Header{"Authorization": {"x"}}}.HTTP(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if tr := g.Explain(request); tr.Cache == nil || tr.Cache.State != trace.Hit {
			t.Errorf("the explanation found no result: %s", tr.Line())
		}
		if !verify {
			g.Get("/dev/pets", "Authorization", "x")
		}
		if err := g.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls.Load() != 1 {
			t.Errorf("verify %t: the authorizer was called %d times", verify, calls.Load())
		}
	}
}

// The report is at the control API, and counted in the metrics.
func TestVerifyCacheIsReported(t *testing.T) {
	t.Parallel()
	ask := func(g *emulatortest.Gateway, path string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		g.Control(emulator.ControlOptions{}).ServeHTTP(w, r)
		return w.Body.String()
	}
	functions := emulator.Functions{"guard": emulatortest.Scripted(emulatortest.Allow("me"), emulatortest.Unauthorized()), "one": answer("1")}
	off := emulatortest.Run(t, emulator.Routes(verifiedRoutes), functions, nil)
	want := "{\n  \"enabled\": false,\n  \"same\": 0,\n  \"different\": 0,\n  \"skipped\": 0,\n  \"differences\": []\n}\n"
	if diff := cmp.Diff(want, ask(off, "/_gatewayd/verify-cache")); diff != "" {
		t.Errorf("without verifying (-want +got):\n%s", diff)
	}
	if strings.Contains(ask(off, "/_gatewayd/metrics"), "gatewayd_verified") {
		t.Error("without verifying, there is a metric of it")
	}
	functions["guard"] = emulatortest.Scripted(emulatortest.Allow("me"), emulatortest.Unauthorized())
	on := emulatortest.Run(t, emulator.Routes(verifiedRoutes), functions, &emulator.Options{VerifyCache: true})
	first := on.Get("/dev/pets", "Authorization", "hunter2-hunter2").Trace.RequestID
	on.Get("/dev/pets", "Authorization", "hunter2-hunter2")
	if err := on.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	report := ask(on, "/_gatewayd/verify-cache")
	for _, part := range []string{`"cached": "policy.allow"`, `"fresh": "authorizer.unauthorized"`, `"source": "routes.yaml:4:3"`, `"requestId": "` + first + `"`, `"count": 1`} {
		if !strings.Contains(report, part) {
			t.Errorf("the report has no %s:\n%s", part, report)
		}
	}
	if strings.Contains(report, "hunter2-hunter2") {
		t.Errorf("the report tells a secret:\n%s", report)
	}
	if line := "gatewayd_verified_cache_hits_total{authorizer=\"guard\",outcome=\"different\"} 1\n"; !strings.Contains(ask(on, "/_gatewayd/metrics"), line) {
		t.Errorf("the metrics have no %s", line)
	}
}
