//go:build unix

package function_test

import (
	"testing"

	"gatewayd/emulator/internal/function"
)

func silentHost(b *testing.B) *function.Host {
	b.Helper()
	host, _ := hostOf(b, function.HostOptions{Output: func(function.Line) {}})
	return host
}

// BenchmarkRoundTrip is an event through the Runtime API and back; BenchmarkInvoke is the same within this process.
func BenchmarkRoundTrip(b *testing.B) {
	for _, bench := range []struct {
		name string
		spec func(testing.TB) function.ProcessSpec
	}{
		{"go", func(tb testing.TB) function.ProcessSpec { return goSpec(tb, "lambda") }},
		{"python", func(tb testing.TB) function.ProcessSpec { return pythonSpec(tb, "app.lambda_handler") }},
		{"node", func(tb testing.TB) function.ProcessSpec { return nodeSpec(tb, "index.handler") }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := processOf(b, silentHost(b), bench.spec(b))
			answer(b, p, proxyEvent)
			b.ReportAllocs()
			for b.Loop() {
				answer(b, p, proxyEvent)
			}
		})
	}
}

// BenchmarkColdStart is the time from nothing to the first answer, and the end of the process.
func BenchmarkColdStart(b *testing.B) {
	for _, bench := range []struct {
		name string
		spec func(testing.TB) function.ProcessSpec
	}{
		{"go", func(tb testing.TB) function.ProcessSpec { return goSpec(tb, "lambda") }},
		{"python", func(tb testing.TB) function.ProcessSpec { return pythonSpec(tb, "app.lambda_handler") }},
		{"node", func(tb testing.TB) function.ProcessSpec { return nodeSpec(tb, "index.handler") }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			host := silentHost(b)
			spec := bench.spec(b)
			b.ReportAllocs()
			for b.Loop() {
				answer(b, processOf(b, host, spec), proxyEvent)
				host.Retain()
			}
		})
	}
}
