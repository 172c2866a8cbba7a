package control_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

// fake is what the control API of a test tells about, and how often it was told to do something.
type fake struct {
	reloads, resets int
	broken          error // of the next reload
}

func (f *fake) options() control.Options {
	return control.Options{
		Routes: func() []control.Route {
			return []control.Route{
				{
					Method: "GET", Path: "/pets/{petId}", URL: "http://127.0.0.1:3000/dev/pets/{petId}", Function: "pets", Target: "in process", Source: "routes.yaml:9:3",
					Authorizer: &control.RouteAuthorizer{Name: "jwt", Type: "TOKEN", TTL: 300, Function: "jwt-hs256"},
				},
				{Method: "ANY", Path: "/open", URL: "http://127.0.0.1:3000/dev/open", Function: "open", Target: "http://127.0.0.1:9000/", Source: "routes.yaml:10:3"},
			}
		},
		Trace: func(id string) (trace.Trace, bool) {
			return trace.Trace{RequestID: id, Time: time.Unix(0, 0), Method: "GET", Path: "/dev/open", Status: 200, Code: trace.IntegrationOK}, id == "id-1"
		},
		Config: func() control.Config {
			c := control.Config{
				File: "routes.yaml", LoadedAt: time.Unix(0, 0).UTC(), Name: "petstore", APIID: "a1b2c3d4e5", Stage: "dev", BasePath: "/dev",
				Problems: []control.Problem{}, Findings: []control.Problem{{Source: "routes.yaml:4:5", Message: "worth a look"}},
				Audit: control.Audit{
					Routes:   []control.AuditedRoute{{Method: "ANY", Path: "/open", State: control.Open, Source: "routes.yaml:10:3"}},
					Findings: []control.AuditFinding{{Code: "open-route", Source: "routes.yaml:10:3", Message: "is open"}},
				},
			}
			if f.broken != nil {
				c.Stale, c.Problems = true, []control.Problem{{Source: "routes.yaml:3:1", Message: f.broken.Error()}}
			}
			return c
		},
		Reload: func() error { f.reloads++; return f.broken },
		Reset:  func() { f.resets++ },
	}
}

// send asks a control API for something, as a local client does unless change says otherwise.
func send(t testing.TB, options control.Options, method, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.Host = "127.0.0.1:3001"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	control.New(options).ServeHTTP(w, r)
	return w
}

func ExampleNew() {
	handler := control.New(control.Options{
		Trace: func(string) (trace.Trace, bool) { return trace.Trace{}, false },
	})
	r := httptest.NewRequest(http.MethodGet, "/_gatewayd/traces/id-1", http.NoBody)
	r.Host = "localhost:3001"
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	r.Host = "rebound.example:3001"
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// 404 {
	//   "error": "no trace of request \"id-1\"; the newest 1,000 are kept, and the id is the response's x-amzn-RequestId"
	// }
	//
	// 421
}

