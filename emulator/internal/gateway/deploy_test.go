package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// A result is kept over a deployment when everything that it depends on is the same (architecture: state).
func TestDeployKeepsResults(t *testing.T) {
	t.Parallel()
	declared := func(a *apigw.API) {
		a.Functions = []apigw.Function{{Name: "fn", Handler: "jwt", Timeout: time.Second}}
		a.Authorizers[0].Function = "fn"
		a.StageVariables = map[string]string{"table": "pets"}
	}
	tests := []struct {
		name   string
		change func(*apigw.API)
		kept   bool
	}{
		{name: "nothing", change: func(*apigw.API) {}, kept: true},
		{name: "a line above", change: func(a *apigw.API) {
			a.Authorizers[0].Position.Line++
			a.Authorizers[0].ExpressionPosition.Line++
			a.Functions[0].Position.Line++
			a.Authorizers[0].IdentitySources = []apigw.IdentitySource{{Kind: apigw.HeaderSource, Name: "Authorization", Position: apigw.Position{Line: 6}}}
		}, kept: true},
		{name: "a route", change: func(a *apigw.API) {
			a.Routes = append(a.Routes, apigw.Route{Method: "GET", Path: "/new", Function: "echo"})
		}, kept: true},
		{name: "another authorizer before it", change: func(a *apigw.API) {
			a.Authorizers = append([]apigw.Authorizer{{Name: "second", Function: "jwt"}}, a.Authorizers...)
		}, kept: true},
		{name: "the API's timeouts", change: func(a *apigw.API) { a.IntegrationTimeout, a.AuthorizerTimeout = time.Second, time.Second }, kept: true},
		{name: "the base path", change: func(a *apigw.API) { a.BasePath = "/dev"; a.Name = "other" }, kept: true},
		{name: "the TTL", change: func(a *apigw.API) { a.Authorizers[0].ResultTTL = time.Minute }},
		{name: "the function", change: func(a *apigw.API) { a.Authorizers[0].Function = "other" }},
		{name: "the function's handler", change: func(a *apigw.API) { a.Functions[0].Handler = "other" }},
		{name: "the function's timeout", change: func(a *apigw.API) { a.Functions[0].Timeout = 2 * time.Second }},
		{name: "the expression", change: func(a *apigw.API) { a.Authorizers[0].ValidationExpression = ".*" }},
		{name: "the type", change: func(a *apigw.API) {
			a.Authorizers[0].Type = apigw.RequestAuthorizer
			a.Authorizers[0].IdentitySources = []apigw.IdentitySource{{Kind: apigw.HeaderSource, Name: "Authorization"}}
		}},
		{name: "the spelling of the identity source", change: func(a *apigw.API) {
			a.Authorizers[0].IdentitySources = []apigw.IdentitySource{{Kind: apigw.HeaderSource, Name: "authorization"}}
		}},
		{name: "a stage variable", change: func(a *apigw.API) { a.StageVariables = map[string]string{"table": "cats"} }},
		{name: "the stage", change: func(a *apigw.API) { a.Stage, a.BasePath = "prod", "/dev" }},
		{name: "the account", change: func(a *apigw.API) { a.AccountID = "210987654321" }},
		{name: "the authorizer's name", change: func(a *apigw.API) {
			a.Authorizers[0].Name, a.Routes[2].Authorizer, a.Routes[3].Authorizer = "new", "new", "new"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(declared))
			h.get(t, "/dev/guarded", "Authorization", "abc")
			h.deploy(t, api(func(a *apigw.API) { declared(a); tt.change(a) }))
			if w := h.get(t, "/dev/guarded", "Authorization", "abc"); w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if want := map[bool]trace.CacheState{true: trace.Hit, false: trace.Miss}[tt.kept]; h.last(t).Cache.State != want {
				t.Errorf("the cache is a %s, want a %s", h.last(t).Cache.State, want)
			}
		})
	}
}

// With the stage back in place, what another stage's deployment dropped stays dropped.
func TestDeployAndBack(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	h.get(t, "/dev/guarded", "Authorization", "abc")
	h.deploy(t, api(func(a *apigw.API) { a.Stage = "prod" }))
	h.deploy(t, api(nil))
	h.get(t, "/dev/guarded", "Authorization", "abc")
	if state := h.last(t).Cache.State; state != trace.Miss || h.calls["jwt"] != 2 {
		t.Errorf("a %s after %d calls", state, h.calls["jwt"])
	}
}

