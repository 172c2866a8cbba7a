package emulator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/internal/gateway"
)

// CacheVerification is what [Options].VerifyCache has found.
type CacheVerification = control.CacheVerification

// CacheDifference is a kind of request that a kept result decides otherwise than its authorizer would now.
type CacheDifference = control.CacheDifference

// maxDifferences is how many kinds of differences are told apart. Others are counted.
const maxDifferences = 100

// CacheVerification returns what verifying cached results has found since the emulator began, or was reset.
func (e *Emulator) CacheVerification() CacheVerification {
	out := e.verified.result()
	out.Enabled = e.options.VerifyCache
	return out
}

// cacheVerified takes note of a request, and tells of a difference when it is the first of its kind.
func (e *Emulator) cacheVerified(v gateway.Verified) {
	if e.verified.add(v) {
		e.log.Warn(v.Source+": "+v.Reason, "hint", v.Hint) //nolint:sloglint // the difference, with its place in the file, is the message
	}
}

// verified collects what became of verified requests.
type verified struct {
	mu          sync.Mutex
	counts      map[verifiedLabels]int
	kinds       map[string]*CacheDifference
	differences []*CacheDifference // in the order of their first request
	unlisted    int
}

// verifiedLabels are those of the metric.
type verifiedLabels struct{ authorizer, outcome string }

// The outcomes of verifying a request.
const (
	verifiedSame      = "same"
	verifiedDifferent = "different"
	verifiedSkipped   = "skipped"
)

// add is true when the difference is one of a new kind.
func (c *verified) add(v gateway.Verified) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts, c.kinds = map[verifiedLabels]int{}, map[string]*CacheDifference{}
	}
	switch {
	case v.Skipped:
		c.counts[verifiedLabels{v.Authorizer, verifiedSkipped}]++
		return false
	case !v.Differs():
		c.counts[verifiedLabels{v.Authorizer, verifiedSame}]++
		return false
	}
	c.counts[verifiedLabels{v.Authorizer, verifiedDifferent}]++
	kind := strings.Join(append([]string{v.Authorizer, v.Route, string(v.Kept), string(v.Fresh)}, v.Members...), "\n")
	d := c.kinds[kind]
	if d == nil && len(c.differences) == maxDifferences {
		c.unlisted++
		return false
	}
	isNew := d == nil
	if isNew {
		d = &CacheDifference{
			Authorizer: v.Authorizer, Source: v.Source, Route: v.Route, Cached: v.Kept, Fresh: v.Fresh, Members: v.Members,
			Reason: v.Reason, Hint: v.Hint, First: v.Request, WrittenBy: v.WrittenBy,
		}
		c.kinds[kind] = d
		c.differences = append(c.differences, d)
	}
	d.Count++
	d.Last = v.Request
	return isNew
}

func (c *verified) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts, c.kinds, c.differences, c.unlisted = nil, nil, nil, 0
}

func (c *verified) result() CacheVerification {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := CacheVerification{Differences: make([]CacheDifference, len(c.differences)), Unlisted: c.unlisted}
	for i, d := range c.differences {
		out.Differences[i] = *d
		out.Differences[i].First.Time, out.Differences[i].Last.Time = d.First.Time.UTC(), d.Last.Time.UTC()
		out.Differences[i].WrittenBy.Time = d.WrittenBy.Time.UTC()
	}
	for labels, n := range c.counts {
		switch labels.outcome {
		case verifiedSame:
			out.Same += n
		case verifiedDifferent:
			out.Different += n
		case verifiedSkipped:
			out.Skipped += n
		}
	}
	return out
}

// samples are the lines of the metric.
func (c *verified) samples(name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for labels, n := range c.counts {
		lines = append(lines, sample(name, strconv.Itoa(n), "authorizer", labels.authorizer, "outcome", labels.outcome))
	}
	slices.SortFunc(lines, cmp.Compare)
	return lines
}
