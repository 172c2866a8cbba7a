package emulator

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatewayd/emulator/trace"
)

// WriteMetrics writes what requests came to since the emulator began, or was reset, in Prometheus's text format. The names
// begin with gatewayd_; labels are names of the route file, codes of traces, and statuses, never what a client sent.
func (e *Emulator) WriteMetrics(w io.Writer) error {
	var x exposition
	e.metrics.write(&x)
	now, kept := e.clock.Now(), []string{}
	for _, a := range e.Loaded().API.Authorizers {
		results, _ := e.gateway.Kept(a.Name, now)
		kept = append(kept, sample("gatewayd_cached_results", strconv.Itoa(len(results)), "authorizer", a.Name))
	}
	x.family("gatewayd_cached_results", "gauge", "Authorizer results that a request could hit now.", kept)
	if e.options.VerifyCache {
		const name = "gatewayd_verified_cache_hits_total"
		x.family(name, "counter", "Cache hits, by whether the authorizer says the same now; those skipped were too many at a time.", e.verified.samples(name))
	}
	running := map[string]int{}
	for _, f := range e.tracker.Running() {
		running[f.Name]++
	}
	var invocations []string
	for _, name := range slices.Sorted(maps.Keys(running)) {
		invocations = append(invocations, sample("gatewayd_functions_running", strconv.Itoa(running[name]), "function", name))
	}
	x.family("gatewayd_functions_running", "gauge", "Invocations that run now, those that nobody waits for any more included.", invocations)
	x.family("gatewayd_clock_offset_seconds", "gauge", "How far the clock is ahead of the real time.",
		[]string{sample("gatewayd_clock_offset_seconds", seconds(e.clock.Offset()))})
	_, err := io.WriteString(w, x.String())
	return err
}

// metrics count what requests came to, from their traces.
type metrics struct {
	mu          sync.Mutex
	requests    map[requestLabels]int
	decisions   map[decisionLabels]int
	invocations map[invocationLabels]int
	latency     histogram
	functions   map[string]*histogram // by name
}

type requestLabels struct {
	status int
	code   trace.Code
}

// decisionLabels say what came of an authorizer. The outcome is the code that decided, policy.allow for a request that passed.
type decisionLabels struct {
	authorizer string
	outcome    trace.Code
	cache      trace.CacheState // "" when nobody looked
}

// invocationLabels say how a function was called: by an authorizer, or with "" by a route.
type invocationLabels struct {
	function, authorizer string
	failed               bool
}

// count adds a request.
func (m *metrics) count(t *trace.Trace) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == nil {
		m.requests, m.decisions = map[requestLabels]int{}, map[decisionLabels]int{}
		m.invocations, m.functions = map[invocationLabels]int{}, map[string]*histogram{}
	}
	m.requests[requestLabels{t.Status, t.Code}]++
	m.latency.observe(t.Duration)
	for i := range t.Steps {
		switch d := t.Steps[i].Detail.(type) {
		case trace.IdentityDetail:
			m.decided(t, d.Authorizer)
		case *trace.IdentityDetail:
			m.decided(t, d.Authorizer)
		case trace.InvocationDetail:
			m.invoked(&t.Steps[i], &d)
		case *trace.InvocationDetail:
			m.invoked(&t.Steps[i], d)
		}
	}
}

func (m *metrics) decided(t *trace.Trace, authorizer string) {
	labels := decisionLabels{authorizer: authorizer, outcome: t.Code}
	if passedAuthorizer(t.Code) {
		labels.outcome = trace.PolicyAllow
	}
	if t.Cache != nil {
		labels.cache = t.Cache.State
	}
	m.decisions[labels]++
}

// passedAuthorizer reports whether a code is of a step after the authorizer's.
func passedAuthorizer(code trace.Code) bool {
	step, _, _ := strings.Cut(string(code), ".")
	return code == trace.LimitBody || step == "integration" || step == "key" || step == "usage"
}

func (m *metrics) invoked(step *trace.Step, d *trace.InvocationDetail) {
	m.invocations[invocationLabels{d.Function, d.Authorizer, d.Error != ""}]++
	latency := m.functions[d.Function]
	if latency == nil {
		latency = &histogram{}
		m.functions[d.Function] = latency
	}
	latency.observe(step.Duration)
}

