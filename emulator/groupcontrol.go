package emulator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"strings"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// Control returns the control API of all APIs. Routes, authorizers and traces say which API they belong to; ?api=, its id or its
// name, asks for that of one API alone. What cannot be told of several at once, such as usage, is the first one's.
func (g *Group) Control(options ControlOptions) http.Handler { return g.control(options, nil) }

// ServeControl answers the requests of the control listener, as [Emulator.ServeControl] does.
func (g *Group) ServeControl(ctx context.Context, listener net.Listener, options ControlOptions) error {
	return g.members[0].serve(ctx, listener, g.control(options, ctx.Done()), "control API")
}

func (g *Group) control(options ControlOptions, stopped <-chan struct{}) http.Handler {
	first := g.members[0].controlOptions(options, stopped)
	if len(g.members) == 1 {
		return control.New(first)
	}
	one := make([]http.Handler, len(g.members))
	for i, e := range g.members {
		one[i] = control.New(e.ownControl(options, stopped))
	}
	all := control.New(g.joined(first, options))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		name := query.Get("api")
		if name == "" {
			all.ServeHTTP(w, r)
			return
		}
		query.Del("api")
		asked := r.Clone(r.Context())
		asked.URL.RawQuery, asked.RequestURI = query.Encode(), ""
		for i, e := range g.members {
			if e.called(name) {
				one[i].ServeHTTP(w, asked)
				return
			}
		}
		http.Error(w, fmt.Sprintf("no API has the id or the name %q", name), http.StatusNotFound)
	})
}

// called reports whether an API has this id or name.
func (e *Emulator) called(name string) bool {
	api := e.gateway.API()
	return api.ID == name || api.Name == name
}

// ownControl tells of one API of a group, whose traces stand among those of the others.
func (e *Emulator) ownControl(options ControlOptions, stopped <-chan struct{}) control.Options {
	own := e.controlOptions(options, stopped)
	own.Traces = func(filter TraceFilter) []trace.Trace {
		filter.API = e.gateway.API().ID
		return e.Traces(filter)
	}
	own.FollowTraces = func(ctx context.Context) iter.Seq2[trace.Trace, int] {
		return func(yield func(trace.Trace, int) bool) {
			for t, lost := range e.FollowTraces(ctx) {
				if t.API == e.gateway.API().ID && !yield(t, lost) {
					return
				}
			}
		}
	}
	return own
}

// joined tells of all APIs. Traces and metrics are everybody's anyway.
func (g *Group) joined(o control.Options, options ControlOptions) control.Options {
	o.Routes = func() []Route { return g.Routes(options.BaseURL) }
	o.Reload = g.Reload
	o.Reset = g.Reset
	o.Config = g.config
	o.Authorizers = g.authorizers
	o.Explain = func(r *http.Request) trace.Trace {
		if e := g.find(r); e != nil {
			return e.Explain(r)
		}
		return g.members[0].Explain(r)
	}
	o.Replay = func(ctx context.Context, requestID string, changes Replay) (trace.Trace, error) {
		if found, ok := g.members[0].Trace(requestID); ok {
			if e := g.byID(found.API); e != nil {
				return e.Replay(ctx, requestID, changes)
			}
		}
		return g.members[0].Replay(ctx, requestID, changes)
	}
	o.TestAuthorizer = func(ctx context.Context, name string, test AuthorizerTest) (AuthorizerTestResult, error) {
		e, name := g.withAuthorizer(name)
		return e.TestAuthorizer(ctx, name, test)
	}
	o.CachedResults = func(name string) ([]CachedResult, error) {
		e, name := g.withAuthorizer(name)
		return e.CachedResults(name)
	}
	o.FlushCache = func(name string) error {
		e, name := g.withAuthorizer(name)
		return e.FlushCache(name)
	}
	o.PolicyMatrix = func(p *policy.Policy, values policy.Context) []RouteDecision {
		var decisions []RouteDecision
		for _, e := range g.members {
			decisions = append(decisions, e.PolicyMatrix(p, values)...)
		}
		return decisions
	}
	o.HasFunction = func(name string) bool { return g.withFunction(name).HasFunction(name) }
	o.FunctionARN = func(name string) string { return g.withFunction(name).gateway.API().FunctionARN(name) }
	o.Invoke = func(ctx context.Context, name string, in control.Invocation) (control.InvocationAnswer, error) {
		answer, err := g.withFunction(name).Invoke(ctx, name, Invocation(in))
		return control.InvocationAnswer(answer), err
	}
	o.InvokeLater = func(ctx context.Context, name string, in control.Invocation) {
		g.withFunction(name).invokeLater(ctx, name, Invocation(in))
	}
	return o
}

// Reload loads every route file anew. The errors of those that could not be are joined.
func (g *Group) Reload() error {
	var failed []error
	for _, e := range g.members {
		failed = append(failed, e.Reload())
	}
	return errors.Join(failed...)
}

// Reset forgets what every API keeps, as [Emulator.Reset] does.
func (g *Group) Reset() {
	for _, e := range g.members {
		e.Reset()
	}
}

// config is the first API's, with all of them.
func (g *Group) config() control.Config {
	c := g.members[0].config()
	for _, e := range g.members {
		own := e.config()
		c.APIs, c.Stale = append(c.APIs, own), c.Stale || own.Stale
	}
	return c
}

func (g *Group) authorizers() []Authorizer {
	var all []Authorizer
	for _, e := range g.members {
		own := e.Authorizers()
		for i := range own {
			own[i].API = e.gateway.API().ID
		}
		all = append(all, own...)
	}
	return all
}

// withAuthorizer finds the API of an authorizer: NAME, or NAME@API where several have one of that name. What nobody has is the
// first API's to say.
func (g *Group) withAuthorizer(name string) (*Emulator, string) {
	if at := strings.LastIndex(name, "@"); at > 0 {
		for _, e := range g.members {
			if e.called(name[at+1:]) {
				return e, name[:at]
			}
		}
	}
	for _, e := range g.members {
		for i := range e.gateway.API().Authorizers {
			if e.gateway.API().Authorizers[i].Name == name {
				return e, name
			}
		}
	}
	return g.members[0], name
}

// withFunction finds the first API that knows a function.
func (g *Group) withFunction(name string) *Emulator {
	for _, e := range g.members {
		if e.HasFunction(name) {
			return e
		}
	}
	return g.members[0]
}
