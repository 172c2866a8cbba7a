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
	untyped := newEmulatorWith(t, bench.RouteFile(0), bench.Functions(), jsonLane())
	token := "Bearer " + bench.Token()
	for _, tt := range []struct {
		subject subject
		most    float64
	}{
		{calls(t, "open", typed, bench.OpenPath, token), 33},
		{calls(t, "kept", typed, bench.KeptPath, token), 35}, // P13
		{calls(t, "fresh", typed, bench.FreshPath, token), 150},
		{calls(t, "kept, JSON", untyped, bench.KeptPath, token), 165},
	} {
		if got := testing.AllocsPerRun(100, tt.subject.run); got > tt.most {
			t.Errorf("%s: got %v allocations, want %v at most", tt.subject.name, got, tt.most)
		}
	}
}
