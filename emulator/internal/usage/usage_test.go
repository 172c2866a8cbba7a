package usage_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/usage"
)

const value = "0123456789abcdefghij"

// clock is set by the test. It may be read while it is.
type clock struct{ at atomic.Int64 }

func newClock(t testing.TB, at string) *clock {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	c.at.Store(parsed.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }
func (c *clock) set(t time.Time)         { c.at.Store(t.UnixNano()) }
func throttle(rate float64, burst int) *apigw.Throttle {
	return &apigw.Throttle{RateLimit: rate, BurstLimit: burst}
}

// api has one plan with one key, and the routes GET /a and GET /b, which require it.
func api(change func(*apigw.API, *apigw.UsagePlan)) *apigw.API {
	a := &apigw.API{
		Routes: []apigw.Route{
			{Method: "GET", Path: "/a", APIKeyRequired: true}, {Method: "GET", Path: "/b", APIKeyRequired: true},
		},
		APIKeys:    []apigw.APIKey{{ID: "key-1", Value: value}},
		UsagePlans: []apigw.UsagePlan{{Name: "gold", APIKeys: []apigw.KeyReference{{Key: "key-1"}}}},
	}
	if change != nil {
		change(a, &a.UsagePlans[0])
	}
	a.SetDefaults()
	return a
}

// admitted asks so often, and counts how often it may pass.
func admitted(s *usage.Stage, times int) int {
	n := 0
	for range times {
		if s.Method(0).Admit(s.Key(value), true).Verdict == usage.Admitted {
			n++
		}
	}
	return n
}

func TestKey(t *testing.T) {
	t.Parallel()
	a := api(nil)
	a.APIKeys = append(a.APIKeys, apigw.APIKey{ID: "key-2", Name: "two", Value: "second-0123456789abcde", Disabled: true})
	s := usage.NewMeter(newClock(t, "2026-11-28T00:00:00Z").now).Stage(a)
	for value, want := range map[string]*struct{ ID, Name, Plan string }{
		value: {ID: "key-1", Plan: "gold"}, "second-0123456789abcde": {ID: "key-2", Name: "two"}, "": nil, "0123456789ABCDEFGHIJ": nil, "key-1": nil,
	} {
		got := s.Key(value)
		if (got == nil) != (want == nil) || got != nil && (got.ID != want.ID || got.Name != want.Name || got.Plan != want.Plan) {
			t.Errorf("%q: got %+v, want %+v", value, got, want)
		}
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		throttle *apigw.Throttle
		asks     int // at once, each time
		pause    time.Duration
		want     []int // how many pass, time by time
	}{
		{name: "a burst, then the rate", throttle: throttle(10, 5), asks: 9, pause: 100 * time.Millisecond, want: []int{5, 1, 1, 1}},
		{name: "a pause fills it up, and no more than that", throttle: throttle(10, 5), asks: 9, pause: time.Hour, want: []int{5, 5}},
		{name: "a rate that the clock does not divide", throttle: throttle(3, 1), asks: 2, pause: time.Second / 3, want: []int{1, 0, 1, 0, 1}},
		{name: "less than one a second", throttle: throttle(0.1, 1), asks: 2, pause: 5 * time.Second, want: []int{1, 0, 1, 0, 1}},
		{name: "nothing", throttle: throttle(0, 0), asks: 2, pause: time.Hour, want: []int{0, 0}},
		{name: "no burst", throttle: throttle(100, 0), asks: 2, pause: time.Hour, want: []int{0, 0}},
		{name: "no rate", throttle: throttle(0, 2), asks: 3, pause: time.Hour, want: []int{2, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClock(t, "2026-11-28T10:00:00Z")
			s := usage.NewMeter(c.now).Stage(api(func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle = tt.throttle }))
			var got []int
			for range tt.want {
				got = append(got, admitted(s, tt.asks))
				c.forward(tt.pause)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Asking often in between does not lose what comes back in pieces.
func TestBucketAskedInBetween(t *testing.T) {
	t.Parallel()
	c := newClock(t, "2026-11-28T10:00:00Z")
	s := usage.NewMeter(c.now).Stage(api(func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle = throttle(1, 1) }))
	total := 0
	for range 1000 * 7 { // milliseconds
		total += admitted(s, 1)
		c.forward(time.Millisecond)
	}
	if want := 7; total != want {
		t.Errorf("%d requests in 7 s, want %d", total, want)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	c := newClock(t, "2026-11-28T10:00:00Z")
	s := usage.NewMeter(c.now).Stage(api(func(_ *apigw.API, p *apigw.UsagePlan) {
		p.Throttle, p.Quota = throttle(2, 2), &apigw.Quota{Limit: 3, Period: apigw.Day}
	}))
	want := []usage.Admission{
		{
			Verdict: usage.Admitted, Levels: []usage.Level{{Scope: usage.PlanScope, RateLimit: 2, BurstLimit: 2, TokensLeft: 1}},
			Quota: usage.QuotaLevel{Limit: 3, Used: 1, Left: 2, Period: apigw.Day, Resets: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)}, HasQuota: true,
		},
		{
			Verdict: usage.Admitted, Levels: []usage.Level{{Scope: usage.PlanScope, RateLimit: 2, BurstLimit: 2, Wait: 500 * time.Millisecond}},
			Quota: usage.QuotaLevel{Limit: 3, Used: 2, Left: 1, Period: apigw.Day, Resets: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)}, HasQuota: true,
		},
		{
			Verdict: usage.Throttled, Levels: []usage.Level{{Scope: usage.PlanScope, RateLimit: 2, BurstLimit: 2, Wait: 500 * time.Millisecond}},
			Quota: usage.QuotaLevel{Limit: 3, Used: 2, Left: 1, Period: apigw.Day, Resets: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)}, HasQuota: true,
		},
	}
	var got []usage.Admission
	for range want {
		s.Method(0).Admit(s.Key(value), false) // which takes nothing
		got = append(got, s.Method(0).Admit(s.Key(value), true))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestQuotaPeriods(t *testing.T) {
	t.Parallel()
	tests := []struct {
		period     apigw.Period
		now, reset string
	}{
		{period: apigw.Day, now: "2026-11-28T23:59:59.999999999Z", reset: "2026-11-29T00:00:00Z"},
		{period: apigw.Day, now: "2026-12-31T00:00:00Z", reset: "2027-01-01T00:00:00Z"},
		{period: apigw.Day, now: "2026-11-28T23:30:00-05:00", reset: "2026-11-30T00:00:00Z"}, // already the 29th in UTC
		{period: apigw.Week, now: "2026-11-28T12:00:00Z", reset: "2026-11-29T00:00:00Z"},     // a Saturday
		{period: apigw.Week, now: "2026-11-29T00:00:00Z", reset: "2026-12-06T00:00:00Z"},     // a Sunday
		{period: apigw.Month, now: "2028-02-29T12:00:00Z", reset: "2028-03-01T00:00:00Z"},
		{period: apigw.Month, now: "2026-12-31T23:59:59Z", reset: "2027-01-01T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.period, " ", tt.now), func(t *testing.T) {
			t.Parallel()
			c := newClock(t, tt.now)
			s := usage.NewMeter(c.now).Stage(api(func(_ *apigw.API, p *apigw.UsagePlan) { p.Quota = &apigw.Quota{Limit: 1, Period: tt.period} }))
			first := s.Method(0).Admit(s.Key(value), true)
			if got := first.Quota.Resets.Format(time.RFC3339); got != tt.reset || first.Verdict != usage.Admitted {
				t.Errorf("verdict %v, resets at %s, want %s", first.Verdict, got, tt.reset)
			}
			c.set(first.Quota.Resets.Add(-time.Nanosecond))
			if got := s.Method(0).Admit(s.Key(value), true).Verdict; got != usage.QuotaExceeded {
				t.Errorf("just before: %v", got)
			}
			c.set(first.Quota.Resets)
			if got := s.Method(0).Admit(s.Key(value), true).Verdict; got != usage.Admitted {
				t.Errorf("just then: %v", got)
			}
		})
	}
}

// A clock that is set back fills nothing, and one that goes on from there fills as usual.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	c := newClock(t, "2026-11-28T10:00:00Z")
	s := usage.NewMeter(c.now).Stage(api(func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle = throttle(1, 2) }))
	var got []int
	for _, d := range []time.Duration{0, -time.Hour, time.Second, time.Hour} {
		c.forward(d)
		got = append(got, admitted(s, 5))
	}
	if diff := cmp.Diff([]int{2, 0, 1, 2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeployAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*apigw.API, *apigw.UsagePlan) // of what then is deployed again
		want   int                                // of five requests, after three
	}{
		{name: "the same", want: 0},
		{name: "a larger burst", change: func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle.BurstLimit, p.Quota = 5, nil }, want: 2},
		{name: "a smaller burst", change: func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle.BurstLimit = 1 }, want: 0},
		{name: "a larger quota", change: func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle, p.Quota.Limit = nil, 4 }, want: 1},
		{name: "a smaller quota", change: func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle, p.Quota.Limit = nil, 1 }, want: 0},
		{name: "another period", change: func(_ *apigw.API, p *apigw.UsagePlan) { p.Throttle, p.Quota.Period = nil, apigw.Week }, want: 3},
		{name: "another plan", change: func(_ *apigw.API, p *apigw.UsagePlan) { p.Name = "silver" }, want: 3},
		{name: "another key with the value", change: func(a *apigw.API, p *apigw.UsagePlan) { a.APIKeys[0].ID, p.APIKeys[0].Key = "key-2", "key-2" }, want: 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			meter := usage.NewMeter(newClock(t, "2026-11-28T10:00:00Z").now)
			deploy := func(change func(*apigw.API, *apigw.UsagePlan)) *usage.Stage {
				return meter.Stage(api(func(a *apigw.API, p *apigw.UsagePlan) {
					p.Throttle, p.Quota = throttle(0, 3), &apigw.Quota{Limit: 3, Period: apigw.Day}
					if change != nil {
						change(a, p)
					}
				}))
			}
			if got := admitted(deploy(nil), 3); got != 3 {
				t.Fatalf("%d of 3 requests passed", got)
			}
			if got := admitted(deploy(tt.change), 5); got != tt.want {
				t.Errorf("%d requests passed, want %d", got, tt.want)
			}
		})
	}
}

