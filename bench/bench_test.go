package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/bench"
	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// foreign are the functions of the scenario as handlers of aws-lambda-go, which take and return JSON by its own code.
func foreign() emulator.Functions {
	functions := emulator.Functions{}
	for name, fn := range bench.Handlers() {
		functions[name] = emulator.Factory(func() lambda.Handler { return lambda.NewHandler(fn) })
	}
	return functions
}

// jsonLane is the option of --json-lane.
func jsonLane() *emulator.Options { return &emulator.Options{JSONLane: true} }

// P1 to P3: requests over 16 connections, as parts of what bare chi answers in the same time. The client takes its share of the
// processors from both, so that the distance looks smaller than from outside.
func BenchmarkThroughput(b *testing.B) {
	typed := newEmulator(b, bench.RouteFile(0), bench.Functions())
	untyped := newEmulatorWith(b, bench.RouteFile(0), bench.Functions(), jsonLane())
	raw := newEmulator(b, bench.RouteFile(0), foreign())
	subjects := []subject{
		traffic(b, "chi", bench.KeptPath, dial(b, serveHandler(bench.Chi()))),
		traffic(b, "kept", bench.KeptPath, dial(b, typed.Serve)),
		traffic(b, "json", bench.KeptPath, dial(b, untyped.Serve)),
		traffic(b, "foreign", bench.KeptPath, dial(b, raw.Serve)),
		traffic(b, "fresh", bench.FreshPath, dial(b, typed.Serve)),
		traffic(b, "fresh,json", bench.FreshPath, dial(b, untyped.Serve)),
	}
	medians := takeTurns(b, 1, subjects...)
	for i, s := range subjects[1:] {
		b.ReportMetric(float64(medians[0])/float64(medians[i+1]), s.name+"/chi")
	}
}

// P13, and what P1 to P3 are made of: the complete path without a network.
func BenchmarkRequest(b *testing.B) {
	typed := newEmulator(b, bench.RouteFile(0), bench.Functions())
	untyped := newEmulatorWith(b, bench.RouteFile(0), bench.Functions(), jsonLane())
	raw := newEmulator(b, bench.RouteFile(0), foreign())
	token := "Bearer " + bench.Token()
	for _, s := range []subject{
		calls(b, "chi", bench.Chi(), bench.OpenPath, token),
		calls(b, "open", typed, bench.OpenPath, token),
		calls(b, "kept", typed, bench.KeptPath, token),
		calls(b, "fresh", typed, bench.FreshPath, token),
		calls(b, "json", untyped, bench.KeptPath, token),
		calls(b, "foreign", raw, bench.KeptPath, token),
		calls(b, "refused", typed, "/dev/none", token),
	} {
		b.Run(s.name, func(b *testing.B) {
			s.run()
			b.ReportAllocs()
			for b.Loop() {
				s.run()
			}
		})
	}
}

// P11: what an authorizer adds whose result is kept. Its allocations are those that the context needs in the event.
func BenchmarkAuthorizing(b *testing.B) {
	e := newEmulator(b, bench.RouteFile(0), bench.Functions())
	token := "Bearer " + bench.Token()
	open, kept := calls(b, "open", e, bench.OpenPath, token), calls(b, "kept", e, bench.KeptPath, token)
	difference(b, 200, open, kept)
	b.ReportMetric(testing.AllocsPerRun(100, kept.run)-testing.AllocsPerRun(100, open.run), "allocs/added")
}

// P12: the slowest hundredth of the requests, each timed by itself.
func BenchmarkDistribution(b *testing.B) {
	typed := newEmulator(b, bench.RouteFile(0), bench.Functions())
	untyped := newEmulatorWith(b, bench.RouteFile(0), bench.Functions(), jsonLane())
	token := "Bearer " + bench.Token()
	for _, s := range []subject{calls(b, "kept", typed, bench.KeptPath, token), calls(b, "json", untyped, bench.KeptPath, token)} {
		b.Run(s.name, func(b *testing.B) {
			s.run()
			samples := make([]time.Duration, 0, 1<<20)
			for b.Loop() {
				start := time.Now()
				s.run()
				samples = append(samples, time.Since(start))
			}
			b.ReportMetric(float64(quantile(samples, 0.5)), "ns/p50")
			b.ReportMetric(float64(quantile(samples, 0.99)), "ns/p99")
		})
	}
}

