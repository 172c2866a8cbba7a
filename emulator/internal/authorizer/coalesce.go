package authorizer

import (
	"context"
	"strconv"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
)

// WithCoalesce is the authorizer that calls its function once for requests that miss the same result at the same time. AWS
// promises nothing of the kind. Without caching each request has a call of its own all the same. It is called before the
// authorizer is used.
func (a *Authorizer) WithCoalesce(coalesce bool) *Authorizer {
	a.coalesce = coalesce && a.ttl > 0
	return a
}

// Coalesces reports whether requests share calls, by [Authorizer.CallOnce].
func (a *Authorizer) Coalesces() bool { return a.coalesce }

// Outcome is what a call of the function came to, for all requests that share it.
type Outcome struct {
	Result  *Result // nil with a refusal
	Call    Call    // zero when the result was kept before there was need for a call
	Refusal *apigw.Error
	By      Writer // the request that the function was called for
	Shared  bool   // with the request By, which is another one
}

// CallOnce is [Authorizer.Call] and [Authorizer.Keep] in one. While a call for an identity runs, no other begins: who asks
// meanwhile waits for its outcome. The call does not end with the ctx of the request that it was begun for, as others wait
// for it, but at the authorizer's timeout at the latest. now is looked at when it has ended.
func (a *Authorizer) CallOnce(ctx context.Context, r *event.Request, id Identity, now func() time.Time) Outcome {
	called := false
	// What began before the results were flushed is not for those who ask after it.
	key := strconv.Itoa(a.results.Generation()) + ":" + id.key
	shared, _, _ := a.results.calls.Do(key, func() (any, error) {
		called = true
		// Somebody else's call may have ended since the result was missed.
		if result := a.results.Get(id.key, now()); result != nil {
			return Outcome{Result: result, By: result.Writer, Shared: true}, nil
		}
		o := Outcome{By: Writer{RequestID: r.ID, Method: r.Method, Path: r.ContextPath}}
		if o.Result, o.Call, o.Refusal = a.Call(context.WithoutCancel(ctx), r, id); o.Refusal == nil {
			a.Keep(id, o.Result, now())
		}
		return o, nil
	})
	o, _ := shared.(Outcome) // it is nothing else
	o.Shared = o.Shared || !called
	return o
}
