package control

import (
	"encoding/json"
	"net/http"
	"time"

	"gatewayd/emulator/trace"
)

// CachedResult is an authorizer's result that is kept for the next request with the same identity.
type CachedResult struct {
	Identity    []CachedIdentity `json:"identity"` // in the order of the identity sources
	PrincipalID string           `json:"principalId"`
	Age         string           `json:"age"` // in seconds: 12s
	Expires     time.Time        `json:"expires"`
	WrittenBy   trace.Writer     `json:"writtenBy"`
	Policy      json.RawMessage  `json:"policy,omitempty"` // the document, which is evaluated for each request anew
}

// CachedIdentity is the value of an identity source, masked unless secrets are shown.
type CachedIdentity struct {
	Source string `json:"source"`
	Value  string `json:"value"`
}

// NewCachedResult shows a kept result as it is now. Unless secrets are shown, an identity is masked whatever its source is
// called, also where an authorizer makes a principal of it.
func NewCachedResult(identity []trace.IdentitySource, principal string, writer trace.Writer, expires, now time.Time, secrets bool) CachedResult {
	of := trace.Trace{ShowSecrets: secrets, Steps: []trace.Step{{Detail: trace.IdentityDetail{Sources: identity}}}}
	out := CachedResult{
		Identity: make([]CachedIdentity, len(identity)), PrincipalID: of.Mask(principal), Age: inSeconds(now.Sub(writer.Time).Truncate(time.Second)),
		Expires: expires.UTC(), WrittenBy: writer,
	}
	out.WrittenBy.Time = writer.Time.UTC()
	for i, s := range identity {
		out.Identity[i] = CachedIdentity{s.Source, s.Value}
		if !secrets {
			out.Identity[i].Value = trace.Mask(s.Value)
		}
	}
	return out
}

func (a *api) cachedResults(w http.ResponseWriter, r *http.Request) {
	results, err := a.CachedResults(parameter(r, "name"))
	answer(w, results, err)
}

func (a *api) flushCache(w http.ResponseWriter, r *http.Request) {
	if err := a.FlushCache(parameter(r, "name")); err != nil {
		answer(w, nil, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
