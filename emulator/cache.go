package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

// CachedResult is an authorizer's result that is kept for the next request with the same identity.
type CachedResult = control.CachedResult

// CachedResults returns the results of an authorizer that a request could hit now, the one that was used last first, with
// their identities masked. What is kept is a result, never a decision: its policy is evaluated for each request anew. An
// authorizer that does not exist is a [*RequestError].
func (e *Emulator) CachedResults(authorizer string) ([]CachedResult, error) {
	now, out := e.clock.Now(), []CachedResult{}
	kept, ok := e.gateway.Kept(authorizer, now)
	if !ok {
		return nil, e.noAuthorizer(authorizer)
	}
	for _, k := range kept {
		writer := k.Result.Writer
		shown := control.NewCachedResult(k.Identity, k.Result.PrincipalID,
			trace.Writer{RequestID: writer.RequestID, Method: writer.Method, Path: writer.Path, Time: k.Result.Written}, k.Result.Expires, now, e.options.ShowSecrets)
		if source := json.RawMessage(k.Result.Policy.Source()); json.Valid(source) {
			shown.Policy = source
		}
		out = append(out, shown)
	}
	return out, nil
}

// FlushCache forgets the results of an authorizer, as AWS's console does for a whole stage: the next request calls it. An
// authorizer that does not exist is a [*RequestError].
func (e *Emulator) FlushCache(authorizer string) error {
	if !e.gateway.FlushAuthorizer(authorizer) {
		return e.noAuthorizer(authorizer)
	}
	return nil
}

// noAuthorizer is the error for a name that is no authorizer's.
func (e *Emulator) noAuthorizer(name string) error {
	api := e.Loaded().API
	names := make([]string, len(api.Authorizers))
	for i := range api.Authorizers {
		names[i] = api.Authorizers[i].Name
	}
	slices.Sort(names)
	return &RequestError{Status: http.StatusNotFound, Reason: fmt.Sprintf("no authorizer %q%s", name, apigw.Suggest(name, names))}
}
