package trace

import (
	"encoding/json"
	"time"
)

// Trace is the account of one request.
type Trace struct {
	RequestID string // the x-amzn-RequestId of the response
	Time      time.Time
	Duration  time.Duration
	Method    string
	Path      string // raw, with the stage or base path, without the query
	Route     string // the route key that answered, "" when none did
	MethodARN string
	Status    int  // what the client received
	Code      Code // of the step that decided
	Reason    string
	Hint      string
	Steps     []Step
	Cache     *Cache // nil when no authorizer got so far
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
	WrittenBy *Writer   // of a hit: the request that had the authorizer called
}

// Writer is the request that wrote a kept result.
type Writer struct {
	RequestID string    `json:"requestId"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Time      time.Time `json:"time"`
}

// MarshalJSON writes the trace as the control API shows it. Secrets are masked.
func (t Trace) MarshalJSON() ([]byte, error) {
	type step struct {
		Name       string     `json:"name"`
		Code       Code       `json:"code,omitempty"`
		Millis     float64    `json:"ms"`
		Detail     any        `json:"detail,omitempty"`
		Source     string     `json:"source,omitempty"`
		Confidence Confidence `json:"confidence,omitempty"`
	}
	type cache struct {
		State     CacheState `json:"state"`
		Expires   *time.Time `json:"expires,omitempty"`
		WrittenBy *Writer    `json:"writtenBy,omitempty"`
	}
	out := struct {
		RequestID string    `json:"requestId"`
		Time      time.Time `json:"time"`
		Millis    float64   `json:"ms"`
		Method    string    `json:"method"`
		Path      string    `json:"path"`
		Route     string    `json:"route,omitempty"`
		MethodARN string    `json:"methodArn,omitempty"`
		Status    int       `json:"status"`
		Code      Code      `json:"code"`
		Reason    string    `json:"reason"`
		Hint      string    `json:"hint,omitempty"`
		Steps     []step    `json:"steps"`
		Cache     *cache    `json:"cache,omitempty"`
	}{
		RequestID: t.RequestID, Time: t.Time.UTC(), Millis: millis(t.Duration), Method: t.Method, Path: t.Path, Route: t.Route,
		MethodARN: t.MethodARN, Status: t.Status, Code: t.Code, Reason: t.Reason, Hint: t.Hint, Steps: make([]step, len(t.Steps)),
	}
	for i, s := range t.Steps {
		out.Steps[i] = step{s.Name, s.Code, millis(s.Duration), nil, s.Source, s.Confidence}
		if s.Detail != nil {
			out.Steps[i].Detail = s.Detail.view()
		}
	}
	if t.Cache != nil {
		out.Cache = &cache{State: t.Cache.State, WrittenBy: t.Cache.WrittenBy}
		if !t.Cache.Expires.IsZero() {
			expires := t.Cache.Expires.UTC()
			out.Cache.Expires = &expires
		}
	}
	return json.Marshal(out)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Size is roughly how many bytes the trace keeps in memory.
func (t *Trace) Size() int {
	const fixed = 1 << 10
	size := fixed
	for i := range t.Steps {
		if d, ok := t.Steps[i].Detail.(InvocationDetail); ok {
			size += len(d.event) + len(d.answer)
		}
	}
	return size
}
