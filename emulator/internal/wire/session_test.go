package wire_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/wire"
)

// TestSessions sends random requests one behind the other, cut at random places, to a handler that reads all of a body, some
// of it or nothing: what it sees is what was sent.
func TestSessions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		s := session{random: rand.New(rand.NewPCG(seed, 1))}
		for range 1 + s.random.IntN(8) {
			s.request()
		}
		var got []record
		answers := play(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = append(got, take(r))
			seen := &got[len(got)-1]
			limit := map[byte]int64{'a': 1 << 20, 's': 7}[seen.Target[1]]
			body, err := io.ReadAll(io.LimitReader(r.Body, limit))
			if err != nil {
				t.Errorf("seed %d: body of %s: %v", seed, seen.Target, err)
			}
			seen.Body = string(body)
		}), wire.Options{}, s.pieces()...)
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		if ok := strings.Count(answers, "HTTP/1.1 200 OK\r\n"); ok != len(s.want) {
			t.Fatalf("seed %d: %d of %d requests were answered", seed, ok, len(s.want))
		}
	}
}

// session is what a client sends on a connection, and what the handler has to see of it.
type session struct {
	random *rand.Rand
	sent   strings.Builder
	want   []record
}

// request adds one request. Its target begins with how much of the body the handler reads: all, some or nothing.
func (s *session) request() {
	want := record{Target: []string{"/all", "/some", "/nothing"}[s.random.IntN(3)], OK: true}
	var lines, encoded string
	add := func(name, value string) {
		name = s.spell(name)
		want.Names = append(want.Names, name)
		lines += name + ":" + value + "\r\n"
	}
	add("Host", " x")
	for range s.random.IntN(6) {
		add("X-Head", []string{"", " a", " a\r\n  folded: b", strings.Repeat(" b", s.random.IntN(3000))}[s.random.IntN(4)])
	}
	body := strings.Repeat("GET /evil HTTP/1.1\r\nh: x\r\n\r\n", s.random.IntN(400))
	switch s.random.IntN(3) {
	case 0:
		body = ""
	case 1:
		add("Content-Length", fmt.Sprint(len(body)))
		encoded = body
	case 2:
		add("Transfer-Encoding", " chunked")
		encoded = s.chunked(body)
	}
	want.Size = len(lines)
	switch want.Target {
	case "/all":
		want.Body = body
	case "/some":
		want.Body = body[:min(7, len(body))]
	}
	fmt.Fprintf(&s.sent, "POST %s HTTP/1.1\r\n%s\r\n%s", want.Target, lines, encoded)
	s.want = append(s.want, want)
}

// spell changes the case of random letters.
func (s *session) spell(name string) string {
	spelled := []byte(name)
	for i, c := range spelled {
		if c != '-' && s.random.IntN(2) == 0 {
			spelled[i] = c ^ 0x20
		}
	}
	return string(spelled)
}

func (s *session) chunked(body string) string {
	var b strings.Builder
	for body != "" {
		n := 1 + s.random.IntN(len(body))
		fmt.Fprintf(&b, []string{"%x", "%X", "0%x", "%x;a=f0", "%x \t"}[s.random.IntN(5)]+"\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + []string{"0\r\n\r\n", "0;a=1\r\n\r\n", "0\r\ntRailer: x\r\nb: y\r\n\r\n"}[s.random.IntN(3)]
}

// pieces cuts what is sent at random places.
func (s *session) pieces() []string {
	var pieces []string
	most := 1 + s.random.IntN(5000)
	for rest := s.sent.String(); rest != ""; {
		n := min(1+s.random.IntN(most), len(rest))
		pieces, rest = append(pieces, rest[:n]), rest[n:]
	}
	return pieces
}
