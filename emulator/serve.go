package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatewayd/emulator/internal/wire"
)

// DrainTime is how long requests in flight may go on once [Emulator.Serve] is told to stop.
const DrainTime = 10 * time.Second

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 120 * time.Second
	headerBytes   = 64 << 10 // where net/http refuses by itself
)

// Serve answers the requests of a listener until ctx ends. Requests in flight then have [DrainTime] to finish; those that
// have not are cut off, which the log says. It closes the listener. The error is nil after a stop by ctx.
func (e *Emulator) Serve(ctx context.Context, listener net.Listener) error {
	return e.serveAPI(ctx, listener, e)
}

// ServeTLS serves as [Emulator.Serve] does, by TLS: HTTP/1.1, and HTTP/2 for clients that offer it. The configuration has the
// certificate. Where it verifies certificates of clients, mutual TLS, events have the client's in requestContext.identity.
func (e *Emulator) ServeTLS(ctx context.Context, listener net.Listener, config *tls.Config) error {
	return e.serveTLS(ctx, listener, config, e)
}

func (e *Emulator) serveAPI(ctx context.Context, listener net.Listener, handler http.Handler) error {
	return e.serve(ctx, wire.NewListener(listener, wire.Options{Refused: e.refused}), handler, "API")
}

func (e *Emulator) serveTLS(ctx context.Context, listener net.Listener, config *tls.Config, handler http.Handler) error {
	config = config.Clone()
	if config.NextProtos == nil {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	failed := func(remote net.Addr, err error) {
		e.log.Warn("a client could not shake hands", "client", remote.String(), "cause", err)
	}
	return e.serve(ctx, wire.NewTLSListener(listener, config, wire.Options{Refused: e.refused}, failed), handler, "API")
}

// refused tells of a request that net/http answers by itself, as it cannot be read. It is no request yet, so it has neither a
// trace nor a request id.
func (e *Emulator) refused(head, answer []byte) []byte {
	const shown = 200
	request, _, _ := strings.Cut(string(head[:min(len(head), shown)]), "\r\n")
	status, _, _ := strings.Cut(string(answer), "\r\n")
	e.log.Warn("a request that cannot be read was refused", "request", request, "answer", status)
	return answer
}

// newcomers are the connections that have sent nothing yet. net/http waits five seconds for each when it shuts down.
type newcomers struct {
	mu          sync.Mutex
	connections map[net.Conn]struct{}
}

func (n *newcomers) note(connection net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state == http.StateNew {
		n.connections[connection] = struct{}{}
		return
	}
	delete(n.connections, connection)
}

func (n *newcomers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for connection := range n.connections {
		_ = connection.Close() // its owner may have done so already
	}
}

// serve runs one HTTP server. It has no write timeout: a function may take 29 s, and a client its time to read.
func (e *Emulator) serve(ctx context.Context, listener net.Listener, handler http.Handler, name string) error {
	silent := &newcomers{connections: map[net.Conn]struct{}{}}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		// Without this, OPTIONS * would be answered by net/http, not by the API.
		DisableGeneralOptionsHandler: true,
		ConnContext:                  wire.ConnContext,
		ConnState:                    silent.note,
		ErrorLog:                     slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving the %s on %s: %w", name, listener.Addr(), err)
	case <-ctx.Done():
	}
	// The drain must outlive the context that asked for it.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), DrainTime)
	defer cancel()
	silent.close()
	err := server.Shutdown(drain)
	if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		e.log.Warn("requests that did not finish were cut off", "listener", name, "after", DrainTime)
		err = server.Close()
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stopping the %s on %s: %w", name, listener.Addr(), err)
	}
	return nil
}
