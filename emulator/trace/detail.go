package trace

import (
	"encoding/json"
	"fmt"
	"strings"

	"gatewayd/emulator/policy"
)

// Detail is what a step found. It is turned into something to read when the trace is read, not before.
type Detail interface {
	// view is the detail as JSON shows it, secrets masked.
	view() any
}

// revealing is a Detail that has secrets.
type revealing interface {
	Detail
	// reveal is the detail as JSON shows it, secrets included.
	reveal() any
}

// Candidates tells which routes a request was compared with.
type Candidates interface {
	Candidates(method, path string) []Candidate
}

// RouteDetail is the detail of routing.
type RouteDetail struct {
	Routes       Candidates
	Method, Path string // the path without stage or base path
}

func (d RouteDetail) view() any {
	return map[string]any{"candidates": d.Routes.Candidates(d.Method, d.Path)}
}

// IdentitySource is one identity source and what the request brought for it.
type IdentitySource struct {
	Source   string // method.request.header.Authorization
	Value    string
	Found    bool
	Repeated bool // the request has several values, of which the last one counts
}

// IdentityDetail is the detail of looking for identity sources.
type IdentityDetail struct {
	Authorizer string
	Type       string // TOKEN or REQUEST
	Expression string // that the token must match, "" for any
	Sources    []IdentitySource
}

func (d IdentityDetail) view() any { return d.show(Mask) }

func (d IdentityDetail) reveal() any { return d.show(func(value string) string { return value }) }

func (d IdentityDetail) show(shown func(string) string) any {
	type source struct {
		Source   string `json:"source"`
		Found    bool   `json:"found"`
		Value    string `json:"value,omitempty"`
		Repeated bool   `json:"repeated,omitempty"`
	}
	sources := make([]source, len(d.Sources))
	for i, s := range d.Sources {
		sources[i] = source{s.Source, s.Found, shown(s.Value), s.Repeated}
	}
	return struct {
		Authorizer string   `json:"authorizer"`
		Type       string   `json:"type,omitempty"`
		Sources    []source `json:"sources"`
		Expression string   `json:"identityValidationExpression,omitempty"`
	}{d.Authorizer, d.Type, sources, d.Expression}
}

// InvocationDetail is the detail of calling a function: an authorizer's or an integration's. Make one with
// [NewInvocationDetail], which bounds what it keeps.
type InvocationDetail struct {
	Authorizer string // "" for an integration
	Function   string
	Error      string
	Principal  string
	Warnings   []string

	Context            AuthorizerContext // of an authorizer's answer, as an integration gets it; nil for none
	UsageIdentifierKey string            // of an authorizer's answer

	Invocation string // Lambda's own id of the call
	Logs       Logs   // has what the function wrote in that call, nil when nothing does

	event, answer Document
}

// AuthorizerContext is the context of an authorizer's answer.
type AuthorizerContext interface {
	// Each calls do with each member, whose value is text, or null.
	Each(do func(name string, value *string))
}

// Logs has what functions wrote. It is asked when a trace is read: a line can come after the answer.
type Logs interface {
	// Lines are those of a call, with START, END and REPORT as Lambda writes them; the oldest may be gone.
	Lines(invocation string) []string
}

// Document is JSON that is written when somebody reads the trace, and not before.
type Document interface {
	// JSON writes the document, the same each time.
	JSON() []byte
	// Size is roughly how many bytes the document keeps in memory.
	Size() int
}

// NewInvocationDetail returns the detail of a call. Of an event or answer over 64 KiB it keeps an excerpt.
func NewInvocationDetail(function string, event, answer []byte, err error) InvocationDetail {
	return NewDeferredInvocationDetail(function, Excerpt(event), Excerpt(answer), err)
}

// Excerpt is a document that is JSON already: what a trace keeps of it.
func Excerpt(data []byte) Document { return written(clip(data)) }

