package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/accesslog"
	"gatewayd/emulator/internal/config"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// Options are what an emulator can be told besides its routes. The zero value is ready to use.
type Options struct {
	// Getenv expands ${NAME} in the route file; nil expands nothing, so such a reference is an error unless it has a default.
	Getenv func(string) string

	// Clock is the time of events, TTLs and traces; nil is a new one, which shows the real time until it is moved.
	Clock *Clock

	// Log receives warnings, reloads and what serving has to say; nil discards. Requests are not logged here: see OnTrace.
	Log *slog.Logger

	// OnTrace is called with the trace of every request once it is answered, from the goroutine that served it; nil for none.
	OnTrace func(trace.Trace)

	// OnLoad is called when the routes have been loaded anew, or could not be, but not by New; nil for none.
	OnLoad func(Load)

	// SourceIP is the address that every client has; "" is the one of its connection.
	SourceIP string

	// TrustedProxies are the networks of proxies whose X-Forwarded-For says which client they ask for. A container's port
	// mapping, for example, hides the client behind the bridge's address.
	TrustedProxies []netip.Prefix

	// Transport calls the functions that have a URL, and the endpoints of HTTP integrations; nil is a transport of the emulator's
	// own. One of yours should have DisableCompression, as otherwise Go asks endpoints for gzip in the client's name.
	Transport http.RoundTripper

	// Programs are how functions run that are programs of their own.
	Programs Programs

	// Random is where identifiers come from; nil is a generator of the emulator's own, which crypto/rand starts.
	Random io.Reader

	// JSONLane has every function called through JSON. Otherwise a Go function of API Gateway's own event types, those of
	// aws-lambda-go, is given the same event as a struct, which is faster and makes no other difference.
	JSONLane bool

	// Coalesce has requests that miss the same kept result at the same time share one call of the authorizer. It never applies
	// to an authorizer without caching. AWS promises nothing of the kind.
	Coalesce bool

	// ExplainHeader has every response say why it is as it is: in x-gatewayd-explain, which AWS does not send.
	ExplainHeader bool

	// DisableAuthorizer asks no authorizer: every route is open, whoever sends the request. What a resource policy denies stays
	// denied. It cannot be combined with Strict.
	DisableAuthorizer bool

	// MockAuthorizer is what events have as requestContext.authorizer while authorizers are disabled: that object in JSON, or an
	// authorizer's whole answer, of which the policy has no say. Numbers and booleans become text, as an authorizer's do;
	// integrationLatency is 0. Nil leaves events without an authorizer.
	MockAuthorizer []byte

	// LegacyMessages answers denials by a policy with the texts that AWS sent until 2023: "User is not authorized to access this
	// resource", and the same " with an explicit deny".
	LegacyMessages bool

	// ShowSecrets leaves tokens, cookies, passwords and the like readable in traces, logs and the control API, where they are
	// otherwise masked to their last six characters. It is for a machine of one's own.
	ShowSecrets bool

	// VerifyCache has the authorizer called in the shadow of every request that finds one of its results kept, so that
	// [Emulator.CacheVerification] can tell where they disagree. Requests are answered by the kept result all the same, as AWS
	// answers them, and wait for nothing.
	VerifyCache bool

	// Strict refuses to load a route file of which the audit finds something, and answers 500 where AWS's documentation
	// forbids what an authorizer answers, which is otherwise accepted with a warning.
	Strict bool
}

// Emulator serves one API.
type Emulator struct {
	source     Source
	functions  Functions
	options    Options
	clock      *Clock
	log        *slog.Logger
	gateway    *gateway.Gateway
	tracker    *function.Tracker
	host       *function.Host
	logs       logs       // of programs
	later      background // invocations that nobody waits for
	client     client
	accessLogs *accesslog.Files
	traces     *traces
	metrics    *metrics
	group      *Group // that it belongs to, nil for none
	verified   verified

	mu     sync.Mutex // guards what follows, and is held over a whole reload
	loaded Load
	text   []byte // of the newest version of the route file
	warned map[string]bool
}

// Load is what became of reading the route file.
type Load struct {
	API      *apigw.API      // what is served
	At       time.Time       // when it was loaded
	Findings []apigw.Problem // what AWS accepts and a developer should look at
	Failed   error           // why the newest version of the file is not served; nil when it is
}

// New returns an emulator that serves the routes of a source. The functions are those that run in process, by the names that
// the route file uses. Problems of the route file, all of them at once, are a [*LoadError].
func New(source Source, functions Functions, options *Options) (*Emulator, error) {
	if options == nil {
		options = &Options{}
	}
	e := &Emulator{
		source: source, functions: functions, options: *options, clock: options.Clock, log: options.Log,
		tracker: &function.Tracker{}, traces: &traces{}, metrics: &metrics{}, warned: map[string]bool{},
		client: client{fixed: options.SourceIP, trusted: options.TrustedProxies},
	}
	e.tracker.Unfinished = e.unfinished
	if e.clock == nil {
		e.clock = NewClock()
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.accessLogs = accesslog.New(e.log)
	transport, backends := transports(options.Transport)
	e.host = e.newHost()
	mock, err := e.options.mock()
	if err != nil {
		return nil, err
	}
	parts := gateway.Options{
		Disabled: e.options.DisableAuthorizer, Mock: mock, Legacy: e.options.LegacyMessages,
		Host: e.host, Variables: options.Programs.Variables,
		Now: e.clock.Now, Random: options.Random, Handlers: functions, Transport: transport, Backends: backends, Tracker: e.tracker,
		AccessLog: e.accessLogs.Append,
		SourceIP:  remoteAddress, JSONLane: e.options.JSONLane, Coalesce: e.options.Coalesce, Strict: e.options.Strict, Record: e.record,
		Secrets: e.options.ShowSecrets, Logs: &e.logs.kept,
	}
	if e.options.VerifyCache {
		parts.Verified = e.cacheVerified
	}
	e.gateway = gateway.New(parts)
	if err := e.reload(); err != nil {
		return nil, err
	}
	if err := e.checkVariables(); err != nil {
		return nil, err
	}
	e.warnDisabled()
	return e, nil
}

// ServeHTTP answers a request as API Gateway would. In a server of your own, header names reach functions in Go's canonical
// spelling: net/http keeps no other.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := e.gateway.ServeHTTP
	if e.options.ExplainHeader {
		serve = e.gateway.ServeExplained
	}
	serve(w, e.client.seen(r))
}

