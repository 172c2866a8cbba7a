package wire_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"gatewayd/emulator/internal/wire"
)

const typical = "GET /dev/pets/1 HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: curl/8.7.1\r\naccept: */*\r\n" +
	"authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEyMyIsImV4cCI6MTk5OTk5OTk5OX0.c2lnbmF0dXJlLXNpZ25hdHVyZS1z\r\n" +
	"x-request-id: %s\r\nconnection: keep-alive\r\n\r\n"

func BenchmarkHeaders(b *testing.B) {
	benchmarks := []struct {
		name string
		ids  []string // of requests that take turns
	}{
		{name: "repeated", ids: []string{"0123456789abcdef"}},
		{name: "different", ids: []string{"0123456789abcdef", "fedcba9876543210"}},
	}
	for _, benchmark := range benchmarks {
		b.Run(benchmark.name, func(b *testing.B) {
			p := newPlayer(b)
			var sent []string
			for _, id := range benchmark.ids {
				sent = append(sent, fmt.Sprintf(typical, id))
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if !p.play(sent[i%len(sent)]) {
					b.Fatal("no names")
				}
				i++
			}
		})
	}
}

// BenchmarkServer answers 16 requests at a time, one behind the other, so that it is the server that is measured and not the
// time that it takes to wake it up.
func BenchmarkServer(b *testing.B) {
	const depth = 16
	sent := strings.Repeat(fmt.Sprintf(typical, "0123456789abcdef"), depth)
	for _, recorded := range []bool{false, true} {
		b.Run(fmt.Sprintf("recorded=%v", recorded), func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, _, ok := wire.Headers(r); ok != recorded {
					b.Errorf("ok %v", ok)
				}
				if _, err := io.WriteString(w, "hello"); err != nil {
					b.Error(err)
				}
			})}
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			if recorded {
				server.ConnContext = wire.ConnContext
				l = wire.NewListener(l, wire.Options{Refused: func(_, answer []byte) []byte { return answer }})
			}
			run(b, server, l)
			answers := bufio.NewReader(c)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.WriteString(c, sent); err != nil {
					b.Fatal(err)
				}
				for range depth {
					readAnswer(b, answers)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/request")
		})
	}
}

// readAnswer reads an answer whose body is hello.
func readAnswer(b *testing.B, answers *bufio.Reader) {
	b.Helper()
	for {
		line, err := answers.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	if _, err := answers.Discard(len("hello")); err != nil {
		b.Fatal(err)
	}
}
