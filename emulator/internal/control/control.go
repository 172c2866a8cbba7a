// Package control is the control API: what gatewayd tells about itself, on a listener of its own.
//
// It answers only by names that it was told, and refuses writes from pages of other origins: a browser that visits another
// site must not be able to read or change anything here.
package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"gatewayd/emulator/internal/issuer"
	"gatewayd/emulator/internal/usage"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// Options are what the control API tells about, and does.
type Options struct {
	AllowedHosts []string // nil is DefaultHosts
	Routes       func() []Route
	Config       func() Config
	Reload       func() error
	Reset        func()
	Clock        Clock

	Trace        func(requestID string) (trace.Trace, bool)
	Traces       func(TraceFilter) []trace.Trace
	FollowTraces func(context.Context) iter.Seq2[trace.Trace, int]
	Explain      func(*http.Request) trace.Trace
	Replay       func(ctx context.Context, requestID string, changes Replay) (trace.Trace, error)
	Metrics      func(io.Writer) error
	Stopped      <-chan struct{} // closed when streams are to end; nil for never

	Authorizers    func() []Authorizer
	TestAuthorizer func(ctx context.Context, name string, test AuthorizerTest) (AuthorizerTestResult, error)
	CachedResults  func(authorizer string) ([]CachedResult, error)
	FlushCache     func(authorizer string) error
	VerifiedCache  func() CacheVerification
	Usage          func() usage.Report
	ResetUsage     func()
	PolicyMatrix   func(*policy.Policy, policy.Context) []RouteDecision
	Issuer         *issuer.Issuer // of tokens, nil for none
	Console        http.Handler   // a page for a browser, nil for none

	HasFunction func(name string) bool
	FunctionARN func(name string) string // whether there is one or not
	Invoke      func(ctx context.Context, name string, in Invocation) (InvocationAnswer, error)
	InvokeLater func(ctx context.Context, name string, in Invocation) // returns at once
}

// DefaultHosts are this machine's own names.
func DefaultHosts() []string { return []string{"localhost", "127.0.0.1", "[::1]"} }

// Route is a line of the route table.
type Route struct {
	API         string           `json:"api,omitempty"` // its id, where several APIs are served
	Method      string           `json:"method"`
	Path        string           `json:"path"`
	URL         string           `json:"url"`
	Authorizer  *RouteAuthorizer `json:"authorizer"` // null: the route is open, or has a key only
	APIKey      bool             `json:"apiKeyRequired"`
	Integration string           `json:"integration,omitempty"` // HTTP_PROXY or MOCK; "" is AWS_PROXY
	Function    string           `json:"function"`              // "" for an integration that has none
	Target      string           `json:"target"`
	Source      string           `json:"source"` // FILE:LINE:COLUMN
}

// RouteAuthorizer is the authorizer of a route.
type RouteAuthorizer struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	TTL      int    `json:"authorizerResultTtlInSeconds"`
	Function string `json:"function"`
	Disabled bool   `json:"disabled,omitempty"` // it is not asked: the route is open
}

// Config is the route file as it was loaded.
type Config struct {
	APIs     []Config  `json:"apis,omitempty"` // all of them, where several are served; the rest is the first one's
	File     string    `json:"file"`
	LoadedAt time.Time `json:"loadedAt"`
	Name     string    `json:"name"`
	APIID    string    `json:"apiId"`
	Stage    string    `json:"stage"`
	BasePath string    `json:"basePath"`
	Stale    bool      `json:"stale"` // a newer version of the file has problems, so an older one is served
	Problems []Problem `json:"problems"`
	Findings []Problem `json:"findings"`
	Audit    Audit     `json:"audit"`
}

// Audit is what guards each route, and what of the route file is likely to let somebody in who was not meant to come in.
type Audit struct {
	Strict   bool           `json:"strict"`                        // a file with findings is not served
	Disabled bool           `json:"authorizersDisabled,omitempty"` // every route is open, whatever authorizer it names
	Routes   []AuditedRoute `json:"routes"`                        // in the order of the file
	Findings []AuditFinding `json:"findings"`
}

// AuditedRoute is a route with what guards it.
type AuditedRoute struct {
	Method     string     `json:"method"`
	Path       string     `json:"path"`
	State      RouteState `json:"state"`
	Authorizer string     `json:"authorizer,omitempty"`
	APIKey     bool       `json:"apiKeyRequired"`
	Source     string     `json:"source"` // FILE:LINE:COLUMN
}

// RouteState is what it takes to reach a route.
type RouteState string

// Protected asks an authorizer, KeyOnly asks for an API key, which says who asks and authorizes nobody, Open asks for nothing.
const (
	Protected RouteState = "PROTECTED"
	KeyOnly   RouteState = "KEY ONLY"
	Open      RouteState = "OPEN"
)

// AuditFinding is something that a strict gatewayd does not serve.
type AuditFinding struct {
	Code    string `json:"code"`
	Source  string `json:"source"` // FILE:LINE:COLUMN
	Message string `json:"message"`
}

