package authorizer

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/trace"
)

// Kept is a result in a [Store], and the key that it is found by.
type Kept struct {
	Key    string
	Result *Result
}

// All returns the results that a request could hit now, the one that was used last first. It counts as no use of them.
func (s *Store) All(now time.Time) []Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Kept
	for e := s.newest.next; e != &s.newest; e = e.next {
		if fresh(e.result, now) {
			all = append(all, Kept{e.key, e.result})
		}
	}
	return all
}

// IdentityOf is what a result's key was made of: the identity sources with their values, several joined by commas.
func (a *Authorizer) IdentityOf(key string) []trace.IdentitySource {
	out := make([]trace.IdentitySource, len(a.sources))
	for i, source := range a.sources {
		out[i] = trace.IdentitySource{Source: source.name, Found: true}
	}
	if len(a.sources) == 1 && !severalValued(a.sources[0].Kind) {
		out[0].Value = key
		return out
	}
	for i := range out {
		var values []string
		values, key = nextValues(key)
		out[i].Value = strings.Join(values, ",")
	}
	return out
}

func severalValued(kind apigw.SourceKind) bool {
	return slices.Contains([]apigw.SourceKind{apigw.MultiValueHeaderSource, apigw.MultiValueQueryStringSource}, kind)
}

// nextValues takes the values of one source off a key: how many there are, and before each its length.
func nextValues(key string) (values []string, rest string) {
	count, rest := nextNumber(key)
	for range count {
		var length int
		length, rest = nextNumber(rest)
		values, rest = append(values, rest[:length]), rest[length:]
		rest = strings.TrimPrefix(rest, ":")
	}
	return values, rest
}

func nextNumber(key string) (number int, rest string) {
	digits, rest, _ := strings.Cut(key, ":")
	number, _ = strconv.Atoi(digits) // we wrote it
	return number, rest
}
