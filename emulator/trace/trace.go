package trace

import "time"

// Trace is the account of one request.
type Trace struct {
	RequestID string // the x-amzn-RequestId of the response
	Time      time.Time
	Duration  time.Duration
	Method    string
	Path      string // raw, with the stage or base path, without the query
	API       string // the id of the API, where several are served; "" where there is one only
	Route     string // the route key that answered, "" when none did
	MethodARN string
	Status    int  // what the client received
	Code      Code // of the step that decided
	Reason    string
	Hint      string
	Steps     []Step
	Cache     *Cache // nil when no authorizer got so far

	// GatewayResponse is the type of the gateway response that a refused client received, in AWS's words: UNAUTHORIZED.
	GatewayResponse string

	// ShowSecrets is a trace that hides nothing, for a developer who asked for it: tokens, cookies and passwords can be read.
	// An event or answer of over 64 KiB, of which an excerpt was kept, has its secrets masked all the same.
	ShowSecrets bool

	Request  *Request // nil when it was not kept
	ReplayOf string   // the request id of the request that this one repeats, "" for one of a client
}

// Step is one step of the pipeline.
type Step struct {
	Name       string
	Code       Code // "" when the step went through and has no code of its own
	Duration   time.Duration
	Detail     Detail // nil when there is nothing to tell
	Source     string // FILE:LINE:COLUMN of what decided
	Confidence Confidence
}

// CacheState is what became of looking for a kept authorizer result.
type CacheState string

// Hit found one, Miss did not, Off is an authorizer with a TTL of 0.
const (
	Hit  CacheState = "hit"
	Miss CacheState = "miss"
	Off  CacheState = "off"
)

// Cache says where the authorizer's result came from, and until when it is kept.
type Cache struct {
	State     CacheState
	Expires   time.Time // zero: the result is not kept
	WrittenBy *Writer   // of a hit, or of a call that was shared: the request that had the authorizer called
}

// Writer is the request that wrote a kept result.
type Writer struct {
	RequestID string    `json:"requestId"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Time      time.Time `json:"time"`
}

// Size is roughly how many bytes the trace keeps in memory.
func (t *Trace) Size() int {
	const fixed = 3<<10 + 512
	size := fixed + t.Request.size()
	for i := range t.Steps {
		switch d := t.Steps[i].Detail.(type) {
		case InvocationDetail:
			size += d.size()
		case *InvocationDetail:
			size += d.size()
		case *EndpointDetail:
			size += d.size()
		case *PolicyDetail:
			size += len(d.Policy.Source())
		}
	}
	return size
}
