package gateway

import (
	"context"
	"fmt"
	"slices"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
)

// Invocation is a call of a function that no request makes.
type Invocation struct {
	RequestID     string // of Lambda; "" is a new one
	Payload       []byte
	ClientContext string // JSON, of mobile clients
}

// Invoke calls a function by the name that the route file or the program knows it by. The errors are those of
// [function.Function], and [function.ErrNotFound] for a name that nobody knows.
func (g *Gateway) Invoke(ctx context.Context, name string, in Invocation) ([]byte, error) {
	t, err := g.named(name)
	if err != nil {
		return nil, err
	}
	if in.RequestID == "" {
		in.RequestID = g.NewRequestID()
	}
	return t.function.Invoke(ctx, function.Invocation{
		RequestID: in.RequestID, ARN: t.arn, Payload: in.Payload, ClientContext: in.ClientContext,
	})
}

// NewRequestID is an id for an invocation.
func (g *Gateway) NewRequestID() string { return newIDs(g.options.Random).uuid() }

// Knows reports whether there is a function of that name.
func (g *Gateway) Knows(name string) bool {
	d := g.deployment.Load()
	return d != nil && slices.Contains(g.names(d), name)
}

func (g *Gateway) named(name string) (target, error) {
	d := g.deployment.Load()
	if d == nil {
		return target{}, fmt.Errorf("%w: %s", function.ErrNotFound, name)
	}
	if t, used := d.functions[name]; used {
		return t, nil
	}
	if names := g.names(d); !slices.Contains(names, name) {
		return target{}, fmt.Errorf("%w: %q%s", function.ErrNotFound, name, apigw.Suggest(name, names))
	}
	return g.target(d.api, name)
}

// names are those of the route file's functions and of the in-process ones, in no order.
func (g *Gateway) names(d *deployment) []string {
	var names []string
	for name, handler := range g.options.Handlers {
		if handler != nil {
			names = append(names, name)
		}
	}
	for i := range d.api.Functions {
		names = append(names, d.api.Functions[i].Name)
	}
	return names
}
