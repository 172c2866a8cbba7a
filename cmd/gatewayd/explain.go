package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// explainCommand says what would become of a request, and why.
type explainCommand struct {
	Method string   `arg:"" help:"The method."`
	Path   string   `arg:"" help:"The path as a client sends it, with the stage, and with or without a query."`
	Header []string `short:"H" sep:"none" placeholder:"NAME: VALUE" help:"A header; may be repeated."`
	JSON   bool     `name:"json" xor:"form" help:"Print the trace as JSON."`
	Log    bool     `name:"execution-log" xor:"form" help:"Print the trace in the lines of API Gateway's own execution log."`
	programFlags

	request emulator.ExplainRequest
}

// Validate reads the headers, and refuses what cannot be sent. Kong calls it.
func (c *explainCommand) Validate() error {
	headers, err := assignments("--header", ":", c.Header)
	if err != nil {
		return err
	}
	c.request = emulator.ExplainRequest{Method: c.Method, Path: c.Path, Headers: headers}
	if c.Path == "" { // kong knows better what to say
		return nil
	}
	_, err = c.request.HTTP(context.Background())
	return err
}

func (c *explainCommand) run(ctx context.Context, p *program) error {
	explained, err := c.explain(ctx, p)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		err = writeJSON(p.stdout, explained)
	case c.Log:
		err = trace.ExecutionLog(p.stdout, explained)
	default:
		err = trace.Render(p.stdout, explained, trace.RenderOptions{Color: p.colors()})
	}
	switch {
	case err != nil || explained.Status == 0: // it may pass: the integration would give it a status
		return err
	case explained.Code == trace.GatewayError:
		return exitStatus(exitFailed)
	}
	return exitStatus(exitRefused)
}

// explain asks the gatewayd that runs, because it has a cache; when none answers, one of our own.
func (c *explainCommand) explain(ctx context.Context, p *program) (explained trace.Trace, err error) {
	const patience = 2 * time.Second
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := askHealth(asking, p.url); err == nil {
		return explained, ask(ctx, p.url, http.MethodPost, "/_gatewayd/explain", c.request, &explained)
	}
	log := newLog(p.stderr, textFormat, slog.LevelInfo)
	log.Info("no gatewayd answers, so one of this command's own does: its cache is empty", "url", p.url)
	e, err := c.load(p, log)
	if err != nil {
		return explained, err
	}
	request, err := c.request.HTTP(ctx)
	if err == nil {
		explained = e.Explain(request)
	}
	return explained, errors.Join(err, closePrograms(ctx, e, closeTime))
}

// colors reports whether standard output is a terminal that shows colors (https://no-color.org).
func (p *program) colors() bool {
	return isTerminal(p.stdout) && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
}
