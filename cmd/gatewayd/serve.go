package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"gatewayd/emulator"
	"gatewayd/handlers"
)

// defaultURL is where the API is served unless a flag says otherwise.
const defaultURL = "http://127.0.0.1:3000"

// serveCommand serves the API and the control API until a signal.
type serveCommand struct {
	Host                string   `placeholder:"HOST" default:"127.0.0.1" help:"Address of the API (${default}); 0.0.0.0 is every interface."`
	Port                uint16   `short:"p" placeholder:"PORT" default:"3000" help:"Port of the API (${default}); 0 is a free one."`
	ControlHost         string   `placeholder:"HOST" default:"127.0.0.1" help:"Address of the control listener (${default})."`
	ControlPort         uint16   `placeholder:"PORT" default:"3001" help:"Port of the control listener (${default}); 0 turns it off."`
	ControlAllowedHosts []string `placeholder:"HOST" default:"localhost,127.0.0.1,[::1]" help:"Names by which the control listener may be called (${default})."`
	NoWatch             bool     `help:"Do not reload the route file when it changes."`
	LogFormat           string   `placeholder:"FORMAT" enum:"text,json" default:"text" help:"Format of what is printed: text, or json with one object a line."`
	Quiet               bool     `help:"Print neither routes nor requests, only addresses, warnings and errors."`
}

// Validate refuses an empty address, which would be every interface. Kong calls it.
func (c *serveCommand) Validate() error {
	if c.Host == "" || c.ControlHost == "" {
		return errors.New("a host must not be empty: 127.0.0.1 is this machine only, 0.0.0.0 every interface")
	}
	return nil
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
	clock := emulator.NewClock()
	options := emulator.Options{Clock: clock, Log: log}
	if !c.Quiet {
		options.OnTrace = journal.request
	}
	e, err := p.load(handlers.Options{
		Getenv:  withDefaults(p.getenv, &secretFile{path: filepath.Join(".gatewayd", "secret")}, log),
		Now:     clock.Now,
		Log:     log,
		Context: background,
	}, options)
	if err != nil {
		return err
	}
	servers, err := c.listen(ctx, e, journal)
	if err != nil {
		return err
	}
	return runUntilSignal(ctx, servers, signals, log)
}

// listen binds both listeners, before either serves: whoever sees one answer can use the other. It prints where they are, and
// returns what is to run.
func (c *serveCommand) listen(ctx context.Context, e *emulator.Emulator, journal journal) ([]func(context.Context) error, error) {
	api, err := listen(ctx, c.Host, c.Port, "--host", "--port")
	if err != nil {
		return nil, err
	}
	base := baseURL(api)
	routes := e.Routes(base)
	at := addresses{api: base + e.Loaded().API.BasePath, routes: len(routes), open: countOpen(routes)}
	var servers []func(context.Context) error
	if !c.NoWatch {
		servers = append(servers, func(ctx context.Context) error { e.Watch(ctx); return nil })
	}
	servers = append(servers, func(ctx context.Context) error { return e.Serve(ctx, api) })
	if c.ControlPort != 0 {
		control, err := listen(ctx, c.ControlHost, c.ControlPort, "--control-host", "--control-port")
		if err != nil {
			return nil, errors.Join(err, api.Close())
		}
		at.control = baseURL(control)
		options := emulator.ControlOptions{AllowedHosts: c.ControlAllowedHosts, BaseURL: base}
		servers = append(servers, func(ctx context.Context) error { return e.ServeControl(ctx, control, options) })
	}
	if !c.Quiet {
		journal.routes(routes)
	}
	journal.listening(at)
	return servers, nil
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

// runUntilSignal runs servers until ctx ends, one of them fails, or a signal comes. They may then finish what they have begun;
// a second signal does not wait for that.
func runUntilSignal(ctx context.Context, servers []func(context.Context) error, signals <-chan os.Signal, log *slog.Logger) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, len(servers))
	var running sync.WaitGroup
	for _, server := range servers {
		running.Go(func() {
			if err := server(ctx); err != nil {
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
		return nil
	}
	close(failed)
	return <-failed
}
