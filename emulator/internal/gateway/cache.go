package gateway

import (
	"time"

	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// Kept is a result that an authorizer keeps, and the identity that it is kept for.
type Kept struct {
	Identity []trace.IdentitySource
	Result   *authorizer.Result
}

// Kept returns the results of an authorizer that a request could hit now, the one that was used last first. It is not ok when
// the API has no such authorizer.
func (g *Gateway) Kept(name string, now time.Time) (kept []Kept, ok bool) {
	a := g.authorizer(name)
	if a == nil {
		return nil, false
	}
	for _, k := range a.Results().All(now) {
		kept = append(kept, Kept{a.IdentityOf(k.Key), k.Result})
	}
	return kept, true
}

// FlushAuthorizer forgets the results of one authorizer. It is false when the API has no such authorizer.
func (g *Gateway) FlushAuthorizer(name string) bool {
	a := g.authorizer(name)
	if a == nil {
		return false
	}
	a.Results().Clear()
	return true
}

func (g *Gateway) authorizer(name string) *authorizer.Authorizer {
	if d := g.deployment.Load(); d != nil {
		return d.authorizers[name]
	}
	return nil
}
