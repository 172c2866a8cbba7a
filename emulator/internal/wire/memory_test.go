package wire_test

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatewayd/emulator/internal/wire"
)

// player plays net/http's part in a connection: it reads a request, takes its names, ends its answer.
type player struct {
	script  // without pieces
	sent    string
	conn    net.Conn
	request *http.Request
	buffer  []byte
}

func (p *player) Read(b []byte) (int, error) {
	n := copy(b, p.sent)
	p.sent = p.sent[n:]
	return n, nil
}

func newPlayer(tb testing.TB) *player {
	tb.Helper()
	p := &player{buffer: make([]byte, 4096)}
	var err error
	if p.conn, err = wire.NewListener(newListener(p), wire.Options{}).Accept(); err != nil {
		tb.Fatal(err)
	}
	p.request = &http.Request{Method: http.MethodGet, RequestURI: "/dev/pets/1", Proto: "HTTP/1.1", ProtoMajor: 1}
	p.request = p.request.WithContext(wire.ConnContext(tb.Context(), p.conn))
	return p
}

// play reports whether the names of a request were found.
func (p *player) play(sent string) bool {
	p.read(sent)
	names, size, ok := wire.Headers(p.request)
	return ok && len(names) == 6 && size > 200 && p.conn.SetWriteDeadline(time.Time{}) == nil
}

func (p *player) read(sent string) {
	for p.sent = sent; p.sent != ""; {
		if _, err := p.conn.Read(p.buffer); err != nil {
			break
		}
	}
	p.sent = "" // an empty rest of it would keep the whole in memory
}

func TestHeadersAllocations(t *testing.T) {
	p := newPlayer(t)
	sent := fmt.Sprintf(typical, "1")
	found := true
	if got := testing.AllocsPerRun(100, func() { found = found && p.play(sent) }); !found || got != 0 {
		t.Errorf("found %v with %v allocations a request, want none when header lines repeat", found, got)
	}
}

// What a connection keeps while nothing happens on it is small, whatever happened before.
func TestMemory(t *testing.T) {
	const connections, most = 32, 8 << 10
	large := strings.Repeat("a", 1_000_000)
	tests := []struct {
		name string
		play func(*player)
	}{
		{name: "large head", play: func(p *player) { p.play(fmt.Sprintf(typical, large)) }},
		{name: "given up", play: func(p *player) {
			p.read("GET / HTTP/1.1\r\n\r\n" + large)
			p.read(large)
		}},
		{name: "HTTP/2", play: func(p *player) { p.read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + large) }},
		{name: "taken over", play: func(p *player) {
			if err := p.conn.SetDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
			p.read(large)
		}},
		{name: "much at once", play: func(p *player) {
			p.play(fmt.Sprintf(typical, "1") + strings.Repeat("\r\n", 1<<18) + fmt.Sprintf(typical, "2"))
			p.play("")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			players := make([]*player, connections)
			before := heap()
			for i := range players {
				players[i] = newPlayer(t)
				test.play(players[i])
				players[i].buffer = nil
			}
			if kept := (int64(heap()) - int64(before)) / connections; kept > most {
				t.Errorf("%d bytes a connection, want at most %d", kept, most)
			}
			runtime.KeepAlive(players)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
