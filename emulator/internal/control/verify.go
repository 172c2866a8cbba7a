package control

import "gatewayd/emulator/trace"

// CacheVerification is what calling authorizers in the shadow of cache hits has found.
type CacheVerification struct {
	Enabled   bool `json:"enabled"`   // by --verify-cache
	Same      int  `json:"same"`      // hits about which the authorizer says the same
	Different int  `json:"different"` // hits about which it says something else
	Skipped   int  `json:"skipped"`   // hits that were not verified, because too many were at a time

	Differences []CacheDifference `json:"differences"`        // in the order of their first request
	Unlisted    int               `json:"unlisted,omitempty"` // hits of further kinds than are told apart
}

// CacheDifference is a kind of request that a kept result decides otherwise than its authorizer would now.
type CacheDifference struct {
	Authorizer string     `json:"authorizer"`
	Source     string     `json:"source"` // FILE:LINE:COLUMN of the authorizer
	Route      string     `json:"route"`
	Cached     trace.Code `json:"cached"` // what the kept result decided
	Fresh      trace.Code `json:"fresh"`  // what the authorizer says now
	// Members are those of the authorizer's answer that differ, when the decisions do not: principalId, context.NAME,
	// usageIdentifierKey.
	Members []string `json:"members,omitempty"`
	Count   int      `json:"count"`

	// Reason, Hint and WrittenBy are of the first request. Secrets are masked.
	Reason    string       `json:"reason"`
	Hint      string       `json:"hint"`
	First     trace.Writer `json:"first"`
	Last      trace.Writer `json:"last"`
	WrittenBy trace.Writer `json:"writtenBy"` // the request whose call of the authorizer gave the kept result
}