// NewDeferredInvocationDetail returns the detail of a call whose event or answer, nil for none, was never JSON. What they
// keep should be no larger than what a trace keeps of JSON.
func NewDeferredInvocationDetail(function string, event, answer Document, err error) InvocationDetail {
	d := InvocationDetail{Function: function, event: event, answer: answer}
	if err != nil {
		d.Error = Brief(strings.TrimPrefix(err.Error(), fmt.Sprintf("function %q: ", function)))
	}
	return d
}

// written is a document that is JSON already, or an excerpt of it.
type written []byte

func (w written) JSON() []byte { return w }
func (w written) Size() int    { return len(w) }

func (d InvocationDetail) size() int { return sizeOf(d.event, d.answer) }

func sizeOf(documents ...Document) int {
	size := 0
	for _, document := range documents {
		if document != nil {
			size += document.Size()
		}
	}
	return size
}

// read is a document as a trace shows it.
func read(d Document) any { return readAs(d, readable) }

func readAs(d Document, shown func([]byte) any) any {
	switch d := d.(type) {
	case nil:
		return nil
	case written:
		return shown(d)
	default:
		return shown(clip(d.JSON()))
	}
}

func (d InvocationDetail) view() any { return d.show(readable) }

func (d InvocationDetail) reveal() any { return d.show(shownAsIs) }

func (d InvocationDetail) show(shown func([]byte) any) any {
	out := struct {
		Authorizer string   `json:"authorizer,omitempty"`
		Function   string   `json:"function"`
		Event      any      `json:"event,omitempty"`
		Answer     any      `json:"answer,omitempty"`
		Error      string   `json:"error,omitempty"`
		Principal  string   `json:"principalId,omitempty"`
		Warnings   []string `json:"warnings,omitempty"`
		Context    any      `json:"context,omitempty"`
		UsageKey   any      `json:"usageIdentifierKey,omitempty"`
		Invocation string   `json:"invocationId,omitempty"`
		Log        []string `json:"log,omitempty"`
	}{
		Authorizer: d.Authorizer, Function: d.Function, Event: readAs(d.event, shown), Answer: readAs(d.answer, shown), Error: d.Error,
		Principal: d.Principal, Warnings: d.Warnings, Invocation: d.Invocation,
	}
	result := map[string]any{}
	if d.Context != nil {
		context := map[string]*string{}
		d.Context.Each(func(name string, value *string) { context[name] = value })
		if len(context) > 0 {
			result["context"] = context
		}
	}
	if d.UsageIdentifierKey != "" {
		result["usageIdentifierKey"] = d.UsageIdentifierKey
	}
	if text, err := json.Marshal(result); err == nil { // it is text throughout
		if members, ok := shown(text).(map[string]any); ok {
			out.Context, out.UsageKey = members["context"], members["usageIdentifierKey"]
		}
	}
	if d.Logs != nil {
		out.Log = d.Logs.Lines(d.Invocation)
	}
	return out
}

// SharedCallDetail is the detail of a call of an authorizer's function that was made for another request, and shared.
type SharedCallDetail struct {
	Authorizer, Function string
	RequestID            string // of the request that the function was called for
	Principal            string
	Error                string
}

func (d SharedCallDetail) view() any {
	return struct {
		Authorizer string `json:"authorizer"`
		Function   string `json:"function"`
		SharedWith string `json:"sharedWith"`
		Principal  string `json:"principalId,omitempty"`
		Error      string `json:"error,omitempty"`
	}{d.Authorizer, d.Function, d.RequestID, d.Principal, d.Error}
}

// DisabledDetail is the detail of an authorizer that was not asked, because authorizers are disabled.
type DisabledDetail struct {
	Authorizer string
	Context    Document // what the event has in place of what it would have said; nil for nothing
}

func (d DisabledDetail) view() any { return d.show(read(d.Context)) }

func (d DisabledDetail) reveal() any { return d.show(readAs(d.Context, shownAsIs)) }

func (d DisabledDetail) show(context any) any {
	return struct {
		Authorizer string `json:"authorizer"`
		Context    any    `json:"context,omitempty"`
	}{d.Authorizer, context}
}

