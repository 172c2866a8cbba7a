package emulator_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
)

// TestMain adds the flag -soak, which is how long TestSoak has for its 24 hours.
func TestMain(m *testing.M) {
	flag.Duration("soak", time.Second, "how long TestSoak goes on")
	m.Run()
}

const soakRoutes = `
api: { name: soak, stage: dev }
authorizers:
  kept: { function: short, authorizerResultTtlInSeconds: 3600 }
  fresh: { function: short, authorizerResultTtlInSeconds: 0 }
  wordy: { function: wordy, authorizerResultTtlInSeconds: 300 }
routes:
  GET /open/{n}: who
  POST /kept/{n}: { function: who, authorizer: kept }
  GET /kept/{n}: { function: who, authorizer: kept }
  GET /fresh/{n}: { function: who, authorizer: fresh }
  GET /wordy/{n}: { function: who, authorizer: wordy }
`

// A day of traffic leaves neither memory nor goroutines behind: more identities than results are kept, policies of 500
// statements, requests of every outcome, reloads that drop results and a clock that jumps. Every answer is checked. The flag
// -soak makes it longer. It measures the whole process, so nothing else may run beside it.
func TestSoak(t *testing.T) {
	const hours, period = 24, 6
	s := newSoak(t)
	s.fill()
	goroutines := runtime.NumGoroutine()
	var heap []uint64
	for hour := range hours {
		s.hour(s.length / hours)
		if (hour+1)%period != 0 {
			continue
		}
		s.settle()
		heap = append(heap, liveHeap())
		eventually(t, func() string {
			if now := runtime.NumGoroutine(); now > goroutines {
				return fmt.Sprintf("hour %d: %d goroutines, %d more than at first", hour, now, now-goroutines)
			}
			return ""
		})
	}
	first, last := heap[0], heap[len(heap)-1]
	t.Logf("%d requests, %d reloads; live heap every %d hours: %d", s.requests.Load(), s.reloads, period, heap)
	if last > first+first/10+1<<20 {
		t.Errorf("the live heap has grown from %d to %d bytes: %d", first, last, heap)
	}
}

// workers is how many requests are made at a time.
const workers = 4

// soak is an emulator under load.
type soak struct {
	*emulator.Emulator
	t        *testing.T
	length   time.Duration
	file     file
	requests atomic.Int64
	reloads  int
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	length, err := time.ParseDuration(flag.Lookup("soak").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	s := &soak{t: t, length: length, file: newFile(t, soakRoutes)}
	// The caller N may read and write what ends with /N; the answer of 500 statements says so in the last.
	policy := func(statements int) any {
		others := strings.Repeat(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/GET/team*/*/none"},`, statements-1)
		return func(_ context.Context, e events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
			return fmt.Appendf(nil, `{"principalId":%q,"policyDocument":{"Version":"2012-10-17","Statement":[%s{"Effect":"Allow",`+
				`"Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/dev/*/%s"}]}}`, e.AuthorizationToken, others, e.AuthorizationToken), nil
		}
	}
	s.Emulator, err = emulator.New(emulator.RoutesFile(s.file.path), emulator.Functions{
		"short": emulator.FuncOf(policy(1)),
		"wordy": emulator.FuncOf(policy(500)),
		"who": emulator.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{
				StatusCode: http.StatusOK,
				Body:       fmt.Sprint(e.RequestContext.Authorizer["principalId"], " ", e.PathParameters["n"], " ", len(e.Body)),
			}, nil
		}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill has as many results kept as there can be.
func (s *soak) fill() {
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := worker; i < 10_500; i += workers {
				identity := strconv.Itoa(i)
				s.ask(http.MethodGet, "/dev/kept/"+identity, "", identity)
			}
		})
	}
	group.Wait()
}

// hour passes on the emulator's clock in steps, with a reload and traffic in each; every sixth ends with a jump to the next day
// and back.
func (s *soak) hour(takes time.Duration) {
	s.t.Helper()
	const steps = 2
	for range steps {
		var group sync.WaitGroup
		group.Go(func() { s.traffic(100, takes/steps) })
		s.Clock().Advance(time.Hour / steps)
		s.reload()
		group.Wait()
	}
	if s.Clock().Offset()%(6*time.Hour) == 0 {
		s.Clock().Advance(24 * time.Hour)
		s.traffic(100, 0)
		s.Clock().Advance(-24 * time.Hour)
	}
}

// reload deploys a file in which one authorizer is not the same as before, so that its results are dropped.
func (s *soak) reload() {
	s.t.Helper()
	s.reloads++
	s.file.write(strings.Replace(soakRoutes, "TtlInSeconds: 300", "TtlInSeconds: "+strconv.Itoa(300+s.reloads%2), 1))
	if err := s.Reload(); err != nil {
		s.t.Error(err)
	}
}

// traffic is at least that many requests, and goes on for as long as it is told.
func (s *soak) traffic(requests int64, lasts time.Duration) {
	first, until := s.requests.Load(), time.Now().Add(lasts)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				n := s.requests.Add(1)
				if n > first+requests && time.Now().After(until) || s.t.Failed() {
					return
				}
				s.request(uint64(n))
			}
		})
	}
	group.Wait()
}

// request sends one of the requests of a day and checks its answer.
func (s *soak) request(number uint64) {
	random := rand.New(rand.NewPCG(number, 0))
	identity := strconv.Itoa(random.IntN(20_000))
	method, path, body, want := http.MethodGet, "/dev/kept/"+identity, "", "200 "+identity+" "+identity+" 0"
	switch random.IntN(20) {
	case 0:
		body = strings.Repeat("x", 16<<10)
		method, want = http.MethodPost, "200 "+identity+" "+identity+" "+strconv.Itoa(len(body))
	case 1:
		path = "/dev/fresh/" + identity
	case 2:
		identity = strconv.Itoa(random.IntN(5))
		path, want = "/dev/wordy/"+identity, "200 "+identity+" "+identity+" 0"
	case 3:
		path, want = "/dev/kept/somebody-else", `403 {"Message":"User is not authorized to access this resource because no `+
			`identity-based policy allows the execute-api:Invoke action"}`
	case 4:
		identity, want = "", `401 {"message":"Unauthorized"}`
	case 5:
		path, identity, want = "/dev/none", "", `403 {"message":"Missing Authentication Token"}`
	}
	if got := s.ask(method, path, body, identity); got != want {
		s.t.Errorf("%s %s: got %.200s, want %s", method, path, got, want)
	}
}

func (s *soak) ask(method, path, body, token string) string {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		request.Header.Set("Authorization", token)
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	return fmt.Sprint(recorder.Code, " ", recorder.Body)
}

// settle leaves the same behind each time: no results of 500 statements, and small requests as the newest ones.
func (s *soak) settle() {
	s.t.Helper()
	s.reload()
	for range 1_000 {
		s.ask(http.MethodGet, "/dev/open/1", "", "")
	}
	if err := s.Wait(s.t.Context()); err != nil {
		s.t.Error(err)
	}
}

// liveHeap is what the process needs in memory, in bytes.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // pools give up what they hold with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
