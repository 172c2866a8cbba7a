package wire

import (
	"context"
	"net"
)

// Options are what a listener needs besides the one that it wraps.
type Options struct {
	// Refused, unless it is nil, is told of each request that net/http answers by itself because it cannot parse it: bad percent
	// signs in the path, two Hosts, a head that is too long. It gets the head as far as it came, empty lines before it included,
	// and net/http's answer; what it returns is sent instead, nothing if it is empty. The connection ends afterwards. The head
	// is empty when the connection had given up copying. It may keep both, and is called by many connections at once.
	//
	// A request with an unknown Expect never comes here: net/http answers it like a handler.
	Refused func(head, answer []byte) []byte
}

// NewListener wraps a listener of plaintext connections, for an [http.Server] that has [ConnContext].
func NewListener(l net.Listener, options Options) net.Listener {
	return &listener{Listener: l, options: options}
}

type listener struct {
	net.Listener
	options Options
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, refused: l.options.Refused}, nil
}

// connKey is where a request's context holds its connection.
type connKey struct{}

// ConnContext is for [http.Server.ConnContext]: through it, [Headers] and [Abandon] find the connection of a request.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case *conn:
		return context.WithValue(ctx, connKey{}, c)
	case *tlsConn:
		return context.WithValue(ctx, connKey{}, &c.conn)
	}
	return ctx
}
