package emulator

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/gateway"
)

// Group serves several APIs from one listener: by path, each at its base path, and by host, each as
// {apiId}.execute-api.localhost, at its base path, too. Each API stays what its emulator makes of it: it has its own routes,
// functions, cache and counters, and its route file is loaded by itself. What is told of requests is told for all: traces and
// metrics.
type Group struct {
	members   []*Emulator
	reloading sync.Mutex
}

// executeAPI is what follows the id of an API in a host name.
const executeAPI = ".execute-api.localhost"

// NewGroup makes a group of emulators that serve nothing yet, at least one. Base paths and ids must differ: problems, all of them
// at once, are a [*LoadError], also when a route file is loaded anew. An emulator belongs to one group at most.
func NewGroup(members ...*Emulator) (*Group, error) {
	if len(members) == 0 {
		return nil, errors.New("a group has at least one API")
	}
	g := &Group{members: members}
	if len(members) == 1 {
		return g, nil // it is what it was
	}
	var problems []apigw.Problem
	for i, e := range members {
		before := Group{members: members[:i]}
		problems = append(problems, before.collisions(e, e.gateway.API())...)
	}
	if len(problems) > 0 {
		return nil, &LoadError{Problems: apigw.SortProblems(problems)}
	}
	if err := checkShared(members); err != nil {
		return nil, err
	}
	for _, e := range members {
		e.group, e.traces, e.metrics = g, members[0].traces, members[0].metrics
	}
	return g, nil
}

// collisions are the problems of an API of this emulator beside those of the others.
func (g *Group) collisions(e *Emulator, api *apigw.API) []apigw.Problem {
	var problems []apigw.Problem
	for _, other := range g.members {
		theirs := other.gateway.API()
		if other == e {
			continue
		}
		if theirs.BasePath == api.BasePath {
			problems = append(problems, apigw.Problem{
				Position: positionOf(api, "basePath", "stage"),
				Message:  fmt.Sprintf("the base path %q is that of %s, too; give each API its own basePath or stage", cmp.Or(api.BasePath, "/"), other.source.name),
			})
		}
		if theirs.ID == api.ID {
			problems = append(problems, apigw.Problem{
				Position: positionOf(api, "id", "name"),
				Message:  fmt.Sprintf("the id %q is that of %s, too; give each API its own id, or a name that it is derived from", api.ID, other.source.name),
			})
		}
	}
	return problems
}

// positionOf is where the first of these keys stands that the file has.
func positionOf(api *apigw.API, keys ...string) apigw.Position {
	for _, key := range keys {
		if at, said := api.Positions[key]; said {
			return at
		}
	}
	return api.Position
}

// ServeHTTP answers a request as its API would. One that belongs to no API is answered 403 Forbidden.
func (g *Group) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e := g.find(r); e != nil {
		e.ServeHTTP(w, r)
		return
	}
	reason, hint := g.unknown(r)
	g.members[0].gateway.RefuseUnknown(w, g.members[0].client.seen(r), reason, hint)
}

// find returns the emulator that answers a request: by its host, else by the longest base path. Nil is none.
func (g *Group) find(r *http.Request) *Emulator {
	if len(g.members) == 1 {
		return g.members[0]
	}
	if id, ok := apiOfHost(r.Host); ok {
		return g.byID(id)
	}
	var found *Emulator
	length := -1
	path := gateway.Path(r)
	for _, e := range g.members {
		if base := e.gateway.API().BasePath; len(base) > length && gateway.HasBasePath(path, base) {
			found, length = e, len(base)
		}
	}
	return found
}

// apiOfHost is the id in a host name such as a1b2c3d4e5.execute-api.localhost:3000.
func apiOfHost(host string) (id string, ok bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), executeAPI)
}

func (g *Group) byID(id string) *Emulator {
	for _, e := range g.members {
		if e.gateway.API().ID == id {
			return e
		}
	}
	return nil
}

// unknown says why no API answers.
func (g *Group) unknown(r *http.Request) (reason, hint string) {
	if id, ok := apiOfHost(r.Host); ok {
		ids := make([]string, len(g.members))
		for i, e := range g.members {
			ids[i] = e.gateway.API().ID
		}
		return fmt.Sprintf("no API has the id %q of the host %s", id, r.Host), "there are " + strings.Join(ids, ", ")
	}
	bases := make([]string, len(g.members))
	for i, e := range g.members {
		api := e.gateway.API()
		bases[i] = fmt.Sprintf("%s (%s)", cmp.Or(api.BasePath, "/"), api.Name)
	}
	return fmt.Sprintf("no API answers %s: URLs start with %s", gateway.Path(r), strings.Join(bases, " or ")),
		"put the base path first, or name the API in the host: {apiId}" + executeAPI
}

// Serve answers the requests of a listener, as [Emulator.Serve] does.
func (g *Group) Serve(ctx context.Context, listener net.Listener) error {
	return g.members[0].serveAPI(ctx, listener, g)
}

// ServeTLS answers the requests of a listener by TLS, as [Emulator.ServeTLS] does.
func (g *Group) ServeTLS(ctx context.Context, listener net.Listener, config *tls.Config) error {
	return g.members[0].serveTLS(ctx, listener, config, g)
}

// Members are the emulators, in the order in which they were given.
func (g *Group) Members() []*Emulator { return slices.Clone(g.members) }

// Routes lists the routes of all APIs.
func (g *Group) Routes(baseURL string) []Route {
	var routes []Route
	for _, e := range g.members {
		own := e.Routes(baseURL)
		if len(g.members) > 1 {
			for i := range own {
				own[i].API = e.gateway.API().ID
			}
		}
		routes = append(routes, own...)
	}
	return routes
}
