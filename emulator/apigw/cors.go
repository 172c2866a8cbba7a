package apigw

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// CORS makes the OPTIONS methods that answer browsers' preflights, as SAM's Cors property does (rest-gateway 10.3). It adds no
// header to any other answer: that is for the functions and the gateway responses to do.
type CORS struct {
	AllowOrigin      string   // one origin, or *, which is the default
	AllowHeaders     []string // none: the header is not sent
	AllowMethods     []string // none: those of each path, and OPTIONS
	MaxAge           int      // seconds, sent if HasMaxAge
	HasMaxAge        bool
	AllowCredentials bool

	Position            Position
	OriginPosition      Position
	HeadersPosition     Position
	MethodsPosition     Position
	CredentialsPosition Position
}

// AnyOrigin is what lets a page of every origin read an answer.
const AnyOrigin = "*"

// addPreflights gives every path without an OPTIONS method of its own one that answers preflights. It does so once.
func (a *API) addPreflights() {
	if a.CORS == nil {
		return
	}
	setDefault(&a.CORS.AllowOrigin, AnyOrigin)
	var paths []string
	methods := map[string][]string{}
	for i := range a.Routes {
		r := &a.Routes[i]
		if methods[r.Path] == nil {
			paths = append(paths, r.Path)
		}
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	for _, path := range paths {
		if slices.Contains(methods[path], http.MethodOptions) {
			continue
		}
		a.Routes = append(a.Routes, Route{
			Method: http.MethodOptions, Path: path, Authorizer: None, Position: a.CORS.Position, Preflight: true,
			Mock: &Mock{Status: http.StatusOK, Headers: a.CORS.headers(methods[path]), Body: "{}\n", Position: a.CORS.Position},
		})
	}
}

// headers are those of a preflight's answer.
func (c *CORS) headers(methods []string) []MockHeader {
	headers := []MockHeader{{"Access-Control-Allow-Origin", c.AllowOrigin}}
	if len(c.AllowHeaders) > 0 {
		headers = append(headers, MockHeader{"Access-Control-Allow-Headers", strings.Join(c.AllowHeaders, ",")})
	}
	allowed := c.AllowMethods
	if len(allowed) == 0 {
		allowed = append(slices.Clone(methods), http.MethodOptions)
		if slices.Contains(methods, AnyMethod) {
			allowed = Methods()
		}
		slices.Sort(allowed)
		allowed = slices.Compact(allowed)
	}
	headers = append(headers, MockHeader{"Access-Control-Allow-Methods", strings.Join(allowed, ",")})
	if c.HasMaxAge {
		headers = append(headers, MockHeader{"Access-Control-Max-Age", strconv.Itoa(c.MaxAge)})
	}
	if c.AllowCredentials {
		headers = append(headers, MockHeader{"Access-Control-Allow-Credentials", "true"})
	}
	return headers
}

func (v *validator) checkCORS() {
	c := v.api.CORS
	if c == nil {
		return
	}
	if problem := checkOrigin(c.AllowOrigin); problem != "" {
		v.report(c.OriginPosition, "cors: origin %q %s", c.AllowOrigin, problem)
	}
	for _, name := range c.AllowHeaders {
		if !headerToken(name) {
			v.report(c.HeadersPosition, "cors: %q is no name of a header, nor *", name)
		}
	}
	for _, method := range c.AllowMethods {
		if method != "*" && !slices.Contains(Methods(), method) {
			v.report(c.MethodsPosition, "cors: method %q must be one of %s%s", method, strings.Join(Methods(), ", "), Suggest(method, Methods()))
		}
	}
	if c.AllowCredentials && c.AllowOrigin == AnyOrigin {
		// SAM refuses it, and browsers do (rest-gateway 10.3).
		v.report(c.CredentialsPosition, "cors: allowCredentials needs an origin by name; browsers refuse it with *")
	}
}

// checkOrigin returns what is wrong with an origin, or "". A browser compares the whole text.
func checkOrigin(text string) string {
	if text == AnyOrigin || text == "null" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case strings.HasPrefix(text, "'"):
		return "is written without the single quotes that SAM needs"
	case strings.Contains(text, ","):
		return "is more than one; a preflight is answered with one static value"
	case err != nil || u.Scheme == "" || u.Host == "":
		return "must be SCHEME://HOST or SCHEME://HOST:PORT, as browsers send it, or *"
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "must end after its host and port: " + u.Scheme + "://" + u.Host
	case strings.Contains(u.Host, "*"):
		return "cannot have a wildcard: browsers know * alone"
	case text != strings.ToLower(text):
		return "must be in lower case, as browsers send it"
	}
	return ""
}
