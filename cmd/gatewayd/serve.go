package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"gatewayd/emulator"
	"gatewayd/emulator/console"
	"gatewayd/handlers"
)

// defaultURL is where the API is served unless a flag says otherwise.
const defaultURL = "http://127.0.0.1:3000"

// serveCommand serves the API and the control API until a signal.
type serveCommand struct {
	Files []string `arg:"" optional:"" name:"file" help:"Route files, one for each of several APIs; without any, the one of --routes."`

	Host                string   `placeholder:"HOST" default:"127.0.0.1" help:"Address of the API (${default}); 0.0.0.0 is every interface."`
	Port                uint16   `short:"p" placeholder:"PORT" default:"3000" help:"Port of the API (${default}); 0 is a free one."`
	ControlHost         string   `placeholder:"HOST" default:"127.0.0.1" help:"Address of the control listener (${default})."`
	ControlPort         uint16   `placeholder:"PORT" default:"3001" help:"Port of the control listener (${default}); 0 turns it off."`
	ControlAllowedHosts []string `placeholder:"HOST" default:"localhost,127.0.0.1,[::1]" help:"Names by which the control listener may be called (${default})."`
	tlsFlags
	issuerFlags
	programFlags
	SourceIP       string         `placeholder:"IP" help:"Address that every client has, in place of its connection's."`
	TrustedProxies []netip.Prefix `placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For names the client."`

	Coalesce bool `help:"Call an authorizer once for requests that miss the same kept result at the same time."`
	JSONLane bool `name:"json-lane" help:"Call Go functions through JSON even where they take API Gateway's own events."`
	disabledFlags
	ShowSecrets   bool `help:"Leave tokens, cookies and passwords readable in traces, logs and the control API."`
	VerifyCache   bool `help:"Call the authorizer in the shadow of every cache hit, and report where it says something else now."`
	ExplainHeader bool `help:"Say in the header x-gatewayd-explain of every response why it is as it is."`
	Strict        bool `help:"Refuse a route file of which the audit finds something, and answer 500 where AWS only warns."`

	NoWatch   bool   `help:"Do not reload the route file when it changes."`
	LogFormat string `placeholder:"FORMAT" enum:"text,json" default:"text" help:"Format of what is printed: text, or json with one object a line."`
	Quiet     bool   `help:"Print neither routes nor requests, only addresses, warnings and errors."`
}

// Validate refuses an empty address, which would be every interface. Kong calls it.
func (c *serveCommand) Validate() error {
	if c.Host == "" || c.ControlHost == "" {
		return errors.New("a host must not be empty: 127.0.0.1 is this machine only, 0.0.0.0 every interface")
	}
	if _, err := netip.ParseAddr(c.SourceIP); c.SourceIP != "" && err != nil {
		return fmt.Errorf("--source-ip: %w", err)
	}
	return errors.Join(c.tlsFlags.check(), c.disabledFlags.check(c.Strict))
}

func (c *serveCommand) run(ctx context.Context, p *program) error {
	// Unless somebody listens to it, this signal ends a program whose standard output was closed.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	// From the beginning: whoever has read an address may send a signal.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	stderr := newLines(p.stderr, slog.New(slog.DiscardHandler))
	defer stderr.Close()
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	log := newLog(stderr, c.LogFormat, level)
	stdout := newLines(p.stdout, log)
	defer stdout.Close()
	journal := newJournal(stdout, c.LogFormat)

	// What functions keep open is closed last: they may still run when the listeners are closed.
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	secured, err := c.config()
	if err != nil {
		return err
	}
	s := server{serveCommand: c, tls: secured, environment: p.defaults(log), clock: emulator.NewClock(), journal: journal, log: log}
	options := emulator.Options{
		Clock: s.clock, Log: log, OnLoad: s.loaded, SourceIP: c.SourceIP, TrustedProxies: c.TrustedProxies,
		Coalesce: c.Coalesce, JSONLane: c.JSONLane, ExplainHeader: c.ExplainHeader, Strict: c.Strict,
		DisableAuthorizer: c.DisableAuthorizer, LegacyMessages: c.LegacyMessages,
		ShowSecrets: c.ShowSecrets, VerifyCache: c.VerifyCache,
	}
	if !c.Quiet {
		options.OnTrace = journal.request
	}
	if options.Programs, err = c.programs(p, functionLog(stderr, c.LogFormat)); err != nil {
		return err
	}
	options.Programs.Watch = !c.NoWatch
	if options.MockAuthorizer, err = c.mockAuthorizer(); err != nil {
		return err
	}
	if c.ShowSecrets {
		log.Warn("secrets are readable in traces, logs and the control API", hintKey, "leave --show-secrets out to have them masked")
	}
	functions := handlers.Options{Getenv: s.environment.get, Now: s.clock.Now, Log: log, Context: background}
	if err := s.load(p, functions, options); err != nil {
		return err
	}
	c.banner(stderr, c.LogFormat)
	if c.Strict && !c.Quiet {
		for _, e := range s.apis.Members() {
			journal.audited(e.Audit().Routes)
		}
	}
	tasks, err := s.listen(ctx)
	if err != nil {
		return err
	}
	atOnce, err := runUntilSignal(ctx, tasks, signals, log)
	patience := closeTime
	if atOnce {
		patience = 0
	}
	for _, e := range s.apis.Members() {
		if c.VerifyCache {
			reportCache(ctx, e, log)
		}
		err = errors.Join(err, closePrograms(ctx, e, patience))
	}
	return err
}

