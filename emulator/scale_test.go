package emulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gatewayd/emulator"
)

// Ten thousand routes are served, each by its own rules, and reloaded under load: no request is lost or answered by a route
// that it did not ask for, and no version of the file stays in memory. It looks at the memory of all, so it is not parallel.
func TestTenThousandRoutes(t *testing.T) {
	const routes, workers, reloads = 10_000, 4, 4
	var text strings.Builder
	text.WriteString("api: { stage: dev }\nroutes:\n")
	for i := range routes {
		fmt.Fprintf(&text, "  GET /r%d/{id}: %s\n", i, []string{"even", "odd"}[i%2])
	}
	file := newFile(t, text.String())
	e, err := emulator.New(emulator.RoutesFile(file.path), emulator.Functions{"even": answer("even"), "odd": answer("odd")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(i int) {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/dev/r%d/1", i), http.NoBody))
		if want := []string{"even", "odd"}[i%2]; w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("route %d: %d %s, want %s", i, w.Code, w.Body, want)
		}
	}
	for i := range 1_000 { // until the traces that are kept are as many as there can be
		ask(i)
	}
	var heap []uint64
	for range reloads {
		var over atomic.Bool
		var group sync.WaitGroup
		for worker := range workers {
			group.Go(func() {
				for i := worker; !over.Load() && !t.Failed(); i = (i + 7919) % routes {
					ask(i)
				}
			})
		}
		if err := e.Reload(); err != nil {
			t.Error(err)
		}
		over.Store(true)
		group.Wait()
		for i := range 1_000 {
			ask(i)
		}
		heap = append(heap, liveHeap())
	}
	if first, last := heap[0], heap[reloads-1]; last > first+first/10 {
		t.Errorf("the live heap after each reload: %d", heap)
	}
	runtime.KeepAlive(e)
}
