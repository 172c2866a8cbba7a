package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// crowd is a gateway whose authorizer takes a second, in a bubble where that takes no time.
func crowd(t *testing.T, coalesce bool, err error, change func(*apigw.API)) *harness {
	t.Helper()
	var h *harness
	h = newHarness(func(o *gateway.Options) {
		o.Coalesce = coalesce
		o.Now = time.Now
		o.Handlers["jwt"] = function.Func(func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequest) (any, error) {
			h.called("jwt")
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if err != nil {
				return nil, err
			}
			return json.RawMessage(strings.Replace(everything, "user", e.AuthorizationToken, 1)), nil
		})
		o.Handlers["echo"] = function.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (any, error) {
			return map[string]any{"statusCode": 200, "body": e.RequestContext.Authorizer["principalId"]}, nil
		})
	})
	return h.deploy(t, api(change))
}

// rush sends requests at the same time, each with its own token, and returns how often each answer came.
func (h *harness) rush(t testing.TB, tokens ...string) map[string]int {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for i, token := range tokens {
		r := request(t, http.MethodGet, []string{"/dev/guarded", "/dev/guarded/too"}[i%2], "Authorization", token)
		group.Go(func() {
			w := h.send(r)
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(w.Code, " ", w.Body)]++
		})
	}
	group.Wait()
	return answers
}

// P17: with coalescing, simultaneous misses of one identity are one call of the authorizer, and one for each identity; without
// it, and without caching, each request has its own. Nobody gets another's answer.
func TestCoalesce(t *testing.T) {
	t.Parallel()
	const each = 64
	same, several := make([]string, each), make([]string, each)
	for i := range each {
		same[i], several[i] = "a", strconv.Itoa(i%4)
	}
	answers := map[string]int{"200 0": each / 4, "200 1": each / 4, "200 2": each / 4, "200 3": each / 4}
	uncached := func(a *apigw.API) { a.Authorizers[0].ResultTTL = 0 }
	for _, tt := range []struct {
		name     string
		coalesce bool
		err      error
		change   func(*apigw.API)
		tokens   []string
		answers  map[string]int
		calls    int
	}{
		{name: "one identity", coalesce: true, tokens: same, answers: map[string]int{"200 a": each}, calls: 1},
		{name: "several identities", coalesce: true, tokens: several, answers: answers, calls: 4},
		{name: "off", tokens: several, answers: answers, calls: each},
		{name: "without caching", coalesce: true, change: uncached, tokens: several, answers: answers, calls: each},
		{
			name: "refused", coalesce: true, err: errors.New("Unauthorized"), tokens: same,
			answers: map[string]int{`401 {"message":"Unauthorized"}`: each}, calls: 1,
		},
		{
			name: "failed", coalesce: true, err: errors.New("no key"), tokens: same,
			answers: map[string]int{`500 {"message":null}`: each}, calls: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := crowd(t, tt.coalesce, tt.err, tt.change)
				if diff := cmp.Diff(tt.answers, h.rush(t, tt.tokens...)); diff != "" {
					t.Errorf("answers (-want +got):\n%s", diff)
				}
				if got := h.calls["jwt"]; got != tt.calls {
					t.Errorf("the authorizer was called %d times, want %d", got, tt.calls)
				}
				h.rush(t, "a")
				if again := h.calls["jwt"] - tt.calls; again > 0 && tt.err == nil && tt.coalesce && tt.change == nil && tt.calls == 1 {
					t.Error("the result was not kept")
				} else if again == 0 && tt.err != nil {
					t.Error("a failure was kept")
				}
			})
		})
	}
}

// Whoever waited for the call of another request can read whose, and the numbers count no call that was not made.
func TestCoalescedTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := crowd(t, true, nil, nil)
		h.rush(t, "a", "a")
		var led, shared *trace.Trace
		for i := range h.traces {
			for _, step := range h.traces[i].Steps {
				switch step.Detail.(type) {
				case trace.SharedCallDetail:
					shared = &h.traces[i]
				case trace.InvocationDetail:
					led = &h.traces[i]
				}
			}
		}
		if led == nil || shared == nil || led == shared {
			t.Fatalf("%d traces, of which one has the call and the other shares it", len(h.traces))
		}
		if shared.Cache.State != trace.Miss || shared.Cache.WrittenBy.RequestID != led.RequestID || !shared.Cache.Expires.Equal(led.Cache.Expires) {
			t.Errorf("cache: %+v, written by %+v, want one of %s", shared.Cache, shared.Cache.WrittenBy, led.RequestID)
		}
		var text strings.Builder
		if err := trace.Render(&text, *shared, trace.RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		if want := "1s, shared with " + led.RequestID[:18]; !strings.Contains(text.String(), want) {
			t.Errorf("the trace does not say %q:\n%s", want, text.String())
		}
	})
}

// The first caller may give up: the others have the outcome of its call all the same.
func TestCoalescedCallOutlivesItsFirstCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := crowd(t, true, nil, nil)
		ctx, giveUp := context.WithCancel(t.Context())
		var group sync.WaitGroup
		first := request(t, http.MethodGet, "/dev/guarded", "Authorization", "a").WithContext(ctx)
		group.Go(func() { h.ServeHTTP(httptest.NewRecorder(), first) })
		synctest.Wait()
		group.Go(func() {
			if diff := cmp.Diff(map[string]int{"200 a": 2}, h.rush(t, "a", "a")); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
		synctest.Wait()
		giveUp()
		group.Wait()
		if diff := cmp.Diff(1, h.calls["jwt"]); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// A flush is for those who ask after it: they share no call that began before. A reload of the same definition changes nothing.
func TestCoalescedCallAndFlush(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		meanwhile func(*harness) error
		calls     int
	}{
		"flush":  {func(h *harness) error { h.Flush(); return nil }, 2},
		"reload": {func(h *harness) error { return h.Deploy(api(nil)) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := crowd(t, true, nil, nil)
				var group sync.WaitGroup
				group.Go(func() { h.rush(t, "a") })
				synctest.Wait()
				if err := tt.meanwhile(h); err != nil {
					t.Fatal(err)
				}
				h.rush(t, "a")
				group.Wait()
				if diff := cmp.Diff(map[string]int{"jwt": tt.calls}, maps.Clone(h.calls)); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}
