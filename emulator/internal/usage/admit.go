package usage

import "time"

// Verdict is whether a request may pass.
type Verdict int

// The zero Verdict admits nobody.
const (
	Undecided Verdict = iota
	Admitted
	Throttled
	QuotaExceeded
)

// Admission is what became of a request, and what is left after it.
type Admission struct {
	Verdict  Verdict
	Decided  int // the index in Levels of the throttle that refused
	Levels   []Level
	Quota    QuotaLevel
	HasQuota bool
}

// most is how many throttles a request meets.
const most = 3

// Limits reports whether a request with a key, nil for one that counts toward no usage plan, meets a throttle or a quota.
func (m *Method) Limits(k *Key) bool {
	return m.stage != nil || m.account != nil || k != nil && (k.quota != nil || m.throttle(k) != nil)
}

// throttle is the one that a key meets at a method: the method's own, or the plan's.
func (m *Method) throttle(k *Key) *limit {
	if own, ok := k.methods[m.index]; ok {
		return own
	}
	return k.throttle
}

// Admit decides whether a request may pass: the key's throttle, its quota, the stage's throttle and the account's must all
// have something left (rest-gateway 6.4). It then takes one of each, unless it is only to tell. The key is nil for a request
// that counts toward no usage plan.
func (m *Method) Admit(k *Key, take bool) Admission {
	limits := make([]*limit, 0, most)
	var q *quota
	if k != nil {
		limits = appendLimit(limits, m.throttle(k))
		q = k.quota
	}
	ofPlan := len(limits)
	limits = appendLimit(appendLimit(limits, m.stage), m.account)

	m.meter.mu.Lock()
	defer m.meter.mu.Unlock()
	now := m.meter.now()
	a := Admission{Verdict: Admitted, Levels: levels(limits, now), HasQuota: q != nil}
	if q != nil {
		a.Quota = q.level(now)
	}
	a.decide(ofPlan)
	if a.Verdict != Admitted || !take {
		return a
	}
	for _, l := range limits {
		l.take(now)
	}
	a.Levels = levels(limits, now)
	if q != nil {
		q.take(now)
		a.Quota = q.level(now)
	}
	return a
}

// decide looks at the plan's throttle, then at the quota, then at the other throttles.
func (a *Admission) decide(ofPlan int) {
	empty := func(from, to int) bool {
		for i := from; i < to; i++ {
			if a.Levels[i].TokensLeft < 1 {
				a.Verdict, a.Decided = Throttled, i
				return true
			}
		}
		return false
	}
	if empty(0, ofPlan) {
		return
	}
	if a.HasQuota && a.Quota.Left < 1 {
		a.Verdict = QuotaExceeded
		return
	}
	empty(ofPlan, len(a.Levels))
}

func appendLimit(limits []*limit, l *limit) []*limit {
	if l == nil {
		return limits
	}
	return append(limits, l)
}

func levels(limits []*limit, now time.Time) []Level {
	out := make([]Level, len(limits))
	for i, l := range limits {
		out[i] = l.level(now)
	}
	return out
}