// server is what serve consists of.
type server struct {
	*serveCommand
	environment *defaults
	clock       *emulator.Clock
	journal     journal
	log         *slog.Logger
	apis        *emulator.Group // nil until they are loaded
	base        string          // URL of the API, without its base path
	tls         *tls.Config     // nil: plaintext

	mu    sync.Mutex // one reload at a time is told of
	table []emulator.Route
}

// task is something that runs until its context ends.
type task func(context.Context) error

// listen binds both listeners, before either serves: whoever sees one answer can use the other. It prints where they are, and
// returns what is to run.
func (s *server) listen(ctx context.Context) ([]task, error) {
	api, err := listen(ctx, s.Host, s.Port, "--host", "--port")
	if err != nil {
		return nil, err
	}
	s.base = s.apiURL(api)
	s.table = s.apis.Routes(s.base)
	var at addresses
	var tasks []task
	for _, e := range s.apis.Members() {
		table := e.Routes(s.base)
		at.apis = append(at.apis, apiAddress{
			url: s.base + e.Loaded().API.BasePath, id: e.Loaded().API.ID, name: e.Loaded().API.Name, routes: len(table), open: countOpen(table),
		})
		if !s.NoWatch {
			tasks = append(tasks, func(ctx context.Context) error { e.Watch(ctx); return nil })
		}
	}
	tasks = append(tasks, func(ctx context.Context) error { return s.serveAPI(ctx, api) })
	if s.ControlPort != 0 {
		more, err := s.listenControl(ctx, &at)
		if err != nil {
			return nil, errors.Join(err, api.Close())
		}
		tasks = append(tasks, more...)
	}
	if !s.Quiet {
		s.journal.routes(s.table)
	}
	s.journal.listening(at)
	return tasks, nil
}

// listenControl binds the control listener. The token issuer comes after it, as its URL has the port.
func (s *server) listenControl(ctx context.Context, at *addresses) ([]task, error) {
	control, err := listen(ctx, s.ControlHost, s.ControlPort, "--control-host", "--control-port")
	if err != nil {
		return nil, err
	}
	at.control = baseURL(control)
	s.environment.issueFrom(at.control, s.IssuerURL)
	at.issuer = s.environment.issuer
	issuer, err := emulator.NewIssuer(emulator.IssuerOptions{
		URL: at.issuer, Audience: s.environment.get("AUDIENCE"), FindSecretKey: s.environment.secretKey,
		KeysFile: s.IssuerKeys, Now: s.clock.Now,
	})
	if err != nil {
		err = &failure{err: err, hint: "--issuer-url and --issuer-keys say what the token issuer is called, and where its keys are"}
		return nil, errors.Join(err, control.Close())
	}
	if tcp, ok := control.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		s.log.Warn("the token issuer can be reached from other machines", hintKey, "it is "+emulator.IssuerNotice)
	}
	options := emulator.ControlOptions{AllowedHosts: s.ControlAllowedHosts, BaseURL: s.base, Issuer: issuer, Console: console.Handler()}
	return []task{
		func(ctx context.Context) error { return s.apis.ServeControl(ctx, control, options) },
		func(context.Context) error { // making keys takes a while, which the first request need not wait for
			_, err := issuer.Mint(emulator.TokenRequest{})
			return err
		},
	}, nil
}

// loaded prints the routes again when a reload has changed them: one may have become open. What is wrong with a file that
// cannot be loaded is in the log.
func (s *server) loaded(load emulator.Load) {
	if load.Failed != nil || s.Quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	table := s.apis.Routes(s.base)
	if !slices.EqualFunc(s.table, table, sameRoute) {
		s.journal.routes(table)
	}
	s.table = table
}

// sameRoute compares all but where the routes stand in the file.
func sameRoute(a, b emulator.Route) bool {
	a.Source, b.Source = "", ""
	return reflect.DeepEqual(a, b)
}

// listen binds a listener; the flags are those that say where.
func listen(ctx context.Context, host string, port uint16, hostFlag, portFlag string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &failure{
			err:  fmt.Errorf("port %d is in use: %w", port, err),
			hint: fmt.Sprintf("choose another one with %s, or stop the program that has it", portFlag),
		}
	}
	if err != nil {
		return nil, &failure{err: err, hint: fmt.Sprintf("%s and %s say where to listen", hostFlag, portFlag)}
	}
	return listener, nil
}

// baseURL is where to call a listener. One of every interface is called by this machine's own address.
func baseURL(listener net.Listener) string {
	address := listener.Addr().String()
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return "http://" + address
}

// runUntilSignal runs tasks until ctx ends, one of them fails, or a signal comes. They may then finish what they have begun;
// a second signal does not wait for that, and then atOnce is true.
func runUntilSignal(ctx context.Context, tasks []task, signals <-chan os.Signal, log *slog.Logger) (atOnce bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, len(tasks))
	var running sync.WaitGroup
	for _, run := range tasks {
		running.Go(func() {
			if err := run(ctx); err != nil {
				failed <- err
				stop()
			}
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()

	select {
	case <-ctx.Done():
	case s := <-signals:
		log.Info("stopping: requests in flight may finish; once more stops at once", "signal", s.String(), "within", emulator.DrainTime)
	}
	stop()
	select {
	case <-done:
	case <-signals:
		log.Warn("stopped at once")
		return true, nil
	}
	close(failed)
	return false, <-failed
}