// EndpointDetail is the detail of asking the HTTP endpoint of an integration. Make one with [NewEndpointDetail].
type EndpointDetail struct {
	Endpoint string // the integration's URI
	Error    string

	request, response Document
}

// NewEndpointDetail returns the detail of a request to an endpoint, and of its response, nil for none.
func NewEndpointDetail(endpoint string, request, response Document, err error) *EndpointDetail {
	d := &EndpointDetail{Endpoint: endpoint, request: request, response: response}
	if err != nil {
		d.Error = Brief(err.Error())
	}
	return d
}

func (d *EndpointDetail) size() int { return sizeOf(d.request, d.response) }

func (d *EndpointDetail) view() any {
	return struct {
		Endpoint string `json:"endpoint"`
		Request  any    `json:"request,omitempty"`
		Response any    `json:"response,omitempty"`
		Error    string `json:"error,omitempty"`
	}{d.Endpoint, read(d.request), read(d.response), d.Error}
}

// PolicyDetail is the detail of evaluating an authorizer's policy, or the API's resource policy, which has no principal.
// Statements are explained when the trace is read.
type PolicyDetail struct {
	Policy    *policy.Policy
	Request   policy.Request
	Principal string

	// ResourcePolicy is what the API's resource policy said, which counts together with an authorizer's; "" without one.
	ResourcePolicy string
}

func (d PolicyDetail) view() any {
	verdict, diagnostic := d.Policy.Explain(&d.Request)
	source := json.RawMessage(d.Policy.Source())
	if !json.Valid(source) {
		source = nil
	}
	return struct {
		Principal      string                   `json:"principalId,omitempty"`
		MethodARN      string                   `json:"methodArn"`
		Decision       policy.Verdict           `json:"decision"`
		ResourcePolicy string                   `json:"resourcePolicy,omitempty"`
		Policy         json.RawMessage          `json:"policy,omitempty"` // the document
		Statements     []policy.StatementReport `json:"statements"`
		Findings       []policy.Finding         `json:"findings,omitempty"`
	}{d.Principal, d.Request.Resource, verdict, d.ResourcePolicy, source, diagnostic.Statements, d.Policy.Findings()}
}

// GatewayResponseDetail is the detail of an answer that the API customizes.
type GatewayResponseDetail struct {
	Type  string // the gateway response type of the refusal
	Entry string // of the route file that answers for it: the type itself, or its family

	Omitted []string // headers whose source the request did not have
}

func (d GatewayResponseDetail) view() any {
	return struct {
		Type    string   `json:"responseType"`
		Entry   string   `json:"customizedBy"`
		Omitted []string `json:"omittedHeaders,omitempty"`
	}{d.Type, d.Entry, d.Omitted}
}

// ParametersDetail is the detail of looking for required parameters.
type ParametersDetail struct {
	Missing []string // method.request.LOCATION.NAME
}

func (d ParametersDetail) view() any { return map[string]any{"missing": d.Missing} }

// ModelDetail is the detail of holding a body against a model.
type ModelDetail struct {
	Model       string // "": there is none for the content type
	ContentType string
	Faults      []Fault
	Unchecked   bool // there was no body to hold against it: the request was only explained
}

// Fault is what is wrong at one place of a body. It repeats nothing of the body but names.
type Fault struct {
	Pointer string `json:"pointer"` // a JSON pointer, "" for the whole body
	Message string `json:"message"`
}

func (d ModelDetail) view() any {
	return struct {
		Model       string  `json:"model,omitempty"`
		ContentType string  `json:"contentType"`
		Faults      []Fault `json:"faults,omitempty"`
		Unchecked   bool    `json:"unchecked,omitempty"`
	}{d.Model, d.ContentType, d.Faults, d.Unchecked}
}

// CORSDetail is the detail of what a browser makes of an answer to a page of another origin.
type CORSDetail struct {
	Origin  string
	Problem string // why the page cannot have it
}

func (d CORSDetail) view() any { return map[string]any{"origin": d.Origin, "problem": d.Problem} }