func (m *metrics) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests, m.decisions, m.invocations, m.functions = nil, nil, nil, nil
	m.latency = histogram{}
}

func (m *metrics) write(x *exposition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for l, n := range m.requests {
		lines = append(lines, sample("gatewayd_requests_total", strconv.Itoa(n), "status", strconv.Itoa(l.status), "code", string(l.code)))
	}
	slices.Sort(lines)
	x.family("gatewayd_requests_total", "counter", "Requests, by what the client received and the code of the trace.", lines)
	x.family("gatewayd_request_duration_seconds", "histogram", "Time from a request's head to the end of its answer.",
		m.latency.samples("gatewayd_request_duration_seconds"))

	lines = nil
	for l, n := range m.decisions {
		lines = append(lines, sample("gatewayd_authorizer_decisions_total", strconv.Itoa(n),
			"authorizer", l.authorizer, "outcome", string(l.outcome), "cache", string(l.cache)))
	}
	slices.Sort(lines)
	x.family("gatewayd_authorizer_decisions_total", "counter", "What became of requests to guarded routes, and of looking for a kept result.", lines)

	lines = nil
	for l, n := range m.invocations {
		lines = append(lines, sample("gatewayd_function_invocations_total", strconv.Itoa(n),
			"function", l.function, "authorizer", l.authorizer, "failed", strconv.FormatBool(l.failed)))
	}
	slices.Sort(lines)
	x.family("gatewayd_function_invocations_total", "counter", "Invocations, by an authorizer or by a route.", lines)

	lines = nil
	for _, name := range slices.Sorted(maps.Keys(m.functions)) {
		lines = append(lines, m.functions[name].samples("gatewayd_function_duration_seconds", "function", name)...)
	}
	x.family("gatewayd_function_duration_seconds", "histogram", "Time that functions took.", lines)
}

// buckets is how many bounds a histogram has.
const buckets = 12

// bounds are the upper ends of a histogram's buckets: from what Go answers in process to what API Gateway waits for.
func bounds() [buckets]time.Duration {
	const ms = time.Millisecond
	return [buckets]time.Duration{ms / 4, ms, 5 * ms, 10 * ms, 25 * ms, 100 * ms, 250 * ms, 1000 * ms, 3000 * ms, 5000 * ms, 10_000 * ms, 29_000 * ms}
}

// histogram counts durations.
type histogram struct {
	counts [buckets + 1]int // the last is of those above the last bound
	sum    time.Duration
}

func (h *histogram) observe(d time.Duration) {
	bounds := bounds()
	at, _ := slices.BinarySearch(bounds[:], d)
	h.counts[at]++
	h.sum += d
}

func (h *histogram) samples(name string, labels ...string) []string {
	var lines []string
	total := 0
	for i, bound := range bounds() {
		total += h.counts[i]
		lines = append(lines, sample(name+"_bucket", strconv.Itoa(total), append(slices.Clone(labels), "le", seconds(bound))...))
	}
	total += h.counts[buckets]
	return append(lines,
		sample(name+"_bucket", strconv.Itoa(total), append(slices.Clone(labels), "le", "+Inf")...),
		sample(name+"_sum", seconds(h.sum), labels...),
		sample(name+"_count", strconv.Itoa(total), labels...))
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', -1, 64) }

// exposition is a text in Prometheus's format, version 0.0.4.
//
// It is our own, although prometheus/client_golang is well kept: that would add 2.5 MB to a program of 18.7 MB and 47 packages
// of nine modules, protobuf among them, to every test that imports this package, and a registry that is read once a scrape and
// emptied by a reset gains nothing by it. Its parser and its linter have nothing to say against what is written here.
type exposition struct{ strings.Builder }

func (x *exposition) family(name, kind, help string, samples []string) {
	_, _ = x.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
	for _, line := range samples {
		_, _ = x.WriteString(line)
	}
}

// sample is a line with a value. Labels come as name, value, name, value.
func sample(name, value string, labels ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var pairs []string
	for pair := range slices.Chunk(labels, 2) {
		pairs = append(pairs, pair[0]+`="`+escape.Replace(pair[1])+`"`)
	}
	if len(pairs) > 0 {
		name += "{" + strings.Join(pairs, ",") + "}"
	}
	return name + " " + value + "\n"
}
