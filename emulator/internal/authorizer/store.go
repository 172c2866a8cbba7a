package authorizer

import (
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// The bounds of a [Store]: beyond them, the result that was used longest ago makes room.
const (
	MaxResults     = 10_000
	MaxResultBytes = 64 << 20 // of identities and answers
)

// Store keeps the results of one authorizer until they expire. It starts no goroutine: expiry is looked at when a result is
// read, on the clock of the caller.
type Store struct {
	mu         sync.Mutex
	entries    map[string]*entry
	newest     entry // the ring of entries: newest.next was used last
	bytes      int
	generation int // how often it was cleared

	calls singleflight.Group // of the function, see [Authorizer.CallOnce]
}

type entry struct {
	key        string
	result     *Result
	prev, next *entry
}

// NewStore returns an empty store.
func NewStore() *Store {
	s := &Store{}
	s.empty()
	return s
}

// Get returns the result for an identity, or nil. A result from the future is gone as well: the clock was set back.
func (s *Store) Get(key string, now time.Time) *Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	if e == nil {
		return nil
	}
	if !fresh(e.result, now) {
		s.remove(e)
		return nil
	}
	s.use(e)
	return e.result
}

// Has reports whether there is a result for an identity, which may have expired.
func (s *Store) Has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[key] != nil
}

func fresh(r *Result, now time.Time) bool {
	return now.Before(r.Expires) && !now.Before(r.Written)
}

// Put keeps a result.
func (s *Store) Put(key string, result *Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[key]; e != nil {
		s.bytes += result.size - e.result.size
		e.result = result
		s.use(e)
	} else {
		e := &entry{key: key, result: result}
		s.entries[key] = e
		s.bytes += e.size()
		s.link(e)
	}
	for len(s.entries) > MaxResults || s.bytes > MaxResultBytes && len(s.entries) > 1 {
		s.remove(s.newest.prev)
	}
}

// PutSince keeps a result unless the store was cleared after that generation: the function was called before, so its answer
// is one of those that were to be forgotten.
func (s *Store) PutSince(generation int, key string, result *Result) {
	if s.Generation() == generation {
		s.Put(key, result)
	}
}

// Generation is how often the store was cleared.
func (s *Store) Generation() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}

func (e *entry) size() int { return len(e.key) + e.result.size }

// Clear forgets every result.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty()
	s.generation++
}

func (s *Store) empty() {
	s.entries, s.bytes = map[string]*entry{}, 0
	s.newest.prev, s.newest.next = &s.newest, &s.newest
}

// Len is the number of results, expired ones that nobody has asked for since included.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries)
}

func (s *Store) use(e *entry) {
	e.prev.next, e.next.prev = e.next, e.prev
	s.link(e)
}

func (s *Store) link(e *entry) {
	e.prev, e.next = &s.newest, s.newest.next
	e.prev.next, e.next.prev = e, e
}

func (s *Store) remove(e *entry) {
	e.prev.next, e.next.prev = e.next, e.prev
	delete(s.entries, e.key)
	s.bytes -= e.size()
}
