package usage

import (
	"math"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/trace"
)

// Report is what was used so far, and what is left. Values of keys are masked.
type Report struct {
	Time       time.Time      `json:"time"` // on the clock
	UsagePlans []PlanReport   `json:"usagePlans"`
	Unplanned  []KeyReport    `json:"apiKeysWithoutUsagePlan"`
	Methods    []BucketReport `json:"methods"`           // of the stage's throttle
	Account    *BucketReport  `json:"account,omitempty"` // null: the file has no throttle
}

// PlanReport is a usage plan with what its keys have used.
type PlanReport struct {
	Name    string      `json:"name"`
	APIKeys []KeyReport `json:"apiKeys"`
	Source  string      `json:"source"` // FILE:LINE:COLUMN
}

// KeyReport is an API key with what it has used.
type KeyReport struct {
	ID       string         `json:"id"`
	Name     string         `json:"name,omitempty"`
	Value    string         `json:"value"` // masked
	Enabled  bool           `json:"enabled"`
	Throttle *BucketReport  `json:"throttle,omitempty"`
	Methods  []BucketReport `json:"methods,omitempty"`
	Quota    *QuotaReport   `json:"quota,omitempty"`
}

// BucketReport is a throttle and how much of it is left.
type BucketReport struct {
	Route      string   `json:"route,omitempty"` // of the method that it is for
	RateLimit  float64  `json:"rateLimit"`
	BurstLimit int      `json:"burstLimit"`
	TokensLeft int      `json:"tokensLeft"`
	Wait       *float64 `json:"secondsUntilToken"` // null: never
}

// QuotaReport is a quota and how much of it is left.
type QuotaReport struct {
	Limit  int          `json:"limit"` // of this period
	Period apigw.Period `json:"period"`
	Used   int          `json:"used"`
	Left   int          `json:"left"`
	Resets time.Time    `json:"resets"`
}

// Report says what was used so far. It takes nothing.
func (s *Stage) Report() Report {
	s.meter.mu.Lock()
	defer s.meter.mu.Unlock()
	now := s.meter.now()
	r := Report{Time: now.UTC(), UsagePlans: []PlanReport{}, Unplanned: []KeyReport{}, Methods: []BucketReport{}}
	for _, p := range s.plans {
		planned := PlanReport{Name: p.Name, APIKeys: []KeyReport{}, Source: p.Position.String()}
		for _, k := range p.keys {
			planned.APIKeys = append(planned.APIKeys, s.report(k, now))
		}
		r.UsagePlans = append(r.UsagePlans, planned)
	}
	for _, k := range s.listed {
		if k.Plan == "" {
			r.Unplanned = append(r.Unplanned, s.report(k, now))
		}
	}
	for i := range s.methods {
		m := &s.methods[i]
		if m.stage != nil {
			r.Methods = append(r.Methods, *report(m.stage, now))
		}
		if m.account != nil {
			r.Account = report(m.account, now)
		}
	}
	return r
}

func (s *Stage) report(k *Key, now time.Time) KeyReport {
	out := KeyReport{ID: k.ID, Name: k.Name, Value: trace.Mask(k.Value), Enabled: !k.Disabled}
	if k.throttle != nil {
		out.Throttle = report(k.throttle, now)
	}
	for i := range s.methods {
		if own := k.methods[i]; own != nil {
			out.Methods = append(out.Methods, *report(own, now))
		}
	}
	if k.quota != nil {
		level := k.quota.level(now)
		out.Quota = &QuotaReport{Limit: level.Limit, Period: level.Period, Used: level.Used, Left: level.Left, Resets: level.Resets}
	}
	return out
}

func report(l *limit, now time.Time) *BucketReport {
	level := l.level(now)
	out := &BucketReport{Route: level.Route, RateLimit: level.RateLimit, BurstLimit: level.BurstLimit, TokensLeft: level.TokensLeft}
	if level.Wait != Never {
		seconds := math.Round(level.Wait.Seconds()*1000) / 1000
		out.Wait = &seconds
	}
	return out
}
