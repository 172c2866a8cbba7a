package bench_test

import (
	"runtime/debug"
	"slices"
	"testing"

	"gatewayd/bench"
)

// Allocations, unlike times, are the same on every machine: a change that adds one to each request is seen here.
func TestAllocations(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); !ok || slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector makes pools forget")
	}
	typed := newEmulator(t, bench.RouteFile(0), bench.Functions())
	raw := newEmulator(t, bench.RouteFile(0), jsonFunctions())
	token := "Bearer " + bench.Token()
	for _, tt := range []struct {
		subject subject
		most    float64
	}{
		{calls(t, "open", typed, bench.OpenPath, token), 45},
		{calls(t, "kept", typed, bench.KeptPath, token), 47},
		{calls(t, "fresh", typed, bench.FreshPath, token), 195},
		{calls(t, "kept, JSON", raw, bench.KeptPath, token), 310},
	} {
		if got := testing.AllocsPerRun(100, tt.subject.run); got > tt.most {
			t.Errorf("%s: got %v allocations, want %v at most", tt.subject.name, got, tt.most)
		}
	}
}
