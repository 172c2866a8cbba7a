package emulator_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
)

// exposed reads Prometheus's text format (version 0.0.4) as strictly as it is written: samples by series. Every family is
// announced before its samples, and no series occurs twice.
func exposed(t *testing.T, text string) map[string]float64 {
	t.Helper()
	series := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+)$`)
	kinds, samples := map[string]string{}, map[string]float64{}
	family := ""
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		if help, ok := strings.CutPrefix(line, "# HELP "); ok {
			family, _, _ = strings.Cut(help, " ")
			continue
		}
		if kind, ok := strings.CutPrefix(line, "# TYPE "+family+" "); ok && kinds[family] == "" {
			kinds[family] = kind
			continue
		}
		match := series.FindStringSubmatch(line)
		if match == nil || !ended {
			t.Fatalf("no sample: %q", line)
		}
		name := match[1]
		if kinds[family] == "histogram" {
			name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		}
		value, err := strconv.ParseFloat(match[2], 64)
		key := strings.TrimSuffix(line, " "+match[2])
		if _, again := samples[key]; err != nil || name != family || kinds[family] == "" || again {
			t.Fatalf("%q in the family %s (%s), %v", line, family, kinds[family], err)
		}
		samples[key] = value
	}
	return samples
}

func metricsOf(t *testing.T, g *emulatortest.Gateway) map[string]float64 {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_gatewayd/metrics", http.NoBody)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	g.Control(emulator.ControlOptions{}).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("status %d, Content-Type %q", w.Code, got)
	}
	return exposed(t, w.Body.String())
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	c := newCounted(t)
	c.Get("/dev/open")
	c.Get("/dev/none", "X-Label", "\"}\n")
	c.Get("/dev/pets")
	for range 3 {
		c.Get("/dev/pets", "Authorization", "good")
	}
	c.Get("/dev/cats", "Authorization", "good")
	c.Get("/dev/off", "Authorization", "good")
	c.Get("/dev/pets", "Authorization", "bad")
	c.FastForward(90 * time.Second)
	got := metricsOf(t, c.Gateway)
	want := map[string]float64{
		`gatewayd_requests_total{status="200",code="integration.ok"}`:                                              5,
		`gatewayd_requests_total{status="401",code="identity.missing"}`:                                            1,
		`gatewayd_requests_total{status="403",code="policy.explicit_deny"}`:                                        1,
		`gatewayd_requests_total{status="403",code="route.not_found"}`:                                             1,
		`gatewayd_requests_total{status="500",code="authorizer.output_invalid"}`:                                   1,
		`gatewayd_authorizer_decisions_total{authorizer="off",outcome="policy.allow",cache="off"}`:                 1,
		`gatewayd_authorizer_decisions_total{authorizer="token",outcome="authorizer.output_invalid",cache="miss"}`: 1,
		`gatewayd_authorizer_decisions_total{authorizer="token",outcome="identity.missing",cache=""}`:              1,
		`gatewayd_authorizer_decisions_total{authorizer="token",outcome="policy.allow",cache="hit"}`:               2,
		`gatewayd_authorizer_decisions_total{authorizer="token",outcome="policy.allow",cache="miss"}`:              1,
		`gatewayd_authorizer_decisions_total{authorizer="token",outcome="policy.explicit_deny",cache="hit"}`:       1,
		`gatewayd_function_invocations_total{function="auth",authorizer="off",failed="false"}`:                     1,
		`gatewayd_function_invocations_total{function="auth",authorizer="token",failed="false"}`:                   2,
		`gatewayd_function_invocations_total{function="one",authorizer="",failed="false"}`:                         5,
		`gatewayd_cached_results{authorizer="off"}`:                                                                0,
		`gatewayd_cached_results{authorizer="token"}`:                                                              1,
		`gatewayd_clock_offset_seconds`:                                                                            90,
		`gatewayd_request_duration_seconds_count`:                                                                  9,
		`gatewayd_request_duration_seconds_bucket{le="+Inf"}`:                                                      9,
		`gatewayd_function_duration_seconds_count{function="auth"}`:                                                3,
		`gatewayd_function_duration_seconds_bucket{function="auth",le="+Inf"}`:                                     3,
		`gatewayd_function_duration_seconds_count{function="one"}`:                                                 5,
		`gatewayd_function_duration_seconds_bucket{function="one",le="+Inf"}`:                                      5,
	}
	timing := regexp.MustCompile(`_sum|_bucket\{.*le="[0-9]`)
	counts := maps.Clone(got)
	maps.DeleteFunc(counts, func(series string, _ float64) bool { return timing.MatchString(series) })
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	checkBuckets(t, got, "gatewayd_request_duration_seconds_bucket{", 9)
	checkBuckets(t, got, `gatewayd_function_duration_seconds_bucket{function="one",`, 5)
	for _, name := range []string{"gatewayd_request_duration_seconds_sum", `gatewayd_function_duration_seconds_sum{function="one"}`} {
		if sum := got[name]; sum <= 0 || sum > 60 {
			t.Errorf("%s is %v s", name, sum)
		}
	}
	c.Reset()
	if got := metricsOf(t, c.Gateway); got["gatewayd_request_duration_seconds_count"] != 0 || got["gatewayd_clock_offset_seconds"] != 0 {
		t.Errorf("after a reset: %v", got)
	}
}

// checkBuckets holds that a bucket has what those below it have, and the last one all.
func checkBuckets(t *testing.T, samples map[string]float64, prefix string, total float64) {
	t.Helper()
	le := regexp.MustCompile(`le="([^"]+)"`)
	bounds := map[float64]float64{}
	for series, count := range samples {
		if strings.HasPrefix(series, prefix) {
			bound, err := strconv.ParseFloat(le.FindStringSubmatch(series)[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			bounds[bound] = count
		}
	}
	before := 0.0
	for _, bound := range slices.Sorted(maps.Keys(bounds)) {
		if bounds[bound] < before {
			t.Errorf("%s le=%v has %v, less than the one before", prefix, bound, bounds[bound])
		}
		before = bounds[bound]
	}
	if len(bounds) < 2 || before != total {
		t.Errorf("%s has %d buckets, the last with %v of %v", prefix, len(bounds), before, total)
	}
}

// Names of the route file are anything.
func TestMetricsEscapeLabels(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(`
authorizers: { 'a"b\c': { function: auth } }
routes: { GET /pets: { function: auth, authorizer: 'a"b\c' } }
`), emulator.Functions{"auth": answer("")}, nil)
	g.Get("/local/pets", "Authorization", "x")
	if got := metricsOf(t, g)[`gatewayd_function_invocations_total{function="auth",authorizer="a\"b\\c",failed="false"}`]; got != 1 {
		t.Errorf("got %v", metricsOf(t, g))
	}
}
