package apigw

import (
	"net/http"
	"slices"
	"strings"
)

// GatewayResponse is a gateway response as an API customizes it. What it leaves out is the factory's: it takes nothing from
// DEFAULT_4XX or DEFAULT_5XX, which answer for the types that have no gateway response of their own (rest-gateway 5.4).
type GatewayResponse struct {
	Type      ResponseType
	Status    int // 200 to 599; 0 keeps that of the error
	Headers   []HeaderMapping
	Templates []BodyTemplate

	Position       Position
	StatusPosition Position
}

// HeaderMapping is a header and the mapping expression of its value: 'text', method.request.header.NAME, context.NAME.
type HeaderMapping struct {
	Name, Expression string
	Position         Position
}

// BodyTemplate is the template of a body, for the clients that accept its content type.
type BodyTemplate struct {
	ContentType, Text string
	Position          Position
}

// FactoryTemplate is the template of every gateway response that has none of its own.
const FactoryTemplate = `{"message":$context.error.messageString}`

// GatewayResponseFor returns the entry that answers for a type, or nil for the factory's answer: its own, else its family's.
func (a *API) GatewayResponseFor(t ResponseType) *GatewayResponse {
	for _, wanted := range []ResponseType{t, t.Family()} {
		if i := slices.IndexFunc(a.GatewayResponses, func(r GatewayResponse) bool { return r.Type == wanted }); i >= 0 && wanted != NoStage {
			return &a.GatewayResponses[i]
		}
	}
	return nil
}

func (v *validator) checkGatewayResponses() {
	var types []string
	for _, t := range ResponseTypes() {
		types = append(types, string(t))
	}
	seen := map[ResponseType]Position{} //nolint:exhaustive // it is filled below
	for i := range v.api.GatewayResponses {
		r := &v.api.GatewayResponses[i]
		if first, again := seen[r.Type]; again {
			v.report(r.Position, "gateway response %s again, first at %s", r.Type, first)
		}
		seen[r.Type] = r.Position
		if !slices.Contains(types, string(r.Type)) {
			suggestion := Suggest(string(r.Type), types)
			if suggestion == "" {
				suggestion = "; there are " + strings.Join(types, ", ")
			}
			v.report(r.Position, "no gateway response type %q%s", r.Type, suggestion)
		}
		if r.Status != 0 && (r.Status < http.StatusOK || r.Status > MaxStatus) {
			v.report(r.StatusPosition, "gateway response %s: statusCode must be from %d to %d", r.Type, http.StatusOK, MaxStatus)
		}
		v.checkHeaderMappings(r)
	}
}

// MaxStatus is the largest HTTP status that a response can have.
const MaxStatus = 599

func (v *validator) checkHeaderMappings(r *GatewayResponse) {
	seen := map[string]Position{}
	for _, h := range r.Headers {
		canonical := http.CanonicalHeaderKey(h.Name)
		first, again := seen[canonical]
		seen[canonical] = h.Position
		prefix, bare, qualified := strings.Cut(h.Name, ".header.")
		switch {
		case qualified:
			v.report(h.Position, "gateway response %s: header %q is written without %s.header.: %s", r.Type, h.Name, prefix, bare)
		case !headerToken(h.Name):
			v.report(h.Position, "gateway response %s: header %q must have letters, digits and !#$%%&'*+-.^_`|~ only", r.Type, h.Name)
		case reservedHeader(canonical):
			v.report(h.Position, "gateway response %s: header %s is API Gateway's own; it cannot be set", r.Type, h.Name)
		case again:
			v.report(h.Position, "gateway response %s: header %s again, first at %s", r.Type, h.Name, first)
		}
	}
}

func headerToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) }) < 0
}

// reservedHeader are the headers that say where a response ends, and those that API Gateway writes itself: customizing a
// response never changes x-amzn-ErrorType (rest-gateway 5.4).
func reservedHeader(canonical string) bool {
	switch canonical {
	case "Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
		"X-Amz-Apigw-Id", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Amzn-Trace-Id":
		return true
	}
	return false
}
