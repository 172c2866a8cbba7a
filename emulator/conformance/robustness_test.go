package conformance_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// TestClientGone has clients go away at every moment: nothing of them stays, and the others are served. It is not parallel,
// because it counts goroutines.
func TestClientGone(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	address := serve(t, newEmulator(t, `
api: { stage: dev }
routes: { POST /body: quick, GET /slow: slow, GET /large: large, GET /a: quick }
`, emulator.Functions{
		"quick": emulator.Factory(func() lambda.Handler { return answering(`{"body":"ok"}`) }),
		"large": emulator.Factory(func() lambda.Handler { return answering(`{"body":"` + strings.Repeat("x", 5_000_000) + `"}`) }),
		"slow": emulator.Factory(func() lambda.Handler {
			return &raw{answer: func(context.Context, []byte) ([]byte, error) {
				entered <- struct{}{}
				<-release
				return []byte(`{}`), nil
			}}
		}),
	}))
	alive := func() {
		t.Helper()
		conn := dial(t, address)
		conn.send("GET /dev/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if got := conn.status(); got != "HTTP/1.1 200 OK: ok" || !conn.closed() {
			t.Errorf("another client got %s", got)
		}
	}
	alive()
	before := runtime.NumGoroutine()
	for i := range 6 {
		inBody := dial(t, address)
		inBody.send("POST /dev/body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello")
		inBody.leave(i)

		inChunk := dial(t, address)
		inChunk.send("POST /dev/body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello")
		inChunk.leave(i)

		inHead := dial(t, address)
		inHead.send("GET /dev/a HTTP/1.1\r\nHost:")
		inHead.leave(i)

		inFunction := dial(t, address)
		inFunction.send("GET /dev/slow HTTP/1.1\r\nHost: x\r\n\r\n")
		<-entered
		inFunction.leave(i)

		inResponse := dial(t, address)
		inResponse.send("GET /dev/large HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := inResponse.reader.ReadByte(); err != nil {
			t.Fatal(err)
		}
		inResponse.leave(i)
	}
	alive()
	close(release)
	settle(t, before)
	alive()
}

