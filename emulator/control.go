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
}

// Control returns the control API: health, routes, authorizers, configuration, traces and what the commands do, under
// /_gatewayd, and the issuer. It is for a listener of its own, so that it shadows no route.
func (e *Emulator) Control(options ControlOptions) http.Handler {
	return control.New(control.Options{
		AllowedHosts: options.AllowedHosts,
		Routes:       func() []Route { return e.Routes(options.BaseURL) },
		Trace:        e.Trace,
		Reload:       e.Reload,
		Reset:        e.Reset,
		Config:       e.config,

		Authorizers:    e.Authorizers,
		TestAuthorizer: e.TestAuthorizer,
		PolicyMatrix:   e.PolicyMatrix,
		Issuer:         options.Issuer,
	})
}

// ServeControl answers the requests of the control listener until ctx ends, as [Emulator.Serve] does for the API.
func (e *Emulator) ServeControl(ctx context.Context, listener net.Listener, options ControlOptions) error {
	return e.serve(ctx, listener, e.Control(options), "control API")
}

func (e *Emulator) config() control.Config {
	loaded := e.Loaded()
	c := control.Config{
		File: e.source.name, LoadedAt: loaded.At.UTC(), Name: loaded.API.Name, APIID: loaded.API.ID, Stage: loaded.API.Stage, BasePath: loaded.API.BasePath,
		Problems: []control.Problem{}, Findings: problems(loaded.Findings),
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
