package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gatewayd/bench"
	"gatewayd/emulator"
)

// subject is one of the things that a benchmark compares.
type subject struct {
	name string
	run  func()
}

// takeTurns runs the subjects in an order that changes from round to round, and returns the median duration of one run of each.
// A round, which is what the benchmark counts, has that many runs of each subject.
func takeTurns(b *testing.B, runs int, subjects ...subject) []time.Duration {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([][]time.Duration, len(subjects))
	for _, s := range subjects {
		s.run() // whatever happens only once
	}
	for b.Loop() {
		for _, i := range random.Perm(len(subjects)) {
			start := time.Now()
			for range runs {
				subjects[i].run()
			}
			samples[i] = append(samples[i], time.Since(start)/time.Duration(runs))
		}
	}
	b.ReportMetric(0, "ns/op") // of a round, which says nothing
	medians := make([]time.Duration, len(subjects))
	for i := range subjects {
		medians[i] = quantile(samples[i], 0.5)
	}
	return medians
}

// difference reports the median of each subject, and what the last adds to the first.
func difference(b *testing.B, runs int, subjects ...subject) {
	b.Helper()
	medians := takeTurns(b, runs, subjects...)
	for i, s := range subjects {
		b.ReportMetric(float64(medians[i]), "ns/"+s.name)
	}
	b.ReportMetric(float64(medians[len(medians)-1]-medians[0]), "ns/added")
}

// quantile sorts the samples.
func quantile(samples []time.Duration, q float64) time.Duration {
	slices.Sort(samples)
	return samples[int(q*float64(len(samples)-1))]
}

// discard is a client that is not interested.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Flush()                      {}

// calls makes a subject of a handler: requests in process, without a network, as net/http's HTTP/1 server hands them over.
func calls(b testing.TB, name string, handler http.Handler, path, token string) subject {
	b.Helper()
	text := requestText(path, token)
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		b.Fatal(err)
	}
	request.RemoteAddr = "127.0.0.1:1024"
	request = request.WithContext(context.WithValue(context.Background(), http.ServerContextKey, &http.Server{}))
	w := &discard{http.Header{}}
	return subject{name, func() {
		clear(w.header)
		handler.ServeHTTP(w, request)
	}}
}

func requestText(path, token string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n", path, token)
}

func newEmulator(b testing.TB, routes string, functions emulator.Functions) *emulator.Emulator {
	b.Helper()
	return newEmulatorWith(b, routes, functions, nil)
}

func newEmulatorWith(b testing.TB, routes string, functions emulator.Functions, options *emulator.Options) *emulator.Emulator {
	b.Helper()
	e, err := emulator.New(emulator.Routes(routes), functions, options)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// connection is a client's: one request after the other, each read to its end.
type connection struct {
	net.Conn
	reader *bufio.Reader
}

// ask sends a request and checks that the answer is the right one.
func (c connection) ask(request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	status, err := c.reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.Equal(status, []byte("HTTP/1.1 200 OK\r\n")) {
		return fmt.Errorf("answered %q", status)
	}
	length := 0
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= len("\r\n") {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length != len(bench.Answer) {
		return fmt.Errorf("answered %d bytes", length)
	}
	_, err = c.reader.Discard(length)
	return err
}

// dial opens 16 connections to what serve serves on a port of this machine until the benchmark ends.
func dial(b *testing.B, serve func(context.Context, net.Listener) error) []connection {
	b.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener) }()
	connections := make([]connection, 16)
	for i := range connections {
		conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		connections[i] = connection{conn, bufio.NewReader(conn)}
	}
	b.Cleanup(func() {
		for _, c := range connections {
			if err := c.Close(); err != nil {
				b.Error(err)
			}
		}
		stop()
		if err := <-served; err != nil {
			b.Error(err)
		}
	})
	return connections
}

// serveHandler serves as [emulator.Emulator.Serve] does.
func serveHandler(handler http.Handler) func(context.Context, net.Listener) error {
	return func(ctx context.Context, listener net.Listener) error {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stopped()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

// traffic makes a subject of connections: a request on each at the same time.
func traffic(b *testing.B, name, path string, connections []connection) subject {
	b.Helper()
	request := requestText(path, "Bearer "+bench.Token())
	const burst = 16 // requests of a connection
	return subject{name, func() {
		var group sync.WaitGroup
		for _, c := range connections {
			group.Go(func() {
				for range burst {
					if err := c.ask(request); err != nil && !errors.Is(err, io.EOF) {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
	}}
}
