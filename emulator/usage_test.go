package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

const planned = `
api: { name: test, id: a1b2c3d4e5, stage: dev }
routes:
  GET /pets: { function: pets, authorizer: NONE, apiKeyRequired: true }
  GET /slow: { function: pets, authorizer: NONE, apiKeyRequired: true }
  GET /open: { function: pets, authorizer: NONE }
apiKeys:
  - { id: key-1, name: partner, value: hunter2-partner-secret }
  - { id: key-2, value: hunter2-second-secret, enabled: false }
  - { id: key-3, value: hunter2-third-secret }
usagePlans:
  - name: gold
    apiKeys: [key-1, key-2]
    throttle: { rateLimit: 2, burstLimit: 10 }
    quota: { limit: 100, period: MONTH }
    methods: { GET /slow: { rateLimit: 0, burstLimit: 1 } }
throttle: { rateLimit: 5, burstLimit: 50 }
`

func ExampleEmulator_Usage() {
	e, err := emulator.New(emulator.Routes(planned), emulator.Functions{"pets": emulator.Func(pets)}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "/dev/pets", http.NoBody)
	r.Header.Set("x-api-key", "hunter2-partner-secret")
	e.ServeHTTP(httptest.NewRecorder(), r)

	key := e.Usage().UsagePlans[0].APIKeys[0]
	fmt.Println(key.ID, key.Value, key.Throttle.TokensLeft, "of", key.Throttle.BurstLimit, key.Quota.Used, "of", key.Quota.Limit)
	// Output:
	// key-1 ********secret 9 of 10 1 of 100
}

func runPlanned(t *testing.T) *emulatortest.Gateway {
	t.Helper()
	return emulatortest.Run(t, emulator.Routes(planned), emulator.Functions{"pets": answer("ok")}, nil)
}

func control(t *testing.T, e *emulatortest.Gateway, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Host = "localhost:3001"
	w := httptest.NewRecorder()
	e.Control(emulator.ControlOptions{}).ServeHTTP(w, r)
	return w
}

// The control API shows what is left, and never a key. It takes nothing, and an explanation takes nothing either.
func TestUsageOnTheControlAPI(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := runPlanned(t)
		for range 3 {
			g.Get("/dev/pets", "x-api-key", "hunter2-partner-secret")
		}
		g.Get("/dev/slow", "x-api-key", "hunter2-partner-secret")
		g.Get("/dev/open")
		for range 5 {
			explained := control(t, g, http.MethodPost, "/_gatewayd/explain", `{"path":"/dev/pets","headers":{"x-api-key":["hunter2-partner-secret"]}}`)
			if text := explained.Body.String(); !strings.Contains(text, `"tokensLeft": 7`) || !strings.Contains(text, `"left": 96`) || strings.Contains(text, "hunter2") {
				t.Errorf("explained: %s", text)
			}
		}
		const bucket = `,"rateLimit":5,"burstLimit":50,"tokensLeft":`
		want := `{"time":"2000-01-01T00:00:00Z","usagePlans":[{"name":"gold","apiKeys":[` +
			`{"id":"key-1","name":"partner","value":"********secret","enabled":true,"throttle":{"rateLimit":2,"burstLimit":10,"tokensLeft":7,"secondsUntilToken":0},` +
			`"methods":[{"route":"GET /slow","rateLimit":0,"burstLimit":1,"tokensLeft":0,"secondsUntilToken":null}],` +
			`"quota":{"limit":100,"period":"MONTH","used":4,"left":96,"resets":"2000-02-01T00:00:00Z"}},` +
			`{"id":"key-2","value":"********secret","enabled":false,"throttle":{"rateLimit":2,"burstLimit":10,"tokensLeft":10,"secondsUntilToken":0},` +
			`"methods":[{"route":"GET /slow","rateLimit":0,"burstLimit":1,"tokensLeft":1,"secondsUntilToken":0}],` +
			`"quota":{"limit":100,"period":"MONTH","used":0,"left":100,"resets":"2000-02-01T00:00:00Z"}}],"source":"routes.yaml:12:5"}],` +
			`"apiKeysWithoutUsagePlan":[{"id":"key-3","value":"********secret","enabled":true}],` +
			`"methods":[{"route":"GET /pets"` + bucket + `47,"secondsUntilToken":0},{"route":"GET /slow"` + bucket + `49,"secondsUntilToken":0},` +
			`{"route":"GET /open"` + bucket + `49,"secondsUntilToken":0}],` +
			`"account":{"rateLimit":10000,"burstLimit":5000,"tokensLeft":4995,"secondsUntilToken":0}}`
		for range 2 {
			got := control(t, g, http.MethodGet, "/_gatewayd/usage", "")
			if diff := cmp.Diff(indented(t, want), got.Body.String()); diff != "" || got.Code != http.StatusOK {
				t.Fatalf("%d (-want +got):\n%s", got.Code, diff)
			}
		}
		if got := control(t, g, http.MethodDelete, "/_gatewayd/usage", ""); got.Code != http.StatusNoContent {
			t.Errorf("DELETE: %d %s", got.Code, got.Body)
		}
		if key := g.Usage().UsagePlans[0].APIKeys[0]; key.Quota.Used != 0 || key.Throttle.TokensLeft != 10 {
			t.Errorf("after a reset: %+v", key)
		}
	})
}

