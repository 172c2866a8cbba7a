package gateway

import (
	"cmp"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/mapping"
)

// variables answers the references of templates and mapping expressions for one request, as far as it got.
type variables struct {
	*exchange
	refusal *apigw.Error // of a gateway response, else nil
	body    bool         // of its template, not of a header
}

// Value returns the text of a variable, and whether there is one.
func (v variables) Value(r mapping.Reference) (string, bool) {
	switch r.Source {
	case mapping.Context:
		return v.context(r.Name)
	case mapping.StageVariable:
		text, ok := v.deployment.stage.Variables[r.Name]
		return text, ok
	case mapping.Header:
		return v.header(r.Name)
	case mapping.QueryString:
		return v.request.QueryValue(r.Name)
	case mapping.Path:
		return v.pathParameter(r.Name)
	case mapping.Param:
		return v.parameter(r.Name)
	case mapping.Literal:
	}
	return "", false
}

// header returns a header by the name that mappings and validators call it. They compare names with case, as far as it is known how
// the client spelled them: a request that was made in process has no spelling, one over HTTP/2 has lower case only
// (rest-gateway 1.6, 1.8).
func (x *exchange) header(name string) (string, bool) {
	value, ok := x.request.Header(name)
	if !ok || x.names == nil && x.http.ProtoMajor != 2 {
		return value, ok
	}
	for _, h := range x.request.Headers {
		if h.Name == name {
			return value, true
		}
	}
	return "", false
}

// parameter looks through the path, the query and the headers, in the order of $input.params.
func (v variables) parameter(name string) (string, bool) {
	if text, ok := v.pathParameter(name); ok {
		return text, true
	}
	if text, ok := v.request.QueryValue(name); ok {
		return text, true
	}
	return v.header(name)
}

func (v variables) pathParameter(name string) (string, bool) {
	for _, p := range v.request.PathParameters {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// context returns a context variable (rest-gateway 8.2). Those of features that are not there have no value, as on AWS where
// they are not used.
func (v variables) context(name string) (string, bool) {
	if property, ok := strings.CutPrefix(name, "authorizer."); ok {
		if v.result == nil {
			return "", false
		}
		return v.result.Variable(property, v.latency)
	}
	if property, ok := strings.CutPrefix(name, "error."); ok {
		return v.errorVariable(property)
	}
	switch {
	case v.request.Stage == nil:
		return "", false
	case name == "identity.apiKey" && v.request.APIKey != "": // where the key is an authorizer's, the client sent none
		return v.request.APIKey, true
	case name == "identity.apiKeyId":
		return v.request.APIKeyID, v.request.APIKeyID != ""
	}
	switch name { // an authorizer knows less of the key
	case "identity.apiKey":
		key := cmp.Or(v.request.APIKey, v.request.SentAPIKey)
		return key, key != ""
	case "identity.apiKeyId":
		return v.request.APIKeyID, v.request.APIKeyID != ""
	}
	return v.request.ContextVariable(name)
}

// errorVariable returns what a request was refused with (rest-gateway 5.6).
func (v variables) errorVariable(name string) (string, bool) {
	if v.refusal == nil {
		return "", false
	}
	switch name {
	case "message":
		return v.refusal.Text()
	case "messageString":
		return v.refusal.MessageString(), true
	case "responseType":
		return string(v.refusal.Type), true
	case "validationErrorString":
		text := v.refusal.ValidationError
		if v.body {
			// Templates have it in quotes, and what they make is JSON although it has quotes of its own (reported).
			text = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
		}
		return text, text != ""
	}
	return "", false
}
