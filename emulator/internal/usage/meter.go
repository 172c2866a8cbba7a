package usage

import (
	"sync"
	"time"
)

// Meter has what was used so far: by each key of each usage plan, of each method, and of the account. It is safe for
// concurrent use.
type Meter struct {
	now func() time.Time

	mu      sync.Mutex // guards what follows, and all that it points to
	buckets map[bucketName]*bucket
	counts  map[countName]*count
	began   map[string]*time.Time // when a usage plan was deployed first, by its name
}

// bucketName is what a bucket is kept by. What does not apply is "".
type bucketName struct {
	scope            Scope
	plan, key, route string
}

type countName struct {
	plan, key string
	period    string // another period is another quota
}

// NewMeter returns a meter on a clock.
func NewMeter(now func() time.Time) *Meter {
	return &Meter{now: now, buckets: map[bucketName]*bucket{}, counts: map[countName]*count{}, began: map[string]*time.Time{}}
}

// Reset fills every bucket and forgets every count. Usage plans begin anew, with the offset of their quota.
func (m *Meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.buckets {
		*b = bucket{}
	}
	for _, c := range m.counts {
		*c = count{}
	}
	for _, began := range m.began {
		*began = m.now()
	}
}

// keep is what is at a name in the old map, else something new, and puts it into the new one.
func keep[K comparable, V any](old, next map[K]*V, name K) *V {
	if next[name] == nil {
		if next[name] = old[name]; next[name] == nil {
			next[name] = new(V)
		}
	}
	return next[name]
}