func indented(t *testing.T, text string) string {
	t.Helper()
	var value json.RawMessage = []byte(text)
	out, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

// An API key is a secret wherever it could be read: in a function's event, in an answer that repeats it, in the log, in metrics.
func TestAPIKeysAreMasked(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(planned), emulator.Functions{"pets": answer("you sent hunter2-partner-secret, or hunter2-unknown-secret")}, nil)
	var said strings.Builder
	for _, key := range []string{"hunter2-partner-secret", "hunter2-second-secret", "hunter2-third-secret", "hunter2-unknown-secret"} {
		for _, path := range []string{"/dev/pets", "/dev/open"} {
			got := g.Get(path, "x-api-key", key)
			if text, err := json.Marshal(got.Trace); err != nil || strings.Contains(string(text), key) {
				t.Errorf("%s with %s: %v\n%s", path, key, err, text)
			}
			fmt.Fprintln(&said, got.Trace.Line())
			if err := trace.Render(&said, got.Trace, trace.RenderOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := g.WriteMetrics(&said); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(&said, control(t, g, http.MethodGet, "/_gatewayd/usage", ""), control(t, g, http.MethodGet, "/_gatewayd/config", "").Body)
	if strings.Contains(said.String(), "hunter2") {
		t.Errorf("a key is told:\n%s", &said)
	}
}

// However many ask at once, over real connections, and however often the routes are loaded anew meanwhile: exactly the burst
// passes, nothing is counted twice and nothing is lost.
func TestThrottleUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, each, burst, limit = 200, 5, 300, 250
	routes := func(burst int) string {
		return fmt.Sprintf(`
api: { name: test, stage: dev }
routes:
  GET /throttled: { function: pets, apiKeyRequired: true }
  GET /counted: { function: pets, apiKeyRequired: true }
apiKeys: [{ id: a, value: a-0123456789abcdefghij }, { id: b, value: b-0123456789abcdefghij }]
usagePlans:
  - { name: throttled, apiKeys: [a], throttle: { rateLimit: 0, burstLimit: %d } }
  - { name: counted, apiKeys: [b], quota: { limit: %d, period: MONTH } }
`, burst, limit)
	}
	file := newFile(t, routes(burst))
	gateway := emulatortest.Run(t, emulator.RoutesFile(file.path), emulator.Functions{"pets": answer("ok")}, nil)
	base := gateway.URL()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var throttled, exceeded, passed [2]atomic.Int64 // by plan
	var group sync.WaitGroup
	for n := range clients {
		plan := n % 2
		path, key := "/dev/throttled", "a-0123456789abcdefghij"
		if plan == 1 {
			path, key = "/dev/counted", "b-0123456789abcdefghij"
		}
		group.Go(func() {
			for range each {
				switch status, body := fetch(t, client, base+path, key); {
				case status == http.StatusOK:
					passed[plan].Add(1)
				case body == `{"message":"Too Many Requests"}`:
					throttled[plan].Add(1)
				case body == `{"message":"Limit Exceeded"}`:
					exceeded[plan].Add(1)
				default:
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
	for range 10 {
		file.write(routes(burst))
		if err := gateway.Reload(); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
	client.CloseIdleConnections()
	const asked = clients / 2 * each
	want := []int64{burst, asked - burst, 0, limit, 0, asked - limit}
	got := []int64{passed[0].Load(), throttled[0].Load(), exceeded[0].Load(), passed[1].Load(), throttled[1].Load(), exceeded[1].Load()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("passed, throttled, exceeded of each plan (-want +got):\n%s", diff)
	}
	if used := gateway.Usage().UsagePlans[1].APIKeys[0].Quota.Used; used != limit {
		t.Errorf("the quota counts %d, want %d", used, limit)
	}
}

func fetch(t *testing.T, client *http.Client, url, key string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	r.Header.Set("X-Api-Key", key)
	response, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(text)
}

// The clock of the control API moves throttles and quotas.
func TestUsageFollowsTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := runPlanned(t)
		tokens := func() int { return g.Usage().UsagePlans[0].APIKeys[0].Throttle.TokensLeft }
		for range 12 {
			g.Get("/dev/pets", "x-api-key", "hunter2-partner-secret")
		}
		got := []int{tokens()}
		control(t, g, http.MethodPost, "/_gatewayd/clock", `{"advance":"2s"}`)
		got = append(got, tokens())
		control(t, g, http.MethodPost, "/_gatewayd/clock", `{"reset":true}`)
		got = append(got, tokens())
		g.FastForward(time.Hour)
		got = append(got, tokens())
		g.Reset()
		got = append(got, tokens())
		if diff := cmp.Diff([]int{0, 4, 0, 10, 10}, got); diff != "" {
			t.Errorf("tokens (-want +got):\n%s", diff)
		}
	})
}

// A request that passed its authorizer and was then refused counts as passed with the authorizer.
func TestMetricsOfRefusedKeys(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
authorizers: { guard: { function: guard } }
routes:
  GET /pets: { function: pets, authorizer: guard, apiKeyRequired: true }
apiKeys: [{ id: a, value: a-0123456789abcdefghij }]
usagePlans: [{ name: gold, apiKeys: [a], throttle: { rateLimit: 0, burstLimit: 0 } }]
`), emulator.Functions{"pets": answer("ok"), "guard": (&allow{}).handler()}, nil)
	g.Get("/dev/pets", "Authorization", "a")
	g.Get("/dev/pets", "Authorization", "a", "x-api-key", "a-0123456789abcdefghij")
	var text strings.Builder
	if err := g.WriteMetrics(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`gatewayd_requests_total{status="403",code="key.missing"} 1`,
		`gatewayd_requests_total{status="429",code="usage.throttled"} 1`,
		`gatewayd_authorizer_decisions_total{authorizer="guard",outcome="policy.allow",cache="miss"} 1`,
		`gatewayd_authorizer_decisions_total{authorizer="guard",outcome="policy.allow",cache="hit"} 1`,
	} {
		if !strings.Contains(text.String(), line+"\n") {
			t.Errorf("no line %s in\n%s", line, &text)
		}
	}
}
