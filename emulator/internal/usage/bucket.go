package usage

import (
	"math"
	"time"
)

// bucket is what was spent of a token bucket. It remembers what is missing, not what is left, so that the zero bucket is full,
// whatever its size, and stays so when the size changes.
type bucket struct {
	spent float64
	at    time.Time // when that was
}

// fraction is what rounding may have taken from a token that came back just now.
const fraction = 1e-12

// limit is a bucket with its size and the rate at which it fills.
type limit struct {
	scope  Scope
	route  string  // of a method's own limit
	rate   float64 // tokens a second
	burst  int
	bucket *bucket
}

// spent is what is missing at a time. A clock that is set back fills nothing, and goes on filling from there.
func (l *limit) spent(now time.Time) float64 {
	if now.Before(l.bucket.at) {
		l.bucket.at = now
	}
	elapsed := now.Sub(l.bucket.at).Seconds()
	// It can have been a larger bucket.
	return max(min(l.bucket.spent, float64(l.burst))-elapsed*l.rate, 0)
}

// level says how full the bucket is.
func (l *limit) level(now time.Time) Level {
	left := float64(l.burst) - l.spent(now)
	level := Level{Scope: l.scope, Route: l.route, RateLimit: l.rate, BurstLimit: l.burst, TokensLeft: int(math.Floor(left + fraction)), Wait: Never}
	switch {
	case level.TokensLeft > 0:
		level.Wait = 0
	case l.rate > 0 && l.burst > 0:
		level.Wait = time.Duration(math.Ceil(min((1-left)/l.rate*float64(time.Second), float64(Never-1))))
	}
	return level
}

// take takes a token.
func (l *limit) take(now time.Time) {
	*l.bucket = bucket{spent: min(l.spent(now)+1, float64(l.burst)), at: now}
}