// Whoever asks at the same time, and however often the API is deployed meanwhile, nothing is counted twice and nothing is lost.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	const clients, asks, burst, limit = 200, 50, 700, 650
	meter := usage.NewMeter(newClock(t, "2026-11-28T10:00:00Z").now)
	deploy := func() *usage.Stage {
		return meter.Stage(api(func(a *apigw.API, p *apigw.UsagePlan) {
			p.Throttle, p.Quota = throttle(1, burst), &apigw.Quota{Limit: limit, Period: apigw.Day}
			a.Throttle = &apigw.StageThrottle{Throttle: *throttle(1, 10_000)}
		}))
	}
	var current atomic.Pointer[usage.Stage]
	current.Store(deploy())
	var passed, exceeded atomic.Int64
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for range asks {
				s := current.Load()
				switch s.Method(0).Admit(s.Key(value), true).Verdict {
				case usage.Admitted:
					passed.Add(1)
				case usage.QuotaExceeded:
					exceeded.Add(1)
				case usage.Throttled, usage.Undecided:
				}
			}
		})
	}
	for range 100 {
		current.Store(deploy())
	}
	group.Wait()
	report := current.Load().Report().UsagePlans[0].APIKeys[0]
	want := []int{limit, clients*asks - limit, limit, burst - limit}
	got := []int{int(passed.Load()), int(exceeded.Load()), report.Quota.Used, report.Throttle.TokensLeft}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("passed, exceeded, used, tokens left (-want +got):\n%s", diff)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	c := newClock(t, "2026-11-28T10:00:00Z")
	meter := usage.NewMeter(c.now)
	s := meter.Stage(api(func(_ *apigw.API, p *apigw.UsagePlan) {
		p.Throttle, p.Quota = throttle(0, 9), &apigw.Quota{Limit: 5, Offset: 2, Period: apigw.Day}
	}))
	var got []int
	for _, d := range []time.Duration{0, 24 * time.Hour, 0} {
		c.forward(d)
		got = append(got, admitted(s, 9))
	}
	meter.Reset() // the plan begins now, with its offset
	got = append(got, admitted(s, 9))
	if diff := cmp.Diff([]int{3, 5, 0, 3}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkAdmit(b *testing.B) {
	c := newClock(b, "2026-11-28T10:00:00Z")
	s := usage.NewMeter(c.now).Stage(api(func(a *apigw.API, p *apigw.UsagePlan) {
		p.Throttle, p.Quota = throttle(1, 1<<30), &apigw.Quota{Limit: 1 << 30, Period: apigw.Day}
		a.Throttle = &apigw.StageThrottle{Throttle: *throttle(1, 1<<30), Account: throttle(1, 1<<30)}
	}))
	method, key := s.Method(0), s.Key(value)
	b.ReportAllocs()
	for b.Loop() {
		if method.Admit(key, true).Verdict != usage.Admitted {
			b.Fatal("refused")
		}
	}
}