// P14: what 10,000 routes add to a request, compared with 10.
func BenchmarkRoutes(b *testing.B) {
	token := "Bearer " + bench.Token()
	few := newEmulator(b, bench.RouteFile(10), bench.Functions())
	many := newEmulator(b, bench.RouteFile(10_000), bench.Functions())
	difference(b, 200,
		calls(b, "10", few, "/dev/resource5/1", token),
		calls(b, "10000", many, "/dev/resource9990/1", token),
	)
}

// results is an API whose authorizer answers with a policy of that many statements, the last of which allows every request.
func results(b *testing.B, statements int, ttl time.Duration) *emulator.Emulator {
	b.Helper()
	policy := strings.Repeat(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/GET/team*/*/never"},`, statements-1)
	answer := json.RawMessage(`{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[` + policy +
		`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/dev/*"}]}}`)
	functions := bench.Functions()
	functions["jwt-hs256"] = emulator.Func(func(context.Context, events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
		return answer, nil
	})
	routes := strings.Replace(bench.RouteFile(0), "TtlInSeconds: 300", "TtlInSeconds: "+strconv.Itoa(int(ttl.Seconds())), 1)
	return newEmulator(b, routes, functions)
}

// P15: what 10,000 kept results add to a request and to memory, compared with 1,000. More are not kept.
func BenchmarkIdentities(b *testing.B) {
	var subjects []subject
	for _, n := range []int{1_000, 10_000} {
		e := results(b, 1, 300*time.Second)
		identities := make([]subject, n)
		for i := range identities {
			identities[i] = calls(b, "", e, bench.KeptPath, "identity "+strconv.Itoa(i))
			identities[i].run()
		}
		next := 0
		subjects = append(subjects, subject{strconv.Itoa(n), func() {
			identities[next].run()
			next = (next + 7919) % n // far from the one before
		}})
	}
	difference(b, 1_000, subjects...)
}

// P15: the memory of a kept result, its key of 180 bytes included.
func BenchmarkIdentityMemory(b *testing.B) {
	const n = 10_000
	var each float64
	for b.Loop() {
		e := results(b, 1, 300*time.Second)
		warm := calls(b, "", e, bench.OpenPath, "")
		for range 2_000 {
			warm.run() // until the traces that are kept are as many as there can be
		}
		before := liveBytes()
		for i := range n {
			calls(b, "", e, bench.KeptPath, fmt.Sprintf("identity %0171d", i)).run()
		}
		for range 2_000 {
			warm.run()
		}
		each = (liveBytes() - before) / n
		runtime.KeepAlive(e)
	}
	b.ReportMetric(each, "B/identity")
}

func liveBytes() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// P16: policies of 1 to 500 statements with wildcards, of which the last applies: for each request, and once for each answer.
func BenchmarkPolicies(b *testing.B) {
	sizes := []int{1, 50, 500}
	for _, bm := range []struct {
		name string
		ttl  time.Duration
		runs int
	}{{"request", 300 * time.Second, 100}, {"answer", 0, 10}} {
		b.Run(bm.name, func(b *testing.B) {
			subjects := make([]subject, len(sizes))
			for i, n := range sizes {
				subjects[i] = calls(b, strconv.Itoa(n), results(b, n, bm.ttl), bench.KeptPath, "token")
			}
			difference(b, bm.runs, subjects...)
		})
	}
}

// P20: what it costs to keep the trace of a request, which has been made, and to tell it to somebody.
func BenchmarkTrace(b *testing.B) {
	var newest trace.Trace
	e, err := emulator.New(emulator.Routes(bench.RouteFile(0)), bench.Functions(), &emulator.Options{
		OnTrace: func(t trace.Trace) { newest = t },
	})
	if err != nil {
		b.Fatal(err)
	}
	calls(b, "", e, bench.KeptPath, "Bearer "+bench.Token()).run()
	b.Run("size", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = newest.Size()
		}
	})
	b.Run("line", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = newest.Line()
		}
	})
}