// settle waits until there are no more goroutines than before.
func settle(t *testing.T, before int) {
	t.Helper()
	for limit := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// leave closes the connection, every second time by a reset.
func (c *client) leave(turn int) {
	c.t.Helper()
	if tcp, ok := c.Conn.(*net.TCPConn); ok && turn%2 == 1 {
		if err := tcp.SetLinger(0); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// TestBadNeighbors has functions of every bad kind run beside good ones: each harms its own request only.
func TestBadNeighbors(t *testing.T) {
	t.Parallel()
	function := func(answer func() ([]byte, error)) lambda.Handler {
		return emulator.Factory(func() lambda.Handler {
			return &raw{answer: func(context.Context, []byte) ([]byte, error) { return answer() }}
		})
	}
	flood := []byte(`{"body":"` + strings.Repeat("x", 7_000_000) + `"}`)
	address := serve(t, newEmulator(t, `
api: { stage: dev }
functions: { hangs: { handler: hangs, timeout: 1 } }
routes: { GET /panics: panics, GET /exits: exits, GET /hangs: hangs, GET /rubbish: rubbish, GET /floods: floods, POST /a: good }
`, emulator.Functions{
		"panics":  function(func() ([]byte, error) { panic("broken") }),
		"exits":   function(func() ([]byte, error) { runtime.Goexit(); return nil, nil }),
		"rubbish": function(func() ([]byte, error) { return []byte("\x00<html>"), nil }),
		"floods":  function(func() ([]byte, error) { return flood, nil }),
		"hangs": emulator.Factory(func() lambda.Handler {
			return &raw{answer: func(ctx context.Context, _ []byte) ([]byte, error) {
				<-ctx.Done()
				return []byte(`{"body":"late"}`), nil
			}}
		}),
		"good": emulator.Factory(func() lambda.Handler { return echo() }),
	}))
	const failed = "HTTP/1.1 502 Bad Gateway: " + internalServerError
	var wait sync.WaitGroup
	ask := func(request, want string, times int) {
		conn := dial(t, address)
		wait.Go(func() {
			for range times {
				if _, err := io.WriteString(conn, request); err != nil {
					t.Error(err)
					return
				}
				head, body, err := conn.read(http.MethodGet)
				if got := summary(head, body); err != nil || got != want {
					t.Errorf("got %s %v, want %s", got, err, want)
					return
				}
			}
		})
	}
	for i := range 8 {
		for _, bad := range []string{"panics", "exits", "hangs", "rubbish", "floods"} {
			ask("GET /dev/"+bad+" HTTP/1.1\r\nHost: x\r\n\r\n", failed, 2)
		}
		body := strings.Repeat(strconv.Itoa(i), 1000)
		ask("POST /dev/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"+body, "HTTP/1.1 200 OK: "+body, 50)
	}
	wait.Wait()
}

// TestDrain stops a server under load: what is in flight is answered, and Serve returns nil.
func TestDrain(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	e := newEmulator(t, wireRoutes, emulator.Functions{"backend": emulator.Factory(func() lambda.Handler {
		return &raw{answer: func(context.Context, []byte) ([]byte, error) {
			entered <- struct{}{}
			<-release
			return []byte(`{"body":"ok"}`), nil
		}}
	})})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx, listener) }()
	var busy []*client
	for range 10 {
		conn := dial(t, listener.Addr().String())
		conn.send(get)
		<-entered
		busy = append(busy, conn)
	}
	stop()
	for limit := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			break
		}
		_ = conn.Close() // it was only to see whether anybody listens
		if time.Now().After(limit) {
			t.Fatal("new connections are still accepted")
		}
	}
	close(release)
	for _, conn := range busy {
		if got := conn.status(); got != "HTTP/1.1 200 OK: ok" || !conn.closed() {
			t.Errorf("got %s", got)
		}
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestTimeLimits has a listener without a network, in a bubble where time passes in no time: a client that does not finish
// its head is cut off after 10 s, one that sends no further request after 120 s, and requests that do not finish while the
// server stops after 10 s.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEmulator(t, wireRoutes, emulator.Functions{"backend": &raw{answer: func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return []byte(`{"body":"late"}`), nil
		}}})
		listener := &pipes{make(chan net.Conn), make(chan struct{}), sync.Once{}}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- e.Serve(ctx, listener) }()

		start := time.Now()
		slow := listener.dial()
		for _, piece := range []string{"GET /dev/a HTTP/1.1\r\n", "Host: x\r\n", "A: "} {
			if _, err := io.WriteString(slow, piece); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		answer, err := io.ReadAll(slow)
		if took := time.Since(start); err != nil || strings.Contains(string(answer), "200") || took != 10*time.Second {
			t.Errorf("the slow client got %q, %v, after %v", answer, err, took)
		}

		idle := listener.dial()
		start = time.Now()
		if _, err := io.WriteString(idle, "GET /prod HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err = io.ReadAll(idle)
		if took := time.Since(start); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 403 ") || took != 2*time.Minute {
			t.Errorf("the idle client got %q, %v, after %v", answer, err, took)
		}

		hanging, stalled := listener.dial(), listener.dial()
		for conn, text := range map[net.Conn]string{hanging: get, stalled: "POST /dev/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhello"} {
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		start = time.Now()
		stop()
		for _, conn := range []net.Conn{hanging, stalled} {
			if answer, err := io.ReadAll(conn); err != nil || strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
				t.Errorf("got %q, %v", answer, err)
			}
		}
		if err := <-served; err != nil || time.Since(start) != emulator.DrainTime {
			t.Errorf("Serve returned %v after %v", err, time.Since(start))
		}
		if err := e.Wait(t.Context()); err != nil { // the function has 29 s
			t.Error(err)
		}
	})
}

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	waiting chan net.Conn
	done    chan struct{}
	once    sync.Once
}

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.waiting <- theirs
	return ours
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.waiting:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestSlowBody has clients send their bodies too slowly, in a bubble where time passes in no time. A client has 30 s for each
// 64 KB, and 2 s where the request is refused before its body is read.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	const (
		timeout = `HTTP/1.1 408 Request Timeout: {"message":"Request Timeout"}`
		ok      = "HTTP/1.1 200 OK: ok"
	)
	length := func(n int) string { return "Content-Length: " + strconv.Itoa(n) + "\r\n\r\n" }
	for _, test := range []struct {
		name, target, head string
		pieces             int
		piece              string
		pause              time.Duration // before each piece
		want               string
		code               trace.Code
		after              time.Duration // the answer
	}{
		{
			name: "it stalls", target: "/dev/a", head: length(9), piece: "hello", pieces: 1,
			want: timeout, code: trace.ClientGone, after: 30 * time.Second,
		},
		{
			name: "it never begins", target: "/dev/a", head: length(9),
			want: timeout, code: trace.ClientGone, after: 30 * time.Second,
		},
		{
			name: "it stalls in a chunk", target: "/dev/a", head: "Transfer-Encoding: chunked\r\n\r\n", piece: "ff\r\nhello", pieces: 1,
			want: timeout, code: trace.ClientGone, after: 30 * time.Second,
		},
		{
			name: "it drips", target: "/dev/a", head: length(100), piece: "x", pieces: 25, pause: time.Second,
			want: timeout, code: trace.ClientGone, after: 30 * time.Second,
		},
		{
			name: "it is slow", target: "/dev/a", head: length(10 * 64 << 10), piece: strings.Repeat("x", 64<<10), pieces: 10, pause: 29 * time.Second,
			want: ok, code: trace.IntegrationOK, after: 290 * time.Second,
		},
		{
			name: "it stalls outside every stage", target: "/prod/a", head: length(9), piece: "hello", pieces: 1,
			want: forbidden, code: trace.RouteUnknownStage, after: 2 * time.Second,
		},
		{
			name: "it stalls and is too large", target: "/dev/a", head: length(10<<20 + 1), piece: "hello", pieces: 1,
			want: tooLarge, code: trace.LimitBody, after: 0,
		},
		{
			name: "it stalls after more than 10 MB in chunks", target: "/dev/a", head: "Transfer-Encoding: chunked\r\n\r\n",
			piece: "b00000\r\n" + strings.Repeat("x", 11<<20), pieces: 1,
			want: tooLarge, code: trace.LimitBody, after: 0,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				codes := make(chan trace.Code, 1)
				e, err := emulator.New(emulator.Routes(wireRoutes), emulator.Functions{"backend": answering(`{"body":"ok"}`)},
					&emulator.Options{OnTrace: func(account trace.Trace) { codes <- account.Code }})
				if err != nil {
					t.Fatal(err)
				}
				conn := listen(t, e.Serve)
				conn.send("POST " + test.target + " HTTP/1.1\r\nHost: x\r\n" + test.head)
				start := time.Now()
				go func() {
					for range test.pieces {
						time.Sleep(test.pause)
						_, _ = io.WriteString(conn, test.piece) // a refusal may come before the end of it
					}
				}()
				got := conn.status()
				if took := time.Since(start); got != test.want || took != test.after {
					t.Errorf("got %s after %v, want %s after %v", got, took, test.want, test.after)
				}
				if code := <-codes; code != test.code {
					t.Errorf("the trace ends with %s, want %s", code, test.code)
				}
				if test.want != ok && !conn.closed() {
					t.Error("the connection goes on")
				}
			})
		})
	}
}

