package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"testing"

	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
)

// What is left of requests is as large as their traces say, and never as large as their bodies. The test is not parallel: it
// looks at the memory of all.
func TestMemoryOfTraces(t *testing.T) {
	for _, size := range []int{100, 60_000, 1 << 20} {
		for _, jsonLane := range []bool{false, true} {
			requests := 100
			if size > 100_000 {
				requests = 20 // each takes its time
			}
			h := newHarness(func(o *gateway.Options) {
				o.JSONLane = jsonLane
				o.Handlers["echo"], o.Handlers["jwt"] = function.Func(hello), function.Func(allow)
			}).deploy(t, api(nil))
			before := memory()
			for range requests {
				r := ask(t, "/dev/guarded", true)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(bytes.Repeat([]byte("x"), size))), -1
				h.ServeHTTP(discard{http.Header{}}, r)
			}
			kept, said := memory()-before, 0
			for i := range h.traces {
				said += h.traces[i].Size()
			}
			if len(h.traces) != requests || kept > said+said/4 {
				t.Errorf("bodies of %d bytes, JSON lane %t: %d traces keep %d bytes and say %d", size, jsonLane, len(h.traces), kept, said)
			}
			if most := requests * (70 << 10); said > most {
				t.Errorf("bodies of %d bytes, JSON lane %t: the traces say %d bytes, want %d at most", size, jsonLane, said, most)
			}
		}
	}
}

func memory() int {
	for range 3 { // a pool forgets after two
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
