package gateway_test

import (
	"net/http"
	"testing"

	"gatewayd/emulator/apigw"
)

// planned is an API of which every route requires a key and meets every kind of limit.
func planned(a *apigw.API) {
	for i := range a.Routes {
		a.Routes[i].APIKeyRequired = true
	}
	a.APIKeys = []apigw.APIKey{{ID: "key-1", Value: "0123456789abcdefghij"}}
	plenty := apigw.Throttle{RateLimit: 1e9, BurstLimit: 1e9}
	a.UsagePlans = []apigw.UsagePlan{{
		Name: "gold", APIKeys: []apigw.KeyReference{{Key: "key-1"}}, Throttle: &plenty, Quota: &apigw.Quota{Limit: 1e9, Period: apigw.Day},
	}}
	a.Throttle = &apigw.StageThrottle{Throttle: plenty, Account: &plenty}
}

// Who asks for no keys and throttles nothing pays nothing for them. The test is not parallel: others would count.
func TestMeterOfNothingAllocatesNothing(t *testing.T) {
	h := pipeline(t, false, nil)
	meter := h.Meter(request(t, http.MethodGet, "/dev/guarded", "Authorization", "Bearer abc", "Accept", "*/*"))
	passed := true
	if got := testing.AllocsPerRun(200, func() { passed = meter() && passed }); got != 0 || !passed {
		t.Errorf("%v allocations, passed %t", got, passed)
	}
}

// BenchmarkMeter is what the step costs, where nothing is planned and where everything is.
func BenchmarkMeter(b *testing.B) {
	for _, bench := range []struct {
		name   string
		change func(*apigw.API)
	}{
		{name: "nothing"},
		{name: "key, plan, quota, stage and account", change: planned},
	} {
		b.Run(bench.name, func(b *testing.B) {
			h := pipeline(b, false, bench.change)
			meter := h.Meter(request(b, http.MethodGet, "/dev/guarded", "Authorization", "Bearer abc", "X-Api-Key", "0123456789abcdefghij"))
			if bench.change == nil {
				meter = h.Meter(request(b, http.MethodGet, "/dev/guarded", "Authorization", "Bearer abc"))
			}
			b.ReportAllocs()
			for b.Loop() {
				if !meter() {
					b.Fatal("refused")
				}
			}
		})
	}
}