// TestSlowFunctionWithBody holds that the time which a body may take is no limit of the function, nor of the next request.
func TestSlowFunctionWithBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEmulator(t, wireRoutes, emulator.Functions{"backend": &raw{answer: func(context.Context, []byte) ([]byte, error) {
			time.Sleep(28 * time.Second)
			return []byte(`{"body":"ok"}`), nil
		}}})
		server := &http.Server{ReadHeaderTimeout: time.Hour, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.ServeHTTP(w, r)
			if err := r.Context().Err(); err != nil {
				t.Errorf("the client waits, but the request's context has ended: %v", err)
			}
		})}
		conn := listen(t, func(ctx context.Context, listener net.Listener) error {
			closed := make(chan error, 1)
			context.AfterFunc(ctx, func() { closed <- server.Close() })
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return <-closed
		})
		for range 3 {
			conn.send("POST /dev/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
			time.Sleep(10 * time.Second)
			conn.send("hello")
			if got := conn.status(); got != "HTTP/1.1 200 OK: ok" {
				t.Errorf("got %s", got)
			}
			time.Sleep(time.Minute)
		}
	})
}

// listen has a server run in a bubble until the test ends, and returns a connection to it.
func listen(t *testing.T, serve func(context.Context, net.Listener) error) *client {
	t.Helper()
	listener := &pipes{make(chan net.Conn), make(chan struct{}), sync.Once{}}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener) }()
	conn := listener.dial()
	t.Cleanup(func() {
		_ = conn.Close() // the other end may have closed it
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &client{conn, t, bufio.NewReader(conn)}
}
