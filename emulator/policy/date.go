package policy

import (
	"math"
	"strings"
	"time"
)

// The years that AWS reads (iam-policy C32 records the first).
const (
	firstYear = -292275054
	lastYear  = 292278993
)

// parseDate reads a date or a count of seconds since 1970 as seconds since
// 1970. Dates are W3C's profile of ISO 8601 as IAM reads it (iam-policy C32):
// year, year-month or a whole date; an optional T with hour, minutes, seconds
// and up to nine digits of a fraction; an optional offset, without which it is
// UTC. Fractions are cut off: IAM compares seconds (C33).
func parseDate(text string) (int64, bool) {
	// "2026" is a count of seconds, not a year (iam-policy C31).
	if !strings.ContainsAny(text, "-Tt") {
		return parseEpoch(text)
	}
	s := scanner{rest: text, ok: true}
	negative := s.accept('-')
	year := s.digits(1, 9)
	if negative {
		year = -year
	}
	month, day := 1, 1
	if s.accept('-') {
		month = s.digits(1, 2)
		if s.accept('-') {
			day = s.digits(1, 2)
		}
	}
	var hour, minute, second, offset int
	if s.accept('T') || s.accept('t') {
		hour, minute, second = s.clock()
		offset = s.offset()
	}
	if !s.ok || s.rest != "" || year < firstYear || year > lastYear || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	date := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if date.Month() != time.Month(month) || date.Day() != day {
		return 0, false // the 30th of February
	}
	return date.Unix() - int64(offset), true
}

func parseEpoch(text string) (int64, bool) {
	var seconds int64
	for i := range len(text) {
		digit := int64(text[i]) - '0'
		if digit < 0 || digit > 9 || seconds > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		seconds = seconds*10 + digit
	}
	return seconds, text != ""
}

// scanner reads a date's parts; ok turns false for good at the first fault.
type scanner struct {
	rest string
	ok   bool
}

func (s *scanner) accept(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// digits reads a number of fewest to most digits.
func (s *scanner) digits(fewest, most int) int {
	value, n := 0, 0
	for n < most && n < len(s.rest) && isDigit(s.rest[n]) {
		value = value*10 + int(s.rest[n]-'0')
		n++
	}
	s.rest = s.rest[n:]
	s.ok = s.ok && n >= fewest
	return value
}

// clock reads what may follow the T, which may be nothing: IAM accepts "01T".
func (s *scanner) clock() (hour, minute, second int) {
	if s.rest == "" || !isDigit(s.rest[0]) {
		return 0, 0, 0
	}
	hour = s.digits(1, 2)
	if s.accept(':') {
		minute = s.digits(1, 2)
		if s.accept(':') {
			second = s.digits(1, 2)
			if s.accept('.') {
				s.digits(1, 9)
			}
		}
	}
	return hour, minute, second
}

// offset reads Z or hours and perhaps minutes east of UTC, as seconds. Hours
// have two digits: IAM refuses "+1".
func (s *scanner) offset() int {
	direction := 1
	switch {
	case s.rest == "", s.accept('Z'), s.accept('z'):
		return 0
	case s.accept('-'):
		direction = -1
	case !s.accept('+'):
		s.ok = false
		return 0
	}
	hours, minutes := s.digits(2, 2), 0
	if s.accept(':') || s.rest != "" {
		minutes = s.digits(2, 2)
	}
	s.ok = s.ok && hours <= 23 && minutes <= 59
	return direction * (hours*3600 + minutes*60)
}
