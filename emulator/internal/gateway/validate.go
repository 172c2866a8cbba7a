package gateway

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/model"
	"gatewayd/emulator/trace"
)

// validator is a request validator, made ready for one route.
type validator struct {
	required []apigw.RequestParameter // in the order in which API Gateway looks for them
	models   []contentModel
	source   string
}

// contentModel is the model of a content type.
type contentModel struct {
	contentType string // in lower case
	model       *model.Model
	name        string
	source      string
}

// compileModels compiles the models of an API that uses any.
func compileModels(api *apigw.API) (map[string]*model.Model, error) {
	used := func(r apigw.Route) bool { return len(r.RequestModels) > 0 }
	if len(api.Models) == 0 && !slices.ContainsFunc(api.Routes, used) {
		return nil, nil
	}
	models, problems := model.Compile(api)
	for _, p := range problems {
		return nil, fmt.Errorf("model %q at /%s: %s", p.Model, strings.Join(p.Pointer, "/"), p.Message)
	}
	return models, nil
}

// compileValidator returns nil for a route that validates nothing: without a validator API Gateway does not, whatever is required
// (rest-gateway 7.1).
func compileValidator(r *apigw.Route, models map[string]*model.Model) (*validator, error) {
	v := &validator{source: r.Position.String()}
	if r.Validator.Parameters() {
		// The path comes first: that is what the one recording with several shows (rest-gateway 7.3).
		for _, location := range []apigw.ParameterLocation{apigw.InPath, apigw.InQueryString, apigw.InHeader} {
			for _, p := range r.RequestParameters {
				if p.Required && p.Location == location {
					v.required = append(v.required, p)
				}
			}
		}
	}
	if r.Validator.Body() {
		for _, m := range r.RequestModels {
			compiled := models[m.Model]
			if compiled == nil {
				return nil, fmt.Errorf("no model %q", m.Model)
			}
			v.models = append(v.models, contentModel{strings.ToLower(m.ContentType), compiled, m.Model, m.Position.String()})
		}
	}
	if v.required == nil && v.models == nil {
		return nil, nil
	}
	return v, nil
}

// validate holds the request against the route's validator: its parameters, and then its body (rest-gateway 7.1).
func (x *exchange) validate(found *route) *apigw.Error {
	v := found.validator
	if v == nil {
		return nil
	}
	if refusal := x.validateParameters(v); refusal != nil {
		return refusal
	}
	return x.validateBody(v)
}

// validateParameters refuses a request without a required parameter, or with a blank one (rest-gateway 7.2).
func (x *exchange) validateParameters(v *validator) *apigw.Error {
	if len(v.required) == 0 {
		return nil
	}
	var missing []apigw.RequestParameter
	var names []string
	for _, p := range v.required {
		if value, _ := x.requestParameter(p); strings.TrimSpace(value) == "" {
			missing, names = append(missing, p), append(names, p.Name)
		}
	}
	step := trace.Step{Name: "parameters", Source: v.source, Confidence: trace.Recorded}
	if len(missing) == 0 {
		x.step(step)
		return nil
	}
	refusal := &apigw.Error{
		Type: apigw.BadRequestParameters, Code: trace.RequestParameters,
		Message: "Missing required request parameters: [" + strings.Join(model.HashOrder(names), ", ") + "]",
		Reason:  "the request lacks " + x.describeMissing(missing),
		Hint:    "send it, or leave it out of the route's requestParameters",
	}
	if slices.ContainsFunc(missing, x.spelledOtherwise) {
		refusal.Confidence = trace.Documented // that case counts (rest-gateway 1.6)
	}
	if len(missing) > 1 {
		refusal.Hint = "send them, or leave them out of the route's requestParameters"
		refusal.Confidence = trace.Inferred // their order (rest-gateway 7.3)
	}
	step.Code, step.Confidence = refusal.Code, refusal.Certainty()
	step.Detail, step.Source = trace.ParametersDetail{Missing: texts(missing)}, missing[0].Position.String()
	x.step(step)
	return refusal
}

func texts(parameters []apigw.RequestParameter) []string {
	all := make([]string, len(parameters))
	for i, p := range parameters {
		all[i] = p.String()
	}
	return all
}