// Reload reads the routes again and swaps them in whole: requests in flight finish on those that they began with, and
// authorizer results are kept where the authorizer is the same, what was used of usage plans by plan and key. When it fails, the last good version goes on serving. The log
// says what became of it.
func (e *Emulator) Reload() error {
	start := time.Now()
	err := e.reload()
	e.logReload(err, time.Since(start))
	if e.options.OnLoad != nil {
		e.options.OnLoad(e.Loaded())
	}
	return err
}

func (e *Emulator) logReload(err error, took time.Duration) {
	load, broken := errors.AsType[*LoadError](err)
	switch {
	case broken:
		for _, p := range load.Problems {
			e.log.Error(p.String()) //nolint:sloglint // the problem, with its place in the file, is the message
		}
		e.log.Warn("the last good version of the route file goes on serving", "problems", len(load.Problems))
	case err != nil:
		e.log.Error(err.Error()) //nolint:sloglint // the error is the message
		e.log.Warn("the last good version of the route file goes on serving")
	default:
		e.log.Info("route file reloaded", "routes", len(e.Loaded().API.Routes), "took", took.Round(time.Microsecond))
	}
}

func (e *Emulator) reload() error {
	if e.group != nil { // one at a time: each has its eye on the others
		e.group.reloading.Lock()
		defer e.group.reloading.Unlock()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	api, err := e.load()
	if err == nil {
		if fault := e.gateway.Deploy(api); fault != nil {
			err = &LoadError{Problems: []apigw.Problem{{Message: fault.Error()}}}
		}
	}
	if err != nil {
		e.loaded.Failed = err
		return err
	}
	e.loaded = Load{API: api, At: e.clock.Now(), Findings: api.Findings()}
	for _, finding := range e.loaded.Findings {
		e.warnOnce(finding.String())
	}
	return nil
}

func (e *Emulator) load() (*apigw.API, error) {
	if e.source.read == nil {
		return nil, errors.New("the emulator has no routes: give it RoutesFile or Routes")
	}
	text, err := e.source.read()
	if err != nil {
		return nil, err
	}
	e.text = text
	api, problems := config.Read(e.source.name, text, config.Options{Getenv: e.options.Getenv, DefaultName: e.source.defaultName})
	if api != nil {
		problems = append(problems, api.Validate(e.functions.names())...)
	}
	if len(problems) == 0 && e.group != nil {
		problems = e.group.collisions(e, api)
	}
	if len(problems) > 0 {
		return nil, &LoadError{Problems: apigw.SortProblems(problems)}
	}
	if audit := newAudit(api); e.options.Strict && len(audit.findings) > 0 {
		return nil, &LoadError{Problems: audit.problems(), Routes: audit.routes}
	}
	return api, nil
}

// Loaded says what is served and what became of the last load.
func (e *Emulator) Loaded() Load {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.loaded
}

// Clock is the emulator's clock.
func (e *Emulator) Clock() *Clock { return e.clock }

// FastForward moves the emulator's clock ahead, past a TTL for example. Timeouts are not moved: they run on the real clock.
func (e *Emulator) FastForward(d time.Duration) { e.clock.Advance(d) }

// Reset forgets authorizer results, what was used of throttles and quotas, traces, metrics, what verifying the cache has found,
// which warnings were given, and the clock's offset, as between two tests.
func (e *Emulator) Reset() {
	e.clock.Reset()
	e.gateway.Flush()
	e.gateway.ResetUsage()
	e.traces.clear()
	e.metrics.clear()
	e.verified.clear()
	e.logs.kept.clear()
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.warned)
}

// Wait returns when no in-process function runs any more, and no cached result is being verified, or when ctx ends: a function
// goes on when its request has timed out. The error then names those that still run.
func (e *Emulator) Wait(ctx context.Context) error { return e.tracker.Wait(ctx) }

// record hands a trace on and keeps it. Whoever finds it finds it counted, and told of, as well.
func (e *Emulator) record(t trace.Trace, warnings []string) {
	if e.group != nil && t.Code != trace.RouteUnknownStage {
		t.API = e.gateway.API().ID
	}
	defer e.traces.add(t)
	e.metrics.count(&t)
	if len(warnings) > 0 {
		e.mu.Lock()
		for _, warning := range warnings {
			e.warnOnce(warning)
		}
		e.mu.Unlock()
	}
	if e.options.OnTrace != nil {
		e.options.OnTrace(t)
	}
}

// unfinished tells of a function that does not heed its context, once for each. How many run, the metrics say.
func (e *Emulator) unfinished(running function.Running) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.warnOnce(fmt.Sprintf("function %q goes on though its time is up, and keeps a goroutine until it returns: "+
		"let it return when its context's Done is closed", running.Name))
}

// warnOnce keeps what every request gives rise to from filling the log. The caller holds the mutex.
func (e *Emulator) warnOnce(warning string) {
	const most = 1000
	if e.warned[warning] || len(e.warned) >= most {
		return
	}
	e.warned[warning] = true
	e.log.Warn(warning) //nolint:sloglint // the finding, with its place in the file, is the message
}