// Problem is something wrong with the route file, or worth a look.
type Problem struct {
	Source  string `json:"source"` // FILE:LINE:COLUMN
	Message string `json:"message"`
}

// consolePath is where the files of the console are, but for its page.
const consolePath = "/console/"

type api struct{ Options }

// New returns the control API.
func New(options Options) http.Handler {
	if options.AllowedHosts == nil {
		options.AllowedHosts = DefaultHosts()
	}
	a := &api{options}
	r := chi.NewRouter()
	r.Use(a.checkHost, checkOrigin)
	r.Route("/_gatewayd", func(r chi.Router) {
		r.Get("/health", a.health)
		r.Get("/routes", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.Routes()) })
		r.Get("/config", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.Config()) })
		r.Get("/traces", a.traces)
		r.Get("/traces/stream", a.streamTraces)
		r.Get("/traces/{requestId}", a.trace)
		r.Post("/traces/{requestId}/replay", a.replay)
		r.Post("/reload", a.reload)
		r.Post("/reset", func(w http.ResponseWriter, _ *http.Request) {
			a.Reset()
			w.WriteHeader(http.StatusNoContent)
		})
		r.Get("/authorizers", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.Authorizers()) })
		r.Post("/authorizers/{name}/test", a.testAuthorizer)
		r.Get("/authorizers/{name}/cache", a.cachedResults)
		r.Delete("/authorizers/{name}/cache", a.flushCache)
		r.Get("/verify-cache", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.VerifiedCache()) })
		r.Get("/usage", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.Usage()) })
		r.Delete("/usage", func(w http.ResponseWriter, _ *http.Request) {
			a.ResetUsage()
			w.WriteHeader(http.StatusNoContent)
		})
		r.Post("/explain", a.explain)
		r.Get("/metrics", a.metrics)
		r.Get("/clock", a.readClock)
		r.Post("/clock", a.setClock)
		r.Post("/policy/eval", a.evaluatePolicy)
		r.Post("/policy/matrix", a.policyMatrix)
		r.Post("/tokens/inspect", a.inspectToken)
		if a.Issuer != nil {
			r.Post("/tokens", a.mintToken)
		}
	})
	if a.Issuer != nil {
		r.Mount("/issuer", a.Issuer.Handler())
	}
	if a.Console != nil {
		for _, pattern := range []string{"/", consolePath + "*"} {
			r.Method(http.MethodGet, pattern, a.Console)
			r.Method(http.MethodHead, pattern, a.Console)
		}
	}
	r.Post("/2015-03-31/functions/{name}/invocations", a.invoke)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, fmt.Sprintf("nothing is at %s; the API itself is on the other port", r.URL.Path))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, request *http.Request) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			if r.Match(chi.NewRouteContext(), method, request.URL.Path) {
				w.Header().Add("Allow", method)
			}
		}
		fail(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s does not take %s", request.URL.Path, request.Method))
	})
	return r
}

// parameter is a part of the path, decoded: chi takes it from the raw path where a client encoded more than it had to.
func parameter(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if decoded, err := url.PathUnescape(value); err == nil && r.URL.RawPath != "" {
		return decoded
	}
	return value
}

// checkHost refuses a name that the listener was not told, against DNS rebinding.
func (a *api) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostname(r.Host)
		if !slices.ContainsFunc(a.AllowedHosts, func(allowed string) bool { return strings.EqualFold(hostname(allowed), host) }) {
			fail(w, http.StatusMisdirectedRequest, fmt.Sprintf("host %q is not one of %s; add it with --control-allowed-hosts", host, strings.Join(a.AllowedHosts, ", ")))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostname leaves out the port and the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// checkOrigin refuses writes that a page of another origin asks a browser for.
func checkOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && foreign(r) {
			fail(w, http.StatusForbidden, "a page of another origin may not change anything here")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign reports whether a browser says that another origin's page made the request. Other clients say nothing.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

func (a *api) health(w http.ResponseWriter, _ *http.Request) {
	c := a.Config()
	reply(w, http.StatusOK, map[string]any{
		"status": "ok", "routes": len(a.Routes()), "api": c.Name, "stage": c.Stage, "loadedAt": c.LoadedAt, "stale": c.Stale,
	})
}

func (a *api) metrics(w http.ResponseWriter, _ *http.Request) {
	header(w, "text/plain; version=0.0.4; charset=utf-8")
	// The client may be gone; there is nobody else to tell.
	_ = a.Metrics(w)
}

func (a *api) reload(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusOK
	if err := a.Reload(); err != nil {
		status = http.StatusUnprocessableEntity
	}
	reply(w, status, a.Config())
}

func fail(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"error": message})
}

func reply(w http.ResponseWriter, status int, value any) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error": "the answer cannot be written as JSON"}`)
	}
	header(w, "application/json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(append(text, '\n'))
}

// header says what the answer is, and that it is of now only.
func header(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}
