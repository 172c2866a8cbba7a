package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// browserTests is the variable that asks for tests that need a browser; CI sets it.
const browserTests = "BROWSER_TESTS"

// fetch is what a page asks for.
type fetch struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
}

// asks is a page that fetches one thing after the other, and then shows what it got.
const asks = `<!doctype html><meta charset="utf-8"><pre id="got"></pre><script>
(async () => {
  const got = [];
  for (const f of %s) {
    try {
      const r = await fetch(f.url, {method: f.method, headers: f.headers});
      got.push(r.status + " " + await r.text());
    } catch (e) {
      got.push(e.name);
    }
  }
  document.getElementById("got").textContent = JSON.stringify(got);
})();
</script>`

// browse has a headless Chromium open a page and returns what the page shows in the end.
func browse(t *testing.T, url string) []string {
	t.Helper()
	if os.Getenv(browserTests) == "" {
		t.Skip("no browser is asked about CORS: .ci/run browser does that")
	}
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Fatal("there is no Chromium")
	}
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", url)
	dom, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	_, shown, _ := strings.Cut(string(dom), `<pre id="got">`)
	shown, _, _ = strings.Cut(shown, "</pre>")
	var got []string
	if err := json.Unmarshal([]byte(html.UnescapeString(shown)), &got); err != nil {
		t.Fatalf("the page shows %q: %v", shown, err)
	}
	return got
}

// recorded collects the log's lines.
type recorded struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorded) record(tr trace.Trace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, tr.Line())
}

// find returns the first line that begins so.
func (r *recorded) find(prefix string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

// TestBrowser has a page of another origin call the API with a token: allowed, refused, and where CORS keeps it from calling or from
// reading the answer, of which the log tells (rest-gateway 10).
func TestBrowser(t *testing.T) {
	t.Parallel()
	var page atomic.Value // it names the gateways, which name its origin
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page.Load())
	}))
	t.Cleanup(pages.Close)
	const routes = `
api: { stage: dev }
authorizers: { a: { function: authorizer, authorizerResultTtlInSeconds: 0 } }
defaultAuthorizer: a
routes: { GET /pets: backend, DELETE /pets: backend }
`
	backend := answering(`{"body":"a pet","headers":{"Access-Control-Allow-Origin":"` + pages.URL + `"}}`)
	authorize := emulator.Func(func(_ context.Context, e struct{ AuthorizationToken, MethodArn string }) (json.RawMessage, error) {
		effect := "Deny"
		if e.AuthorizationToken == "good" {
			effect = "Allow"
		}
		return json.RawMessage(`{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"` +
			effect + `","Resource":"` + e.MethodArn + `"}]}}`), nil
	})
	start := func(more string) (url string, log *recorded) {
		log = &recorded{}
		e, err := emulator.New(emulator.Routes(routes+more), emulator.Functions{"backend": backend, "authorizer": authorize}, &emulator.Options{OnTrace: log.record})
		if err != nil {
			t.Fatal(err)
		}
		return "http://" + serve(t, e) + "/dev/pets", log
	}
	with, withLog := start(`
cors: { allowOrigins: ["` + pages.URL + `"], allowHeaders: [authorization] }
gatewayResponses: { DEFAULT_4XX: { headers: { Access-Control-Allow-Origin: "'` + pages.URL + `'" } } }
`)
	silent, silentLog := start(`cors: { allowOrigins: ["` + pages.URL + `"], allowHeaders: [authorization] }`)
	without, withoutLog := start("")
	token := func(text string) map[string]string { return map[string]string{"Authorization": text} }
	asked, err := json.Marshal([]fetch{
		{with, "GET", token("good")},
		{with, "DELETE", token("good")},
		{with, "GET", token("bad")},
		{with, "GET", map[string]string{"Authorization": "good", "X-Other": "1"}},
		{silent, "GET", token("bad")},
		{without, "GET", token("good")},
	})
	if err != nil {
		t.Fatal(err)
	}
	page.Store(fmt.Sprintf(asks, asked))
	want := []string{
		"200 a pet",
		"200 a pet",
		`403 {"message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`,
		"TypeError", // the preflight does not allow the header
		"TypeError", // the 403 is there, and the page must not see it
		"TypeError", // nothing answers the preflight
	}
	if diff := cmp.Diff(want, browse(t, pages.URL)); diff != "" {
		t.Errorf("what the page got (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		log          *recorded
		prefix, says string
	}{
		{withLog, "OPTIONS /dev/pets 200 (for a page", "Access-Control-Allow-Headers has no x-other"},
		{silentLog, "GET /dev/pets 403", "gatewayResponses can add it: ACCESS_DENIED"},
		{withoutLog, "OPTIONS /dev/pets 403", "nothing answers OPTIONS here"},
	} {
		if line := test.log.find(test.prefix); !strings.Contains(line, test.says) {
			t.Errorf("the log has %q for %s, want %q", line, test.prefix, test.says)
		}
	}
}