func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*apigw.API)
		want   string // what the error begins with
	}{
		{name: "a handler that is not there", change: func(a *apigw.API) { a.Routes[1].Function = "none" }, want: `routes.yaml:11:3: route "ANY /{proxy+}": no in-process handler "none"`},
		{name: "an authorizer's handler that is not there", change: func(a *apigw.API) { a.Authorizers[0].Function = "none" }, want: `routes.yaml:5:3: authorizer "auth": no in-process handler "none"`},
		{name: "an expression", change: func(a *apigw.API) { a.Authorizers[0].ValidationExpression = "(" }, want: `routes.yaml:5:3: authorizer "auth": identityValidationExpression: `},
		{name: "a resource policy", change: func(a *apigw.API) {
			a.ResourcePolicy, a.PolicyPosition = json.RawMessage(`{}`), apigw.Position{File: "routes.yaml", Line: 20, Column: 17}
		}, want: `routes.yaml:20:17: resourcePolicy: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(nil))
			h.get(t, "/dev/guarded", "Authorization", "abc")
			if err := h.Deploy(api(tt.change)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if w := h.get(t, "/dev/guarded", "Authorization", "abc"); w.Code != http.StatusOK || h.last(t).Cache.State != trace.Hit {
				t.Errorf("what was deployed before is gone: %d %s", w.Code, h.last(t).Line())
			}
		})
	}
}

// A request finishes on the deployment that it began with.
func TestDeployDuringRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(func(o *gateway.Options) {
			o.Handlers["slow"] = function.Func(func(context.Context, json.RawMessage) (any, error) {
				time.Sleep(time.Second)
				return map[string]any{"body": "slow"}, nil
			})
		})
		h.deploy(t, api(func(a *apigw.API) { a.Routes[1].Function = "slow" }))
		done := make(chan string)
		go func() { done <- h.get(t, "/dev/pets").Body.String() }()
		synctest.Wait()
		h.deploy(t, api(func(a *apigw.API) { a.Routes = a.Routes[:1] }))
		if w := h.get(t, "/dev/pets"); w.Code != http.StatusForbidden {
			t.Errorf("the new deployment answers %d %s", w.Code, w.Body)
		}
		if got := <-done; got != "slow" {
			t.Errorf("the old deployment answers %s", got)
		}
	})
}

func TestFlush(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	for _, flush := range []bool{false, true} {
		if flush {
			h.Flush()
		}
		h.get(t, "/dev/guarded", "Authorization", "abc")
	}
	if h.calls["jwt"] != 2 {
		t.Errorf("the authorizer was called %d times, want 2", h.calls["jwt"])
	}
}

// The trace of a hit names the request that had the authorizer called, and says until when the result is kept.
func TestCacheInTrace(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	h.get(t, "/dev/guarded", "Authorization", "abc")
	first := h.last(t)
	if first.Cache.State != trace.Miss || !first.Cache.Expires.Equal(first.Time.Add(300*time.Second)) || first.Cache.WrittenBy != nil {
		t.Errorf("the miss has %+v", first.Cache)
	}
	h.advance(299 * time.Second)
	h.get(t, "/dev/guarded/too", "Authorization", "abc")
	hit := h.last(t).Cache
	want := trace.Writer{RequestID: first.RequestID, Method: "GET", Path: "/dev/guarded", Time: first.Time}
	if hit.State != trace.Hit || !hit.Expires.Equal(first.Cache.Expires) || hit.WrittenBy == nil || *hit.WrittenBy != want {
		t.Errorf("the hit has %+v, written by %+v", hit, hit.WrittenBy)
	}
	h.advance(time.Second)
	h.get(t, "/dev/guarded", "Authorization", "abc")
	if state := h.last(t).Cache.State; state != trace.Miss {
		t.Errorf("after 300 s it is a %s", state)
	}
	h.deploy(t, api(func(a *apigw.API) { a.Authorizers[0].ResultTTL = 0 }))
	h.get(t, "/dev/guarded", "Authorization", "abc")
	if off := h.last(t).Cache; off.State != trace.Off || !off.Expires.IsZero() {
		t.Errorf("without caching it is %+v", off)
	}
}
