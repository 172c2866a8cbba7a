package emulator

import (
	"context"
	"net"
	"net/http"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/control"
)

// ControlOptions are what the control listener can be told.
type ControlOptions struct {
	// AllowedHosts are the names and addresses, without ports, by which the listener may be called: a page of another site
	// that points its own name at this machine is refused. Nil is localhost, 127.0.0.1 and [::1].
	AllowedHosts []string

	// BaseURL is where the API is served, for the URLs of routes.
	BaseURL string

	// Issuer issues tokens under [IssuerPath], to whoever asks; nil for none.
	Issuer *Issuer

	// Console answers at / and under /console/: a page for a browser, such as that of package console. Nil is no page.
	Console http.Handler
}

// Control returns the control API: health, routes, authorizers, configuration, traces and what the commands do, under
// /_gatewayd, and the issuer. It is for a listener of its own, so that it shadows no route.
func (e *Emulator) Control(options ControlOptions) http.Handler { return e.control(options, nil) }

func (e *Emulator) control(options ControlOptions, stopped <-chan struct{}) http.Handler {
	return control.New(e.controlOptions(options, stopped))
}

func (e *Emulator) controlOptions(options ControlOptions, stopped <-chan struct{}) control.Options {
	return control.Options{
		AllowedHosts: options.AllowedHosts,
		Routes:       func() []Route { return e.Routes(options.BaseURL) },
		Reload:       e.Reload,
		Reset:        e.Reset,
		Config:       e.config,
		HasFunction:  e.HasFunction,
		FunctionARN:  func(name string) string { return e.Loaded().API.FunctionARN(name) },
		Invoke: func(ctx context.Context, name string, in control.Invocation) (control.InvocationAnswer, error) {
			answer, err := e.Invoke(ctx, name, Invocation(in))
			return control.InvocationAnswer(answer), err
		},
		InvokeLater: func(ctx context.Context, name string, in control.Invocation) {
			e.invokeLater(ctx, name, Invocation(in))
		},
		Clock: e.clock,

		Trace:        e.Trace,
		Traces:       e.Traces,
		FollowTraces: e.FollowTraces,
		Explain:      e.Explain,
		Replay:       e.Replay,
		Metrics:      e.WriteMetrics,
		Stopped:      stopped,

		Authorizers:    e.Authorizers,
		TestAuthorizer: e.TestAuthorizer,
		CachedResults:  e.CachedResults,
		FlushCache:     e.FlushCache,
		VerifiedCache:  e.CacheVerification,
		Usage:          e.Usage,
		ResetUsage:     e.ResetUsage,
		PolicyMatrix:   e.PolicyMatrix,
		Issuer:         options.Issuer,
		Console:        options.Console,
	}
}

// ServeControl answers the requests of the control listener until ctx ends, as [Emulator.Serve] does for the API. Streams of
// traces end with ctx, at once.
func (e *Emulator) ServeControl(ctx context.Context, listener net.Listener, options ControlOptions) error {
	return e.serve(ctx, listener, e.control(options, ctx.Done()), "control API")
}

func (e *Emulator) config() control.Config {
	loaded := e.Loaded()
	c := control.Config{
		File: e.source.name, LoadedAt: loaded.At.UTC(), Name: loaded.API.Name, APIID: loaded.API.ID, Stage: loaded.API.Stage, BasePath: loaded.API.BasePath,
		Problems: []control.Problem{}, Findings: problems(loaded.Findings), Audit: e.Audit(),
	}
	if loaded.Failed == nil {
		return c
	}
	c.Stale = true
	c.Problems = problems(Problems(loaded.Failed))
	if len(c.Problems) == 0 {
		c.Problems = []control.Problem{{Source: e.source.name, Message: loaded.Failed.Error()}}
	}
	return c
}

func problems(list []apigw.Problem) []control.Problem {
	out := make([]control.Problem, len(list))
	for i, p := range list {
		out[i] = control.Problem{Source: p.Position.String(), Message: p.Message}
	}
	return out
}
