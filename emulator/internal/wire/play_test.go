package wire_test

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"gatewayd/emulator/internal/wire"
)

// record is what a handler saw of a request.
type record struct {
	Target string
	Names  []string
	Size   int
	OK     bool
	Body   string
}

// take is the record of a request without its body.
func take(r *http.Request) record {
	names, size, ok := wire.Headers(r)
	return record{Target: r.RequestURI, Names: names, Size: size, OK: ok}
}

// recordAll returns a handler that records whole requests, and where it puts them.
func recordAll(tb testing.TB) (handler http.HandlerFunc, records *[]record) {
	tb.Helper()
	records = new([]record)
	return func(_ http.ResponseWriter, r *http.Request) {
		seen := take(r)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Errorf("body of %s: %v", r.RequestURI, err)
		}
		seen.Body = string(body)
		*records = append(*records, seen)
	}, records
}

// play serves one connection whose client sends pieces and then no more, and returns what it was answered.
func play(tb testing.TB, handler http.Handler, options wire.Options, pieces ...string) string {
	tb.Helper()
	c := &script{pieces: pieces, closed: make(chan struct{})}
	serve(tb, newListener(c), handler, options)
	<-c.closed
	return c.answers.String()
}

// serve runs a server like the emulator's until the test ends.
func serve(tb testing.TB, l net.Listener, handler http.Handler, options wire.Options) {
	tb.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler: handler, ConnContext: wire.ConnContext, Protocols: &protocols,
		MaxHeaderBytes: 64 << 10, ReadHeaderTimeout: 10 * time.Second, DisableGeneralOptionsHandler: true,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	run(tb, server, wire.NewListener(l, options))
}

// run runs a server until the test ends.
func run(tb testing.TB, server *http.Server, l net.Listener) {
	tb.Helper()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
		if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
			tb.Error(err)
		}
	})
}

// listener accepts what is put into conns.
type listener struct {
	conns   chan net.Conn
	closed  chan struct{}
	closing sync.Once
}

func newListener(conns ...net.Conn) *listener {
	l := &listener{conns: make(chan net.Conn, len(conns)), closed: make(chan struct{})}
	for _, c := range conns {
		l.conns <- c
	}
	return l
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return nil
}

func (*listener) Addr() net.Addr { return &net.TCPAddr{} }

// script is the server's end of a connection.
type script struct {
	net.Conn // of what a server does not call
	pieces   []string
	answers  bytes.Buffer
	closed   chan struct{}
	closing  sync.Once
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; s.pieces[0] == "" {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

func (s *script) Write(p []byte) (int, error)    { return s.answers.Write(p) }
func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*script) SetDeadline(time.Time) error      { return nil }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) Close() error {
	s.closing.Do(func() { close(s.closed) })
	return nil
}
