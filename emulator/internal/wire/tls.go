package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// HandshakeTime is how long a client may take to shake hands.
const HandshakeTime = 10 * time.Second

// NewTLSListener wraps a listener, for an [http.Server] that has [ConnContext] and serves it as if it were plaintext. Handshakes
// are made beside Accept, so that a client that is slow keeps nobody waiting. A connection that speaks HTTP/2 is net/http's own;
// any other is recorded.
//
// The configuration should offer h2 and http/1.1. Failed, unless it is nil, is told of each handshake that fails, and by whom; it
// is called by many connections at once. Close ends the handshakes that are under way.
func NewTLSListener(l net.Listener, config *tls.Config, options Options, failed func(remote net.Addr, err error)) net.Listener {
	if failed == nil {
		failed = func(net.Addr, error) {}
	}
	t := &tlsListener{Listener: l, config: config, options: options, failed: failed, ready: make(chan accepted)}
	t.running, t.stop = context.WithCancel(context.Background())
	t.handshakes.Go(t.accept)
	return t
}

type tlsListener struct {
	net.Listener
	config  *tls.Config
	options Options
	failed  func(net.Addr, error)

	ready      chan accepted
	running    context.Context //nolint:containedctx // of the listener itself: it ends with Close
	stop       context.CancelFunc
	handshakes sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

// accept takes connections until the listener is closed.
func (l *tlsListener) accept() {
	for {
		c, err := l.Listener.Accept()
		if err == nil {
			l.handshakes.Go(func() { l.shakeHands(c) })
			continue
		}
		// net/http waits before it accepts again, and so does this, for net/http.
		if !l.hand(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// hand gives a connection or an error to Accept, and reports whether it was taken.
func (l *tlsListener) hand(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.running.Done():
		return false
	}
}

func (l *tlsListener) shakeHands(c net.Conn) {
	ctx, cancel := context.WithTimeout(l.running, HandshakeTime)
	defer cancel()
	secured := tls.Server(c, l.config)
	if err := secured.HandshakeContext(ctx); err != nil {
		if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && isHTTP(plain.RecordHeader) {
			_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
		_ = c.Close() // the handshake's error says why
		if l.running.Err() == nil {
			l.failed(c.RemoteAddr(), err)
		}
		return
	}
	var out net.Conn = secured
	if secured.ConnectionState().NegotiatedProtocol != "h2" {
		out = &tlsConn{conn: conn{Conn: secured, refused: l.options.Refused}, secured: secured}
	}
	if !l.hand(accepted{conn: out}) {
		_ = out.Close() // nobody accepts it any more
	}
}

// isHTTP reports whether the first bytes of a connection are those of a plaintext request.
func isHTTP(begin [5]byte) bool {
	switch string(begin[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// Accept returns the next connection that has shaken hands.
func (l *tlsListener) Accept() (net.Conn, error) {
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.running.Done():
		return nil, net.ErrClosed
	}
}

// Close closes the listener, and ends what is under way.
func (l *tlsListener) Close() error {
	l.stop()
	err := l.Listener.Close()
	l.handshakes.Wait()
	return err
}

// tlsConn is a recorded connection that tells net/http of its TLS. A plaintext one must not have the method.
type tlsConn struct {
	conn
	secured *tls.Conn
}

// ConnectionState is where net/http finds the state of a connection that is no *tls.Conn.
func (c *tlsConn) ConnectionState() tls.ConnectionState { return c.secured.ConnectionState() }
