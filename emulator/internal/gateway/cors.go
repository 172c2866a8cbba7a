package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// explainCORS tells what a browser will make of the answer to a page of another origin. API Gateway adds no header to let the page
// read it, and a browser then reports a CORS error instead of the answer's status (rest-gateway 10.1).
func (x *exchange) explainCORS(r *response) {
	origin := event.HeaderValue(x.http.Header, "Origin")
	if origin == "" || sameOrigin(origin, x.http.Host) {
		return
	}
	problem, hint := x.readable(r, origin)
	if wanted := event.HeaderValue(x.http.Header, "Access-Control-Request-Method"); wanted != "" && x.request.Method == http.MethodOptions {
		problem, hint = x.preflight(r, origin, wanted)
	}
	if problem == "" {
		return
	}
	x.step(trace.Step{Name: "cors", Confidence: trace.Documented, Detail: trace.CORSDetail{Origin: origin, Problem: problem}})
	advice := "for a page of " + origin + " this is a CORS error: " + problem
	if hint != "" {
		advice += "; " + hint
	}
	if x.trace.Hint != "" {
		advice = x.trace.Hint + ". And " + advice
	}
	x.trace.Hint = trace.Brief(advice)
}

// sameOrigin reports whether a page came from this host, so that nothing has to allow it. Where TLS ends before gatewayd the scheme
// says nothing.
func sameOrigin(origin, host string) bool {
	_, rest, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(rest, host)
}

// readable says why a page may not read the answer, and what would let it.
func (x *exchange) readable(r *response, origin string) (problem, hint string) {
	problem = allowsOrigin(r, origin)
	switch {
	case problem == "":
		return "", ""
	case !r.refused:
		return problem, "API Gateway adds none to what an integration answers, whatever cors says: the function has to, or what else answers"
	case r.fixed:
		return problem, "no gateway response can add it to this answer"
	}
	return problem, fmt.Sprintf("gatewayResponses can add it: %s, or %s for the whole family", r.responseType, r.responseType.Family())
}

// allowsOrigin returns "" where the answer may be read by pages of the origin.
func allowsOrigin(r *response, origin string) string {
	const name = "Access-Control-Allow-Origin"
	values := r.values(name)
	switch {
	case len(values) == 0:
		return "the answer has no " + name
	case len(values) > 1 || strings.Contains(values[0], ","):
		return name + " has several values, " + strings.Join(values, ", ") + ", and may have one"
	case values[0] != "*" && values[0] != origin:
		return name + " is " + values[0]
	}
	return ""
}

// values are all values of a header.
func (r *response) values(name string) []string {
	var values []string
	for _, h := range r.headers {
		if len(h.Name) == len(name) && strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// preflight says why a browser will not send the request that it asks about, and what would change that.
func (x *exchange) preflight(r *response, origin, wanted string) (problem, hint string) {
	path := x.request.Resource
	if path == "" {
		path = "this path"
	}
	switch {
	case x.trace.Code == trace.RouteNotFound || x.trace.Code == trace.RouteNotFoundAuthorization:
		return fmt.Sprintf("it is the preflight of a %s, and nothing answers OPTIONS here", wanted),
			"add cors to the route file, or a route OPTIONS of this path with authorizer: NONE (rest-gateway 10.2)"
	case r.refused && x.trace.Code == trace.RouteUnknownStage:
		return fmt.Sprintf("it is the preflight of a %s, and it was refused", wanted), ""
	case r.refused:
		return fmt.Sprintf("it is the preflight of a %s, and it was refused: browsers send neither tokens nor keys with one", wanted),
			"add cors to the route file, or a route OPTIONS " + path + " with authorizer: NONE and without a key"
	case r.status < http.StatusOK || r.status >= http.StatusMultipleChoices:
		return fmt.Sprintf("it is the preflight of a %s, and its status must be 200 to 299", wanted), ""
	}
	if problem := allowsOrigin(r, origin); problem != "" {
		return problem, "cors: allowOrigins names the one that may read answers"
	}
	if simple := []string{http.MethodGet, http.MethodHead, http.MethodPost}; !slices.Contains(simple, wanted) && !r.lists("Access-Control-Allow-Methods", wanted) {
		return "Access-Control-Allow-Methods has no " + wanted, "add it to allowMethods of cors"
	}
	for name := range strings.SplitSeq(event.HeaderValue(x.http.Header, "Access-Control-Request-Headers"), ",") {
		name = strings.TrimSpace(name)
		if name == "" || r.lists("Access-Control-Allow-Headers", name) {
			continue
		}
		return "Access-Control-Allow-Headers has no " + name, "add it to allowHeaders of cors"
	}
	return "", ""
}

// lists reports whether a list of names in a header has the name, or * for all. Authorization has to be named (Fetch standard).
func (r *response) lists(header, name string) bool {
	for _, value := range r.values(header) {
		for listed := range strings.SplitSeq(value, ",") {
			listed = strings.TrimSpace(listed)
			if strings.EqualFold(listed, name) || listed == "*" && !strings.EqualFold(name, "Authorization") {
				return true
			}
		}
	}
	return false
}
