package wire_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/wire"
)

// echo takes its connection over and sends back what comes.
func echo(t *testing.T) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		if names, _, _ := wire.Headers(r); !cmp.Equal(names, []string{"host", "upGrade"}) {
			t.Errorf("names %q", names)
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := io.Copy(c, rw); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestHijack(t *testing.T) {
	t.Parallel()
	sent := strings.Repeat("GET / HTTP/1.1\r\n\r\n", 200_000)
	if got := play(t, echo(t), wire.Options{}, "GET / HTTP/1.1\r\nhost: x\r\nupGrade: echo\r\n\r\nearly ", sent); got != "early "+sent {
		t.Errorf("got %d bytes, want %d", len(got), len(sent)+6)
	}
}

// A client that waits for 100 Continue before it sends its body.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	handler, records := recordAll(t)
	serve(t, newListener(server), handler, wire.Options{})
	answers := bufio.NewReader(client)
	for range 2 {
		write(t, client, "POST / HTTP/1.1\r\nhost: x\r\neXpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
		for _, step := range []struct{ status, send string }{{"100 Continue", "12345"}, {"200 OK", ""}} {
			response, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.Status != step.status {
				t.Errorf("got %s, want %s", response.Status, step.status)
			}
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
			if step.send != "" {
				write(t, client, step.send)
			}
		}
	}
	want := record{Target: "/", Names: []string{"host", "eXpect", "content-length"}, Size: 9 + 22 + 19, OK: true, Body: "12345"}
	if diff := cmp.Diff([]record{want, want}, *records); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// While a handler waits, net/http reads in the background, here the next request; the client that goes away ends the second.
func TestBackgroundRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var records []record
		client, server := net.Pipe()
		serve(t, newListener(server), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
			records = append(records, take(r))
		}), wire.Options{})
		go func() {
			if _, err := io.Copy(io.Discard, client); !errors.Is(err, io.ErrClosedPipe) {
				t.Error(err)
			}
		}()
		write(t, client, "GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
		write(t, client, "GET /2 HTTP/1.1\r\nHOST: x\r\n\r\n")
		synctest.Wait()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		want := []record{
			{Target: "/1", Names: []string{"host"}, Size: 9, OK: true},
			{Target: "/2", Names: []string{"HOST"}, Size: 9, OK: true},
		}
		if diff := cmp.Diff(want, records); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// The time limits of net/http work through the wrapper, and what it says then can be replaced too.
func TestReadHeaderTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		serve(t, newListener(server), http.NotFoundHandler(), wire.Options{Refused: func(head, _ []byte) []byte {
			return fmt.Appendf(nil, "%s?", head)
		}})
		start := time.Now()
		write(t, client, "GET / HT")
		answer, err := io.ReadAll(client)
		if err != nil {
			t.Error(err)
		}
		if got := fmt.Sprintf("%s after %s", answer, time.Since(start)); got != "GET / HT? after 10s" {
			t.Error(got)
		}
	})
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		http2 bool
		want  []string
	}{
		{name: "HTTP/1.1", want: []string{"Host", "User-Agent", "x-LOWER", "Accept-Encoding"}},
		{name: "HTTP/2", http2: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, server := net.Pipe()
			serve(t, newListener(server), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.TLS != nil {
					t.Error("a plaintext connection counts as TLS")
				}
				names, _, ok := wire.Headers(r)
				if diff := cmp.Diff(test.want, names); diff != "" || ok == test.http2 {
					t.Errorf("ok %v, names (-want +got):\n%s", ok, diff)
				}
			}), wire.Options{})
			transport := &http.Transport{
				Protocols:   new(http.Protocols),
				DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil },
			}
			defer transport.CloseIdleConnections()
			transport.Protocols.SetUnencryptedHTTP2(test.http2)
			transport.Protocols.SetHTTP1(!test.http2)
			for range 3 {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				request.Header["x-LOWER"] = []string{"1"}
				response, err := transport.RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				if err := response.Body.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A server that has the listener without the context, or the context without the listener, has no names.
func TestHeadersElsewhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		server http.Server
		wrap   func(net.Listener) net.Listener
	}{
		{name: "no context", wrap: func(l net.Listener) net.Listener { return wire.NewListener(l, wire.Options{}) }},
		{name: "no listener", wrap: func(l net.Listener) net.Listener { return l }, server: http.Server{ConnContext: wire.ConnContext}},
	}
	for i := range tests {
		test := &tests[i]
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := &script{pieces: []string{"GET / HTTP/1.1\r\nhost: x\r\n\r\n"}, closed: make(chan struct{})}
			var records []record
			test.server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { records = append(records, take(r)) })
			run(t, &test.server, test.wrap(newListener(c)))
			<-c.closed
			if diff := cmp.Diff([]record{{Target: "/"}}, records); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// halfCloser counts the calls that go through.
type halfCloser struct {
	net.Conn
	closed, copied int
}

func (h *halfCloser) CloseWrite() error {
	h.closed++
	return nil
}

func (h *halfCloser) ReadFrom(io.Reader) (int64, error) {
	h.copied++
	return 0, nil
}

func TestForwarding(t *testing.T) {
	t.Parallel()
	able, unable := &halfCloser{}, &script{}
	for _, c := range []net.Conn{able, unable} {
		wrapped, err := wire.NewListener(newListener(c), wire.Options{}).Accept()
		if err != nil {
			t.Fatal(err)
		}
		both, ok := wrapped.(interface {
			io.ReaderFrom
			CloseWrite() error
		})
		if !ok {
			t.Fatal("methods are missing")
		}
		if _, err := both.ReadFrom(strings.NewReader("file")); err != nil {
			t.Error(err)
		}
		if err := both.CloseWrite(); err != nil {
			t.Error(err)
		}
		if _, ok := wrapped.(interface{ ConnectionState() tls.ConnectionState }); ok {
			t.Error("net/http would take it for TLS")
		}
	}
	if able.closed != 1 || able.copied != 1 || unable.answers.String() != "file" {
		t.Errorf("closed %d, copied %d, wrote %q", able.closed, able.copied, unable.answers.String())
	}
}