func (x *exchange) requestParameter(p apigw.RequestParameter) (string, bool) {
	switch p.Location {
	case apigw.InPath:
		return variables{exchange: x}.pathParameter(p.Name)
	case apigw.InQueryString:
		return x.request.QueryValue(p.Name)
	case apigw.InHeader:
		return x.header(p.Name)
	}
	return "", false
}

// describeMissing says of each parameter where it was looked for, and what came near.
func (x *exchange) describeMissing(missing []apigw.RequestParameter) string {
	said := make([]string, len(missing))
	for i, p := range missing {
		said[i] = p.String()
		_, sent := x.requestParameter(p)
		switch {
		case sent:
			said[i] += " (it is there, and blank)"
		case p.Location == apigw.InPath:
			said[i] += fmt.Sprintf(" (the path %s has no {%s})", x.request.Resource, p.Name)
		case x.spelledOtherwise(p):
			said[i] += " (it is there in another spelling; API Gateway compares names with case)"
		}
	}
	return strings.Join(said, ", ")
}

// spelledOtherwise reports whether a header that is missing is there in another case.
func (x *exchange) spelledOtherwise(p apigw.RequestParameter) bool {
	if p.Location != apigw.InHeader {
		return false
	}
	_, sent := x.header(p.Name)
	_, other := x.request.Header(p.Name)
	return other && !sent
}

// validateBody holds the body against the model of its content type. Without one it passes (rest-gateway 7.4).
func (x *exchange) validateBody(v *validator) *apigw.Error {
	if len(v.models) == 0 {
		return nil
	}
	contentType := mediaType(event.HeaderValue(x.http.Header, "Content-Type"))
	chosen := v.modelFor(contentType)
	step := trace.Step{Name: "model", Source: v.source, Confidence: trace.Recorded}
	detail := trace.ModelDetail{ContentType: contentType}
	if chosen == nil {
		step.Detail, step.Confidence = detail, trace.Documented
		x.step(step)
		return nil
	}
	detail.Model, step.Source = chosen.name, chosen.source
	if x.explained && len(x.body) == 0 && x.request.Method != http.MethodGet {
		// Who asks for an explanation names method, path and headers. That the body is empty says nothing.
		detail.Unchecked, step.Detail = true, detail
		x.step(step)
		return nil
	}
	err := chosen.model.Validate(x.body)
	if err == nil {
		step.Detail = detail
		x.step(step)
		return nil
	}
	refusal := &apigw.Error{
		Type: apigw.BadRequestBody, Code: trace.RequestBody, Cause: err,
		Reason: fmt.Sprintf("the body does not fit model %s: %v", chosen.name, err),
		Hint:   "change the body, or the model in the route file",
	}
	if invalid, ok := errors.AsType[*model.Error](err); ok {
		refusal.ValidationError = invalid.ValidationErrorString()
		if invalid.Unbounded {
			refusal.Confidence = trace.Inferred
		}
		for _, f := range invalid.Faults {
			detail.Faults = append(detail.Faults, trace.Fault{Pointer: f.Pointer, Message: f.Message})
		}
	} else {
		// rest-gateway 7.5.
		refusal.Type, refusal.Confidence = apigw.APIConfigurationError, trace.Reported
		refusal.Hint = "take the reference that leads back to the same schema out of the model"
	}
	step.Code, step.Confidence, step.Detail = refusal.Code, refusal.Certainty(), detail
	x.step(step)
	return refusal
}

// modelFor finds the model of a content type, else the one for all others.
func (v *validator) modelFor(contentType string) *contentModel {
	for _, wanted := range []string{contentType, apigw.DefaultContentType} {
		if i := slices.IndexFunc(v.models, func(m contentModel) bool { return m.contentType == wanted }); i >= 0 {
			return &v.models[i]
		}
	}
	return nil
}

// mediaType is a content type without its parameters; API Gateway takes none for application/json (rest-gateway 7.4).
func mediaType(header string) string {
	if strings.TrimSpace(header) == "" {
		return "application/json"
	}
	if name, _, err := mime.ParseMediaType(header); err == nil {
		return name
	}
	name, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(name))
}
