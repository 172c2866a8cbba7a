package emulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

func paths(traces []trace.Trace) []string {
	var out []string
	for i := range traces {
		out = append(out, traces[i].Path)
	}
	return out
}

func TestTraces(t *testing.T) {
	t.Parallel()
	g := newTwo(t, "", nil)
	if got := g.Traces(emulator.TraceFilter{}); got == nil || len(got) != 0 {
		t.Errorf("before the first request: %v", got)
	}
	for i := range 1002 {
		g.Get(fmt.Sprintf("/dev/%d", i))
	}
	g.Get("/dev/open")
	if got := g.Traces(emulator.TraceFilter{}); len(got) != 1000 || got[999].Path != "/dev/3" {
		t.Errorf("%d traces", len(got))
	}
	if diff := cmp.Diff([]string{"/dev/open", "/dev/1001"}, paths(g.Traces(emulator.TraceFilter{Limit: 2}))); diff != "" {
		t.Errorf("newest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/dev/1001"}, paths(g.Traces(emulator.TraceFilter{Limit: 1, Code: "route", Status: 403}))); diff != "" {
		t.Errorf("filtered (-want +got):\n%s", diff)
	}
	g.Reset()
	if got := g.Traces(emulator.TraceFilter{}); len(got) != 0 {
		t.Errorf("after a reset: %d traces", len(got))
	}
}

func TestFollowTraces(t *testing.T) {
	t.Parallel()
	g := newTwo(t, "", nil)
	g.Get("/dev/before")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	followed := g.FollowTraces(ctx)
	for i := range 3 {
		g.Get(fmt.Sprintf("/dev/%d", i))
	}
	var got []string
	for tr, lost := range followed {
		got = append(got, fmt.Sprint(tr.Path, " ", lost))
		switch len(got) {
		case 3: // it is away while more come than are kept
			for i := range 1007 {
				g.Get(fmt.Sprintf("/dev/more-%d", i))
			}
		case 4:
			g.Reset()
			g.Get("/dev/last")
		case 5:
			cancel()
		}
	}
	want := []string{"/dev/0 0", "/dev/1 0", "/dev/2 0", "/dev/more-7 7", "/dev/last 999"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who follows is woken, and who stops is forgotten.
func TestFollowTracesWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newTwo(t, "", nil)
		var got []string
		done := make(chan struct{})
		followed := g.FollowTraces(t.Context())
		go func() {
			defer close(done)
			for tr := range followed {
				if got = append(got, tr.Path); len(got) == 2 {
					return
				}
			}
		}()
		for _, path := range []string{"/dev/1", "/dev/2", "/dev/3"} {
			synctest.Wait()
			g.Get(path)
		}
		<-done
		if diff := cmp.Diff([]string{"/dev/1", "/dev/2"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// stall is a subscriber whose connection has taken all that it will take until it is released.
type stall struct {
	*httptest.ResponseRecorder
	stalled, dropped chan string // what was about to be written, and what was written about drops
	release          <-chan struct{}
}

func (s stall) Write(text []byte) (int, error) {
	select {
	case <-s.release:
		if strings.HasPrefix(string(text), "event: dropped") {
			s.dropped <- string(text)
		}
	default:
		if strings.HasPrefix(string(text), "id: ") {
			s.stalled <- string(text)
			<-s.release
		}
	}
	return len(text), nil
}

// A subscriber that does not read keeps no request waiting, and learns how much it missed.
func TestSlowSubscriber(t *testing.T) {
	t.Parallel()
	g := newTwo(t, "", nil)
	handler := g.Control(emulator.ControlOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	w := stall{httptest.NewRecorder(), make(chan string, 1), make(chan string, 1), release}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/_gatewayd/traces/stream?code=integration", http.NoBody)
		r.Host = "localhost"
		handler.ServeHTTP(w, r)
	}()
	for len(w.stalled) == 0 { // until the subscription has begun
		g.Get("/dev/open")
	}
	for range 1500 {
		g.Get("/dev/none")
	}
	close(release)
	if got := <-w.dropped; !strings.Contains(got, "\ndata: {\"dropped\":") {
		t.Errorf("got %q", got)
	}
	cancel()
	<-done
}

// Streams end with the listener, at once: whoever follows the traces does not hold up the end.
func TestStreamEndsOnShutdown(t *testing.T) {
	t.Parallel()
	g := newTwo(t, "", nil)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- g.ServeControl(ctx, listener, emulator.ControlOptions{}) }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/_gatewayd/traces/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	g.Get("/dev/open")
	lines := bufio.NewScanner(response.Body)
	for !strings.Contains(lines.Text(), `"path":"/dev/open"`) && lines.Scan() {
		continue
	}
	start := time.Now()
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > emulator.DrainTime/2 {
		t.Errorf("the listener took %v to end", took)
	}
	if lines.Scan(); lines.Scan() || lines.Err() != nil { // after an empty line
		t.Errorf("the stream does not end well: %q, %v", lines.Text(), lines.Err())
	}
}

// BenchmarkFollowedRequest is a request with its account: nobody looks, somebody has stopped reading, or readers have each trace
// in JSON, as the streams of the control API do. What readers do is work of their own, which takes the processor's time but
// none of a request's; on a machine with a processor to spare a request costs the same.
func BenchmarkFollowedRequest(b *testing.B) {
	read := func(tr trace.Trace) bool {
		text, err := json.Marshal(tr)
		return err == nil && len(text) > 0
	}
	dead := func(trace.Trace) bool { return false }
	tests := []struct {
		name      string
		followers int
		follow    func(trace.Trace) bool // false stops reading, for good
	}{
		{name: "nobody"},
		{name: "one that is dead", followers: 1, follow: dead},
		{name: "one reader", followers: 1, follow: read},
		{name: "ten readers", followers: 10, follow: read},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			e, err := emulator.New(emulator.Routes(open("one")), emulator.Functions{"one": answer("")}, nil)
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			var followers sync.WaitGroup
			for range tt.followers {
				followed := e.FollowTraces(ctx)
				followers.Go(func() {
					for tr := range followed {
						if !tt.follow(tr) {
							<-ctx.Done()
							return
						}
					}
				})
			}
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/dev/pets", http.NoBody)
			b.ReportAllocs()
			for b.Loop() {
				e.ServeHTTP(httptest.NewRecorder(), r)
			}
			cancel()
			followers.Wait()
		})
	}
}
