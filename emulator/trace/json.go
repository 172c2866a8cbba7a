package trace

import (
	"encoding/json"
	"time"
)

// document is a trace in JSON.
type document struct {
	RequestID string          `json:"requestId"`
	Time      time.Time       `json:"time"`
	Millis    float64         `json:"ms"`
	Method    string          `json:"method"`
	Path      string          `json:"path"`
	API       string          `json:"api,omitempty"`
	Route     string          `json:"route,omitempty"`
	MethodARN string          `json:"methodArn,omitempty"`
	Status    int             `json:"status"`
	Code      Code            `json:"code"`
	Response  string          `json:"gatewayResponse,omitempty"`
	Reason    string          `json:"reason"`
	Hint      string          `json:"hint,omitempty"`
	Steps     []stepDocument  `json:"steps"`
	Cache     *cacheDocument  `json:"cache,omitempty"`
	Secrets   bool            `json:"secretsShown,omitempty"`
	Request   json.RawMessage `json:"request,omitempty"`
	ReplayOf  string          `json:"replayOf,omitempty"`
}

type stepDocument struct {
	Name       string          `json:"name"`
	Code       Code            `json:"code,omitempty"`
	Millis     float64         `json:"ms"`
	Detail     json.RawMessage `json:"detail,omitempty"`
	Source     string          `json:"source,omitempty"`
	Confidence Confidence      `json:"confidence,omitempty"`
}

type cacheDocument struct {
	State     CacheState `json:"state"`
	Expires   *time.Time `json:"expires,omitempty"`
	WrittenBy *Writer    `json:"writtenBy,omitempty"`
}

// MarshalJSON writes the trace as the control API shows it. Secrets are masked: what is known as one by its name, what looks
// like one, and the values of the authorizer's identity sources wherever they occur.
func (t Trace) MarshalJSON() ([]byte, error) {
	out := document{
		RequestID: t.RequestID, Time: t.Time.UTC(), Millis: millis(t.Duration), Method: t.Method, Path: t.Path, API: t.API, Route: t.Route,
		MethodARN: t.MethodARN, Status: t.Status, Code: t.Code, Reason: t.Reason, Hint: t.Hint, Steps: make([]stepDocument, len(t.Steps)),
		Response: t.GatewayResponse, Secrets: t.ShowSecrets,
		ReplayOf: t.ReplayOf,
	}
	if t.Request != nil {
		shown := readable
		if t.ShowSecrets {
			shown = shownAsIs
		}
		var err error
		if out.Request, err = t.Request.json(shown); err != nil {
			return nil, err
		}
	}
	for i, s := range t.Steps {
		out.Steps[i] = stepDocument{s.Name, s.Code, millis(s.Duration), nil, s.Source, s.Confidence}
		if s.Detail == nil {
			continue
		}
		var err error
		if out.Steps[i].Detail, err = json.Marshal(t.view(s.Detail)); err != nil {
			return nil, err
		}
	}
	if t.Cache != nil {
		out.Cache = &cacheDocument{State: t.Cache.State, WrittenBy: t.Cache.WrittenBy}
		if !t.Cache.Expires.IsZero() {
			expires := t.Cache.Expires.UTC()
			out.Cache.Expires = &expires
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return t.secrets().hide(text)
}

// view is a detail as JSON shows it.
func (t *Trace) view(d Detail) any {
	if d, ok := d.(revealing); ok && t.ShowSecrets {
		return d.reveal()
	}
	return d.view()
}

// read fills a struct with those of the members that a detail has in JSON that it asks for, and leaves it alone without a detail.
func (s *Step) read(to any) error {
	if s.Detail == nil {
		return nil
	}
	text, err := json.Marshal(s.Detail.view())
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// UnmarshalJSON reads what [Trace.MarshalJSON] wrote. What was masked stays so.
func (t *Trace) UnmarshalJSON(text []byte) error {
	var in document
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*t = Trace{
		RequestID: in.RequestID, Time: in.Time, Duration: duration(in.Millis), Method: in.Method, Path: in.Path, API: in.API, Route: in.Route,
		MethodARN: in.MethodARN, Status: in.Status, Code: in.Code, Reason: in.Reason, Hint: in.Hint, Steps: make([]Step, len(in.Steps)),
		GatewayResponse: in.Response, ShowSecrets: in.Secrets,
		ReplayOf: in.ReplayOf,
	}
	if in.Request != nil {
		t.Request = &Request{viewed: in.Request}
	}
	for i, s := range in.Steps {
		t.Steps[i] = Step{Name: s.Name, Code: s.Code, Duration: duration(s.Millis), Source: s.Source, Confidence: s.Confidence}
		if s.Detail != nil {
			t.Steps[i].Detail = viewed(s.Detail)
		}
	}
	if in.Cache != nil {
		t.Cache = &Cache{State: in.Cache.State, WrittenBy: in.Cache.WrittenBy}
		if in.Cache.Expires != nil {
			t.Cache.Expires = *in.Cache.Expires
		}
	}
	return nil
}

// masked is the trace with nothing but what JSON shows.
func (t Trace) masked() (shown Trace, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return Trace{}, err
	}
	err = json.Unmarshal(text, &shown)
	return shown, err
}

func duration(millis float64) time.Duration {
	return time.Duration(millis * float64(time.Millisecond)).Round(time.Microsecond)
}

// viewed is a detail that was shown as JSON.
type viewed json.RawMessage

func (d viewed) view() any { return json.RawMessage(d) }
