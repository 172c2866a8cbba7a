package trace

// Candidate is a route that a request was compared with.
type Candidate struct {
	Route  string `json:"route"`            // the route key
	Chosen bool   `json:"chosen"`           //
	Reason string `json:"reason,omitempty"` // why it lost, in words
	Source string `json:"source,omitempty"` // where it stands in the route file
}