// The keys are a contract: the commands and users' own tools read them.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	const audit = `"audit":{"strict":false,"routes":[{"method":"ANY","path":"/open","state":"OPEN","apiKeyRequired":false,"source":"routes.yaml:10:3"}],` +
		`"findings":[{"code":"open-route","source":"routes.yaml:10:3","message":"is open"}]}`
	const config = `{"file":"routes.yaml","loadedAt":"1970-01-01T00:00:00Z","name":"petstore","apiId":"a1b2c3d4e5","stage":"dev","basePath":"/dev",` +
		`"stale":false,"problems":[],"findings":[{"source":"routes.yaml:4:5","message":"worth a look"}],` + audit + `}`
	tests := []struct {
		name, method, path string
		broken             error
		status             int
		want               string
	}{
		{name: "health", method: "GET", path: "/_gatewayd/health", status: 200, want: `{"status":"ok","routes":2,"api":"petstore","stage":"dev","loadedAt":"1970-01-01T00:00:00Z","stale":false}`},
		{name: "health of an older version", method: "GET", path: "/_gatewayd/health", broken: errors.New("boom"), status: 200, want: `{"status":"ok","routes":2,"api":"petstore","stage":"dev","loadedAt":"1970-01-01T00:00:00Z","stale":true}`},
		{
			name: "routes", method: "GET", path: "/_gatewayd/routes", status: 200,
			want: `[{"method":"GET","path":"/pets/{petId}","url":"http://127.0.0.1:3000/dev/pets/{petId}",` +
				`"authorizer":{"name":"jwt","type":"TOKEN","authorizerResultTtlInSeconds":300,"function":"jwt-hs256"},"apiKeyRequired":false,"function":"pets","target":"in process","source":"routes.yaml:9:3"},` +
				`{"method":"ANY","path":"/open","url":"http://127.0.0.1:3000/dev/open","authorizer":null,"apiKeyRequired":false,"function":"open","target":"http://127.0.0.1:9000/","source":"routes.yaml:10:3"}]`,
		},
		{name: "config", method: "GET", path: "/_gatewayd/config", status: 200, want: config},
		{name: "trace", method: "GET", path: "/_gatewayd/traces/id-1", status: 200, want: `{"requestId":"id-1","time":"1970-01-01T00:00:00Z","ms":0,"method":"GET","path":"/dev/open","status":200,"code":"integration.ok","reason":"","steps":[]}`},
		{name: "no trace", method: "GET", path: "/_gatewayd/traces/id-2", status: 404, want: `{"error":"no trace of request \"id-2\"; the newest 1,000 are kept, and the id is the response's x-amzn-RequestId"}`},
		{name: "reload", method: "POST", path: "/_gatewayd/reload", status: 200, want: config},
		{
			name: "reload of a broken file", method: "POST", path: "/_gatewayd/reload", broken: errors.New("boom"), status: 422,
			want: `{"file":"routes.yaml","loadedAt":"1970-01-01T00:00:00Z","name":"petstore","apiId":"a1b2c3d4e5","stage":"dev","basePath":"/dev",` +
				`"stale":true,"problems":[{"source":"routes.yaml:3:1","message":"boom"}],"findings":[{"source":"routes.yaml:4:5","message":"worth a look"}],` + audit + `}`,
		},
		{name: "a path that is none", method: "GET", path: "/dev/pets", status: 404, want: `{"error":"nothing is at /dev/pets; the API itself is on the other port"}`},
		{name: "a path of the API that is none", method: "GET", path: "/_gatewayd/none", status: 404, want: `{"error":"nothing is at /_gatewayd/none; the API itself is on the other port"}`},
		{name: "a slash at the end", method: "GET", path: "/_gatewayd/health/", status: 404, want: `{"error":"nothing is at /_gatewayd/health/; the API itself is on the other port"}`},
		{name: "another method", method: "GET", path: "/_gatewayd/reload", status: 405, want: `{"error":"/_gatewayd/reload does not take GET"}`},
		{name: "a write to what is read", method: "DELETE", path: "/_gatewayd/routes", status: 405, want: `{"error":"/_gatewayd/routes does not take DELETE"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := send(t, (&fake{broken: tt.broken}).options(), tt.method, tt.path, nil)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			var got, want any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.HasSuffix(w.Body.String(), "\n") {
				t.Error("the answer does not end its line")
			}
			for name, value := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
				if got := w.Header().Get(name); got != value {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}
		})
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := send(t, f.options(), http.MethodPost, "/_gatewayd/reset", nil)
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || f.resets != 1 || f.reloads != 0 {
		t.Errorf("status %d, body %q, %d resets, %d reloads", w.Code, w.Body, f.resets, f.reloads)
	}
}

// RFC 9110 15.5.6: a 405 names the methods that are taken.
func TestMethodNotAllowedNamesMethods(t *testing.T) {
	t.Parallel()
	w := send(t, (&fake{}).options(), http.MethodPut, "/_gatewayd/reload", nil)
	if got := w.Header().Values("Allow"); !cmp.Equal(got, []string{"POST"}) {
		t.Errorf("Allow is %q, want POST", got)
	}
}

// A page that points its own name at this machine must read nothing (DNS rebinding).
func TestHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, host string
		allowed    []string // nil is the default
		misdirect  bool
	}{
		{name: "address", host: "127.0.0.1"},
		{name: "address with a port", host: "127.0.0.1:3001"},
		{name: "address with another port", host: "127.0.0.1:1"},
		{name: "name", host: "localhost:3001"},
		{name: "name in capitals", host: "LocalHost"},
		{name: "name with an empty port", host: "localhost:"},
		{name: "IPv6", host: "[::1]"},
		{name: "IPv6 with a port", host: "[::1]:3001"},
		{name: "no host", host: "", misdirect: true},
		{name: "only a port", host: ":3001", misdirect: true},
		{name: "a rebound name", host: "rebound.example:3001", misdirect: true},
		{name: "a name that begins alike", host: "localhost.evil.example", misdirect: true},
		{name: "a name that ends alike", host: "evil-localhost", misdirect: true},
		{name: "an address that begins alike", host: "127.0.0.1.nip.io:3001", misdirect: true},
		{name: "another address of this machine", host: "127.0.0.2:3001", misdirect: true},
		{name: "every address", host: "0.0.0.0:3001", misdirect: true},
		{name: "a name before the address", host: "evil@127.0.0.1:3001", misdirect: true},
		{name: "a name with a dot at its end", host: "localhost.:3001", misdirect: true},
		{name: "a name that was told", host: "gatewayd:3001", allowed: []string{"gatewayd"}},
		{name: "a name that was told with a port", host: "gatewayd:9", allowed: []string{"Gatewayd:3001"}},
		{name: "an IPv6 address that was told", host: "[fd00::1]:3001", allowed: []string{"fd00::1"}},
		{name: "the default, when others were told", host: "localhost", allowed: []string{"gatewayd"}, misdirect: true},
		{name: "none at all", host: "localhost", allowed: []string{}, misdirect: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				f := &fake{}
				options := f.options()
				options.AllowedHosts = tt.allowed
				path := map[string]string{http.MethodGet: "/_gatewayd/health", http.MethodPost: "/_gatewayd/reload"}[method]
				w := send(t, options, method, path, func(r *http.Request) { r.Host = tt.host })
				if misdirected := w.Code == http.StatusMisdirectedRequest; misdirected != tt.misdirect || !misdirected && w.Code != http.StatusOK {
					t.Errorf("%s: status %d", method, w.Code)
				}
				if tt.misdirect && (f.reloads > 0 || strings.Contains(w.Body.String(), "petstore")) {
					t.Errorf("%s: %d reloads, %s", method, f.reloads, w.Body)
				}
			}
		})
	}
	// It does not help to ask for what is not there.
	if w := send(t, (&fake{}).options(), http.MethodGet, "/", func(r *http.Request) { r.Host = "rebound.example" }); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("an unknown path: status %d", w.Code)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, site, origin string
		host               string
		refused            bool
	}{
		{name: "no browser"},
		{name: "this page", site: "same-origin", origin: "http://127.0.0.1:3001"},
		{name: "the address bar", site: "none"},
		{name: "another site", site: "cross-site", origin: "https://evil.example", refused: true},
		{name: "another site without an origin", site: "cross-site", refused: true},
		{name: "another port of this site", site: "same-site", origin: "http://127.0.0.1:3000", refused: true},
		{name: "what a browser may say one day", site: "new-site", refused: true},
		{name: "an old browser on this page", origin: "http://127.0.0.1:3001"},
		{name: "an old browser, another site", origin: "https://evil.example", refused: true},
		{name: "an old browser, another port", origin: "http://127.0.0.1:3000", refused: true},
		{name: "an old browser, another name of this machine", origin: "http://localhost:3001", refused: true},
		{name: "an old browser, no origin to tell", origin: "null", refused: true},
		{name: "what is no origin", origin: "://", refused: true},
		{name: "an IPv6 page", origin: "http://[::1]:3001", host: "[::1]:3001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			change := func(r *http.Request) {
				if tt.host != "" {
					r.Host = tt.host
				}
				if tt.site != "" {
					r.Header.Set("Sec-Fetch-Site", tt.site)
				}
				if tt.origin != "" {
					r.Header.Set("Origin", tt.origin)
				}
			}
			for _, path := range []string{"/_gatewayd/reload", "/_gatewayd/reset"} {
				f := &fake{}
				w := send(t, f.options(), http.MethodPost, path, change)
				if refused := w.Code == http.StatusForbidden; refused != tt.refused || refused == (f.reloads+f.resets > 0) {
					t.Errorf("POST %s: status %d, done %d times", path, w.Code, f.reloads+f.resets)
				}
			}
			for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
				w := send(t, (&fake{}).options(), method, "/_gatewayd/reload", change)
				if refused := w.Code == http.StatusForbidden; refused != tt.refused {
					t.Errorf("%s: status %d", method, w.Code)
				}
			}
			// Reading changes nothing, and without a CORS header the page of another origin does not see the answer.
			w := send(t, (&fake{}).options(), http.MethodGet, "/_gatewayd/health", change)
			if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("GET: status %d, headers %v", w.Code, w.Header())
			}
		})
	}
}
