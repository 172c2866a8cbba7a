package authorizer

import (
	"sync"
	"time"
)

// MaxResults bounds a [Store]: the result that was used longest ago makes room.
const MaxResults = 10_000

// Store keeps the results of one authorizer until they expire. It starts no goroutine: expiry is looked at when a result is
// read, on the clock of the caller.
type Store struct {
	mu      sync.Mutex
	entries map[string]*entry
	newest  entry // the ring of entries: newest.next was used last
}

type entry struct {
	key        string
	result     *Result
	prev, next *entry
}

// NewStore returns an empty store.
func NewStore() *Store {
	s := &Store{}
	s.Clear()
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

func fresh(r *Result, now time.Time) bool {
	return now.Before(r.Expires) && !now.Before(r.Written)
}

// Put keeps a result.
func (s *Store) Put(key string, result *Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[key]; e != nil {
		e.result = result
		s.use(e)
		return
	}
	if len(s.entries) >= MaxResults {
		s.remove(s.newest.prev)
	}
	e := &entry{key: key, result: result}
	s.entries[key] = e
	s.link(e)
}

// Clear forgets every result.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = map[string]*entry{}
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
}
