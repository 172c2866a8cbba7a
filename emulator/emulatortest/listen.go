package emulatortest

import (
	"context"
	"net"
	"sync"

	"gatewayd/emulator"
)

// address is where a gateway listens once somebody asks.
type address struct {
	mu      sync.Mutex
	servers map[string]*server // by what they serve
}

// server is a listener that is served.
type server struct {
	url    string
	cancel context.CancelFunc
	ended  chan error
}

// URL is where the gateway answers over a real connection, without a slash at the end: http://127.0.0.1:PORT. It listens from
// the first call to the end of the test. It is for clients other than [Gateway.Client], and not for testing/synctest.
func (g *Gateway) URL() string {
	g.t.Helper()
	return g.listen("API", g.Serve)
}

// ControlURL is where the control API answers over a real connection, as [Gateway.URL] does for the API.
func (g *Gateway) ControlURL() string {
	g.t.Helper()
	base := g.URL()
	return g.listen("control API", func(ctx context.Context, listener net.Listener) error {
		return g.ServeControl(ctx, listener, emulator.ControlOptions{BaseURL: base})
	})
}

func (g *Gateway) listen(name string, serve func(context.Context, net.Listener) error) string {
	g.t.Helper()
	g.address.mu.Lock()
	defer g.address.mu.Unlock()
	if s, ok := g.address.servers[name]; ok {
		return s.url
	}
	listener, err := (&net.ListenConfig{}).Listen(g.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	// The context of the test has ended when its cleanups run, and with it would the listener have.
	ctx, cancel := context.WithCancel(context.WithoutCancel(g.t.Context()))
	s := &server{url: "http://" + listener.Addr().String(), cancel: cancel, ended: make(chan error, 1)}
	go func() { s.ended <- serve(ctx, listener) }()
	if g.address.servers == nil {
		g.address.servers = map[string]*server{}
	}
	g.address.servers[name] = s
	return s.url
}

// close stops listening, once requests in flight are answered.
func (a *address) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var failed error
	for _, s := range a.servers {
		s.cancel()
		if err := <-s.ended; err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}
