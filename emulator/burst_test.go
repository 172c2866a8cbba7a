package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
)

// However many requests come, and however large, traces keep the 64 MiB that they may, and a subscriber that has stopped reading
// neither keeps more nor holds anything up. It measures the whole process, so nothing else may run beside it.
func TestBurst(t *testing.T) {
	const (
		requests = 10_000
		body     = 40 << 10                // in and out: a thousand such traces are more than may be kept
		kept     = 64<<20 + 32<<20         // bytes of traces, and what else the process comes to need
		slow     = 10 * time.Second / 1000 // for a request on average, on a machine that does other things as well
	)
	e, err := emulator.New(emulator.Routes(routesOfBurst), emulator.Functions{
		"auth": emulatortest.Allow("me"),
		"echo": emulator.Func(func(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: r.Body}, nil
		}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var subscribers sync.WaitGroup
	began := make(chan struct{})
	subscribers.Go(func() {
		for range e.FollowTraces(ctx) {
			close(began)
			<-ctx.Done() // it never reads again
			return
		}
	})
	ask := func(worker, i int) {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/dev/echo", strings.NewReader(strings.Repeat("x", body)))
		r.Header.Set("Authorization", fmt.Sprint("client ", worker*requests+i))
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.Len() != body {
			t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
		}
	}
	for subscribed := false; !subscribed; { // until the subscriber has its one trace
		ask(0, 0)
		select {
		case <-began:
			subscribed = true
		default:
		}
	}
	before := liveHeap()
	start := time.Now()
	var clients sync.WaitGroup
	for worker := range workers {
		clients.Go(func() {
			for i := range requests / workers {
				ask(worker, i)
			}
		})
	}
	clients.Wait()
	took, grown := time.Since(start), int64(liveHeap())-int64(before)
	t.Logf("%.0f requests a second; the live heap has grown by %d KiB", requests/took.Seconds(), grown>>10)
	if grown > kept {
		t.Errorf("the live heap has grown by %d bytes, more than %d", grown, kept)
	}
	if took > requests*slow {
		t.Errorf("%d requests took %v", requests, took)
	}
	if n := len(e.Traces(emulator.TraceFilter{})); n == 0 || n >= 1000 {
		t.Errorf("%d traces of %d bytes are kept", n, 2*body)
	}
	cancel()
	subscribers.Wait()
}

const routesOfBurst = `
api: { stage: dev }
authorizers:
  auth: { function: auth }
routes:
  POST /echo: { function: echo, authorizer: auth }
`
