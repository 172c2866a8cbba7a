package apigw

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Model is a data model, a JSON Schema of draft 4 that bodies are held against.
type Model struct {
	Name     string
	Schema   json.RawMessage
	Position Position
}

// RequestValidator says what of a request is validated.
type RequestValidator string

// The validators. Parameters are checked before the body (rest-gateway 7.1).
const (
	ValidateAll        RequestValidator = "ALL"
	ValidateBody       RequestValidator = "BODY"
	ValidateParameters RequestValidator = "PARAMETERS"
)

// Body reports whether the body is validated.
func (v RequestValidator) Body() bool { return v == ValidateAll || v == ValidateBody }

// Parameters reports whether required parameters are.
func (v RequestValidator) Parameters() bool { return v == ValidateAll || v == ValidateParameters }

// ParameterLocation is where a request has a parameter.
type ParameterLocation string

// The locations.
const (
	InPath        ParameterLocation = "path"
	InQueryString ParameterLocation = "querystring"
	InHeader      ParameterLocation = "header"
)

// RequestParameter is a parameter that a method declares: method.request.LOCATION.NAME.
type RequestParameter struct {
	Location ParameterLocation
	Name     string
	Required bool
	Position Position
}

// String is the parameter as route files write it.
func (p RequestParameter) String() string {
	return "method.request." + string(p.Location) + "." + p.Name
}

// ParseRequestParameter reads method.request.LOCATION.NAME.
func ParseRequestParameter(text string) (RequestParameter, error) {
	const prefix = "method.request."
	rest, ok := strings.CutPrefix(text, prefix)
	location, name, dotted := strings.Cut(rest, ".")
	locations := []string{string(InPath), string(InQueryString), string(InHeader)}
	switch {
	case !ok, !dotted:
		return RequestParameter{}, fmt.Errorf("request parameter %q must be method.request.querystring.NAME, method.request.header.NAME or method.request.path.NAME", text)
	case !slices.Contains(locations, location):
		return RequestParameter{}, fmt.Errorf("request parameter %q: %q is no location%s", text, location, suggestOrList(location, locations))
	case name == "" || strings.ContainsAny(name, " \t\r\n"):
		return RequestParameter{}, fmt.Errorf("request parameter %q has no name", text)
	}
	return RequestParameter{Location: ParameterLocation(location), Name: name}, nil
}

// RequestModel is the model of a body with a content type. $default is for every content type that has none
// (the developer guide's "Use request validation in API Gateway").
type RequestModel struct {
	ContentType, Model string
	Position           Position
}

// DefaultContentType is the content type that stands for every one without a model.
const DefaultContentType = "$default"

// AllModels are the models of the API, and those that every API has unless it defines them itself.
func (a *API) AllModels() []Model {
	models := slices.Clone(a.Models)
	for _, preset := range []Model{
		{Name: "Empty", Schema: json.RawMessage(`{"title":"Empty Schema","type":"object"}`)},
		{Name: "Error", Schema: json.RawMessage(`{"title":"Error Schema","type":"object","properties":{"message":{"type":"string"}}}`)},
	} {
		if !slices.ContainsFunc(a.Models, func(m Model) bool { return m.Name == preset.Name }) {
			models = append(models, preset)
		}
	}
	return models
}

// ModelNames are the names of all models.
func (a *API) ModelNames() []string {
	var names []string
	for _, m := range a.AllModels() {
		names = append(names, m.Name)
	}
	return names
}

// ModelURL is the URL by which the models of an API refer to one of them (rest-gateway 7.4).
func ModelURL(apiID, name string) string {
	return "https://apigateway.amazonaws.com/restapis/" + apiID + "/models/" + name
}

func (v *validator) checkModels() {
	seen, name := map[string]Position{}, regexp.MustCompile(`^[A-Za-z0-9]+$`)
	for _, m := range v.api.Models {
		if first, again := seen[m.Name]; again {
			v.report(m.Position, "model %q again, first at %s", m.Name, first)
		}
		seen[m.Name] = m.Position
		if !name.MatchString(m.Name) {
			v.report(m.Position, "model %q: a name has letters and digits only", m.Name)
		}
	}
}

func (v *validator) checkRequestModels(r *Route, user string) {
	names := v.api.ModelNames()
	for _, m := range r.RequestModels {
		if !slices.Contains(names, m.Model) {
			v.report(m.Position, "%s: no model %q%s", user, m.Model, suggestOrList(m.Model, names))
		}
	}
	switch r.Validator {
	case "", ValidateAll, ValidateBody, ValidateParameters:
	default:
		v.report(r.Position, "%s: requestValidator %q must be ALL, BODY or PARAMETERS", user, r.Validator)
	}
}

// findUncheckedRequests finds what a route says about requests and nothing holds.
func (v *validator) findUncheckedRequests() {
	for i := range v.api.Routes {
		r := &v.api.Routes[i]
		user := fmt.Sprintf("route %q", r.Key())
		required := slices.ContainsFunc(r.RequestParameters, func(p RequestParameter) bool { return p.Required })
		switch {
		case required && !r.Validator.Parameters():
			v.report(r.RequestParameters[0].Position, "%s: nothing checks the required parameters; AWS does with a validator only: requestValidator: PARAMETERS, or ALL", user)
		case !required && r.Validator == ValidateParameters:
			v.report(r.Position, "%s: requestValidator PARAMETERS has no required parameter to check", user)
		}
		switch {
		case len(r.RequestModels) > 0 && !r.Validator.Body():
			v.report(r.RequestModels[0].Position, "%s: nothing holds bodies against the model; AWS does with a validator only: requestValidator: BODY, or ALL", user)
		case len(r.RequestModels) == 0 && r.Validator == ValidateBody:
			v.report(r.Position, "%s: requestValidator BODY has no model to hold bodies against", user)
		}
		for _, p := range r.RequestParameters {
			// Recorded: it is always missing (rest-gateway 13 A8).
			if p.Location == InPath && p.Required && !slices.Contains(pathParameters(r.Path), p.Name) {
				v.report(p.Position, "%s: the path has no {%s}, so every request would be refused%s", user, p.Name, Suggest(p.Name, pathParameters(r.Path)))
			}
		}
	}
}

func pathParameters(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if name, _, err := PathParameter(segment); err == nil && name != "" {
			names = append(names, name)
		}
	}
	return names
}
