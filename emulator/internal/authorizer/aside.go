package authorizer

// Aside is the authorizer with a store of its own, which holds what the other holds now: whoever asks it finds the same
// results, and leaves no trace of having asked.
func (a *Authorizer) Aside() *Authorizer {
	return &Authorizer{
		name: a.name, kind: a.kind, function: a.function, sources: a.sources, expression: a.expression, ttl: a.ttl,
		timeout: a.timeout, source: a.source, invoke: a.invoke, typed: a.typed, newID: a.newID, strict: a.strict, results: a.results.clone(),
	}
}

func (s *Store) clone() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	cloned := NewStore()
	for e := s.newest.prev; e != &s.newest; e = e.prev { // what is put last was used last
		cloned.Put(e.key, e.result)
	}
	return cloned
}
