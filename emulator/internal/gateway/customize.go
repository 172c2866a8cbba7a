package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/mapping"
	"gatewayd/emulator/trace"
)

// customized is a gateway response as the API has it, made ready for one response type.
type customized struct {
	entry     apigw.ResponseType // the one that answers: the type's own, or its family's
	status    int                // 0: the error's
	headers   []customHeader
	templates []customTemplate // not empty
	faults    bool             // a template says what a body fails of
	source    string
}

type customHeader struct {
	name       string
	expression mapping.Expression
}

type customTemplate struct {
	contentType string
	template    *mapping.Template
}

// compileGatewayResponses decides once which entry answers for which type (rest-gateway 5.4).
func compileGatewayResponses(api *apigw.API) (map[apigw.ResponseType]*customized, error) {
	responses := map[apigw.ResponseType]*customized{} //nolint:exhaustive // it is filled below
	for _, t := range apigw.ResponseTypes() {
		entry := api.GatewayResponseFor(t)
		if entry == nil {
			continue
		}
		c, err := customize(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: gateway response %s: %w", entry.Position, entry.Type, err)
		}
		responses[t] = c
	}
	return responses, nil
}

func customize(entry *apigw.GatewayResponse) (*customized, error) {
	c := &customized{entry: entry.Type, status: entry.Status, source: entry.Position.String()}
	for _, h := range entry.Headers {
		expression, err := mapping.ParseExpression(h.Expression)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", h.Name, err)
		}
		name := h.Name
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			name = "Content-Type" // net/http looks for this spelling
		}
		c.headers = append(c.headers, customHeader{name, expression})
	}
	templates := entry.Templates
	if len(templates) == 0 {
		templates = []apigw.BodyTemplate{{ContentType: "application/json", Text: apigw.FactoryTemplate}}
	}
	for _, t := range templates {
		template, err := mapping.ParseTemplate(t.Text, mapping.GatewayResponse)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", t.ContentType, err)
		}
		c.templates = append(c.templates, customTemplate{t.ContentType, template})
		c.faults = c.faults || slices.Contains(template.References(), mapping.Reference{Source: mapping.Context, Name: "error.validationErrorString"})
	}
	return c, nil
}

// apply makes the customized answer out of the factory's. The error type stays, and so does a status that the entry does not have:
// a function that failed is a 502 whatever its type's own status (rest-gateway 5.4, 14 G11).
//
// A header whose source the request does not have is left out (rest-gateway 5.5); those are returned.
func (c *customized) apply(x *exchange, refusal *apigw.Error, r *response) (omitted []string) {
	values := variables{exchange: x, refusal: refusal}
	if c.status != 0 {
		r.status = c.status
	}
	chosen := c.templateFor(event.HeaderValue(x.http.Header, "Accept"))
	r.body = chosen.template.Append(nil, variables{exchange: x, refusal: refusal, body: true}, "")
	r.headers[0].Value = chosen.contentType // gatewayResponse puts it first
	for _, h := range c.headers {
		value, ok := h.expression.Value(values)
		if !ok {
			omitted = append(omitted, h.name)
			continue
		}
		if h.name == "Content-Type" {
			r.headers[0].Value = validValue(value)
			continue
		}
		r.headers = append(r.headers, event.Pair{Name: h.name, Value: validValue(value)})
	}
	return omitted
}

// templateFor chooses the template by what the client accepts, in its order, else application/json, else the first
// (rest-gateway 5.6).
func (c *customized) templateFor(accept string) *customTemplate {
	if len(c.templates) > 1 {
		for media := range strings.SplitSeq(accept, ",") {
			if i := c.accepted(media); i >= 0 {
				return &c.templates[i]
			}
		}
	}
	if i := c.accepted("application/json"); i >= 0 {
		return &c.templates[i]
	}
	return &c.templates[0]
}

// accepted finds the template of a media type. A wildcard finds none, and leaves the choice to the default.
func (c *customized) accepted(media string) int {
	media, _, _ = strings.Cut(media, ";")
	media = strings.TrimSpace(media)
	for i := range c.templates {
		contentType, _, _ := strings.Cut(c.templates[i].contentType, ";")
		if strings.EqualFold(contentType, media) {
			return i
		}
	}
	return -1
}

// gatewayResponseStep tells which entry of the route file made the answer.
func (x *exchange) gatewayResponseStep(c *customized, refusal *apigw.Error, omitted []string) {
	step := trace.Step{
		Name: "response", Source: c.source, Confidence: trace.Recorded,
		Detail: trace.GatewayResponseDetail{Type: string(refusal.Type), Entry: string(c.entry), Omitted: omitted},
	}
	if c.status == 0 && refusal.Type == apigw.IntegrationFailure || len(c.templates) > 1 {
		step.Confidence = trace.Inferred // rest-gateway 5.6, 14 G11
	} else if c.faults && refusal.ValidationError != "" {
		step.Confidence = trace.Reported // how it is written
	}
	x.step(step)
}
