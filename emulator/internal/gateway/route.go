package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// rawPath is the path as the client sent it: still encoded, without query and fragment.
func rawPath(r *http.Request) string {
	path := r.RequestURI
	if path == "" { // a request that was made in process, not read from a connection
		return r.URL.EscapedPath()
	}
	if !strings.HasPrefix(path, "/") { // an absolute form: http://host/path
		if _, rest, ok := strings.Cut(path, "://"); ok {
			if slash := strings.IndexAny(rest, "/?#"); slash >= 0 {
				path = rest[slash:]
			} else {
				path = "/"
			}
		}
	}
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	return path
}

// requestTarget is path and query as the client sent them.
func requestTarget(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	if query := rawQuery(r); query != "" {
		return rawPath(r) + "?" + query
	}
	return rawPath(r)
}

// rawQuery is the query as the client sent it.
func rawQuery(r *http.Request) string {
	if r.RequestURI == "" {
		return r.URL.RawQuery
	}
	uri, _, _ := strings.Cut(r.RequestURI, "#")
	_, query, _ := strings.Cut(uri, "?")
	return query
}

// Path is the path of a request, as the client sent it but for the slashes that it begins with, of which one is left. It is what
// base paths are compared with (rest-gateway 1.3).
func Path(r *http.Request) string { return oneSlash(rawPath(r)) }

// HasBasePath reports whether a path is one of an API's with this base path.
func HasBasePath(path, base string) bool {
	rest, ok := strings.CutPrefix(path, base)
	return ok && (rest == "" || rest[0] == '/')
}

// RefuseUnknown answers a request that belongs to none of several APIs, 403 Forbidden (rest-gateway 1.7).
func (g *Gateway) RefuseUnknown(w http.ResponseWriter, r *http.Request, reason, hint string) {
	x := g.begin(w, r)
	refusal := &apigw.Error{Type: apigw.NoStage, Code: trace.RouteUnknownStage, Reason: reason, Hint: hint}
	x.step(trace.Step{Name: "route", Code: refusal.Code, Confidence: trace.Recorded})
	x.end(x.refuse(refusal))
	x.drain()
	x.release()
}

// stage finds the stage and returns the path behind it. Slashes before the stage are collapsed, those after it count
// (rest-gateway 1.3, 1.5).
func (x *exchange) stage() (resourcePath string, refusal *apigw.Error) {
	d := x.deployment
	full := oneSlash(x.trace.Path)
	if !HasBasePath(full, d.api.BasePath) {
		return "", x.unknownStage(full)
	}
	resourcePath = oneSlash(full[len(d.api.BasePath):])
	r := x.request
	r.Stage = &d.stage
	r.ContextPath = full
	r.Path = resourcePath
	if d.api.CustomDomain() {
		r.Path = full // rest-authorizer 3.6
	}
	return resourcePath, nil
}

// oneSlash is a path with exactly one slash at its beginning.
func oneSlash(path string) string {
	trimmed := strings.TrimLeft(path, "/")
	if len(trimmed)+1 == len(path) {
		return path
	}
	return "/" + trimmed
}

// route finds the method that answers, and completes the request with what follows from it.
func (x *exchange) route(resourcePath string) (*route, *apigw.Error) {
	d, r := x.deployment, x.request
	r.Headers, r.Sent = event.Headers(x.http, x.names, r.SourceIP, r.TraceID), x.http.Header
	r.Query = event.ParseQuery(rawQuery(x.http))
	x.sentAPIKey()
	// The method ARN has the path as it was sent: not decoded, its slashes kept (rest-authorizer 4).
	r.MethodARN = d.arn + "/" + r.Method + resourcePath
	x.trace.MethodARN = r.MethodARN

	detail := &x.account.route
	*detail = trace.RouteDetail{Routes: d.tree, Method: r.Method, Path: resourcePath}
	found, ok := d.tree.Match(r.Method, resourcePath)
	if !ok {
		err := x.noRoute(detail)
		x.step(trace.Step{Name: "route", Code: err.Code, Detail: detail, Confidence: trace.Recorded})
		return nil, err
	}
	chosen := &d.routes[found.Index]
	r.Resource, r.ResourceID = chosen.resource, chosen.resourceID
	r.PathParameters = slices.Grow(r.PathParameters, len(found.Params))
	for _, p := range found.Params {
		r.PathParameters = append(r.PathParameters, event.Pair(p))
	}
	x.trace.Route = chosen.key
	x.step(trace.Step{Name: "route", Detail: detail, Source: chosen.source})
	return chosen, nil
}

// unknownStage is the answer to a URL outside the API: 403 Forbidden (rest-gateway 1.7).
func (x *exchange) unknownStage(full string) *apigw.Error {
	base := x.deployment.api.BasePath
	err := &apigw.Error{
		Type: apigw.NoStage, Code: trace.RouteUnknownStage,
		Reason: fmt.Sprintf("no stage answers %s: the API's URLs start with %s", full, base),
		Hint:   fmt.Sprintf("try %s%s", base, full),
	}
	x.step(trace.Step{
		Name: "route", Code: err.Code, Source: x.deployment.api.Position.String(), Confidence: trace.Recorded,
	})
	return err
}

// noRoute is the answer to a method and path that no route has: never 404 or 405, but a complaint about the
// Authorization header, or about the lack of one (rest-gateway 1.7).
func (x *exchange) noRoute(detail *trace.RouteDetail) *apigw.Error {
	err := &apigw.Error{
		Type: apigw.MissingAuthenticationToken, Code: trace.RouteNotFound,
		Reason: fmt.Sprintf("no route answers %s %s; AWS says so with \"Missing Authentication Token\"", detail.Method, detail.Path),
		Hint:   nearest(detail),
	}
	header, sent := x.request.Header("Authorization")
	if !sent || header == "" || strings.HasPrefix(header, "AWS4-HMAC-SHA256 ") {
		return err
	}
	err.Type, err.ErrorType, err.Code = apigw.Default4XX, apigw.IncompleteSignature, trace.RouteNotFoundAuthorization
	err.Message = signatureComplaint(x.http, header)
	err.Reason = fmt.Sprintf("no route answers %s %s; AWS then reads the Authorization header as a signature and complains about that",
		detail.Method, detail.Path)
	return err
}

// nearest names the route that came closest.
func nearest(detail *trace.RouteDetail) string {
	candidates := detail.Routes.Candidates(detail.Method, detail.Path)
	if len(candidates) == 0 {
		return "add the route to the route file"
	}
	return fmt.Sprintf("check the method and the path; nearest is %s: %s", candidates[0].Route, candidates[0].Reason)
}

// signatureComplaint is what API Gateway says about an Authorization header that is no SigV4 signature.
func signatureComplaint(r *http.Request, header string) string {
	if !strings.Contains(header, "=") {
		sum := sha256.Sum256([]byte(header))
		return fmt.Sprintf("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '%s'.",
			base64.StdEncoding.EncodeToString(sum[:]))
	}
	var b strings.Builder
	for _, parameter := range []string{"Credential", "Signature", "SignedHeaders"} {
		if !strings.Contains(header, parameter+"=") {
			fmt.Fprintf(&b, "Authorization header requires '%s' parameter. ", parameter)
		}
	}
	if event.HeaderValue(r.Header, "X-Amz-Date") == "" && event.HeaderValue(r.Header, "Date") == "" {
		b.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	return b.String() + "Authorization=" + header
}
