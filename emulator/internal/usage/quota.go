package usage

import (
	"time"

	"gatewayd/emulator/apigw"
)

// count is how many requests a period had.
type count struct {
	period time.Time // its beginning
	used   int
}

// quota is a count with its limit.
type quota struct {
	apigw.Quota
	began *time.Time // when the plan was deployed first
	count *count
}

// used is how many requests the period of a time has had.
func (q *quota) used(now time.Time) int {
	if start, _ := period(q.Period, now); q.count.period.Equal(start) {
		return q.count.used
	}
	return 0
}

// level says what is left of the quota.
func (q *quota) level(now time.Time) QuotaLevel {
	start, end := period(q.Period, now)
	level := QuotaLevel{Limit: q.Limit, Period: q.Period, Used: q.used(now), Resets: end}
	if first, _ := period(q.Period, *q.began); first.Equal(start) {
		level.Limit -= q.Offset // rest-gateway 6.6
	}
	level.Left = max(level.Limit-level.Used, 0)
	return level
}

// take counts a request.
func (q *quota) take(now time.Time) {
	start, _ := period(q.Period, now)
	*q.count = count{start, q.used(now) + 1}
}

// period is the one of a time: a day, a week from Sunday on, or a month, in UTC (rest-gateway 14 G5).
func period(p apigw.Period, at time.Time) (start, end time.Time) {
	at = at.UTC()
	year, month, day := at.Date()
	const week = 7
	switch p {
	case apigw.Week:
		day -= int(at.Weekday())
		return midnight(year, month, day), midnight(year, month, day+week)
	case apigw.Month:
		return midnight(year, month, 1), midnight(year, month+1, 1)
	case apigw.Day:
	}
	return midnight(year, month, day), midnight(year, month, day+1)
}

func midnight(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
