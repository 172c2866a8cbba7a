package apigw

import (
	"cmp"
	"slices"
	"strconv"
)

// APIKeySource says where the API key of a request comes from (rest-gateway 6.1).
type APIKeySource string

// The key is in the x-api-key header, or it is the usageIdentifierKey of the authorizer's output.
const (
	HeaderKeySource     APIKeySource = "HEADER"
	AuthorizerKeySource APIKeySource = "AUTHORIZER"
)

// The account's throttle as AWS sets it: requests a second, and requests at once (rest-gateway 4).
const (
	DefaultAccountRateLimit  = 10_000
	DefaultAccountBurstLimit = 5_000
)

// Lengths of an API key's value in characters (rest-gateway 4).
const (
	MinKeyLength = 20
	MaxKeyLength = 128
)

// APIKey is an API key. It tells clients apart and authorizes nothing.
type APIKey struct {
	ID       string // identity.apiKeyId
	Name     string
	Value    string // a secret, 20 to 128 characters
	Disabled bool

	Position      Position
	ValuePosition Position
}

// UsagePlan is what the clients that have its keys may use of the stage. It holds for routes that require a key only
// (rest-gateway 6.7).
type UsagePlan struct {
	Name     string
	APIKeys  []KeyReference
	Throttle *Throttle        // of each key, over all methods without one of their own; nil for none
	Quota    *Quota           // of each key; nil for none
	Methods  []MethodThrottle // of each key
	Position Position
}

// KeyReference names an API key, by its id or its name.
type KeyReference struct {
	Key      string
	Position Position
}

// Throttle is a token bucket: a request takes a token (rest-gateway 6.4).
type Throttle struct {
	RateLimit  float64 // tokens that come back in a second
	BurstLimit int     // tokens that there are at most; with 0 every request is refused
	Position   Position
}

// MethodThrottle is the throttle of one method in place of the usual one.
type MethodThrottle struct {
	Route string // the route key
	Throttle
}

// StageThrottle is what the stage lets through, whoever asks.
type StageThrottle struct {
	Throttle                  // of each method that has none of its own
	Methods  []MethodThrottle //
	Account  *Throttle        // of all methods together; nil is AWS's default
}

// Period is how long a quota lasts.
type Period string

// Days, weeks from Sunday on, and months, in UTC.
const (
	Day   Period = "DAY"
	Week  Period = "WEEK"
	Month Period = "MONTH"
)

// Quota is how many requests a key may make in a period.
type Quota struct {
	Limit    int
	Offset   int // what is missing from the limit in the first period (rest-gateway 6.6)
	Period   Period
	Position Position
}

// APIKeyNamed returns the API key of that id, else the only one of that name, else nil.
func (a *API) APIKeyNamed(reference string) *APIKey {
	var named *APIKey
	for i := range a.APIKeys {
		key := &a.APIKeys[i]
		if key.ID == reference {
			return key
		}
		if key.Name == reference {
			if named != nil {
				return nil
			}
			named = key
		}
	}
	return named
}

// UsagePlanOf returns the usage plan that has an API key, or nil. On one stage a key is in one plan (rest-gateway 6.8).
func (a *API) UsagePlanOf(key *APIKey) *UsagePlan {
	for i := range a.UsagePlans {
		plan := &a.UsagePlans[i]
		if slices.ContainsFunc(plan.APIKeys, func(r KeyReference) bool { return a.APIKeyNamed(r.Key) == key }) {
			return plan
		}
	}
	return nil
}

func (a *API) setUsageDefaults() {
	setDefault(&a.APIKeySource, HeaderKeySource)
	for i := range a.APIKeys {
		key := &a.APIKeys[i]
		setDefault(&key.ID, DerivedID(10, a.ID, "apiKey", cmp.Or(key.Name, strconv.Itoa(i))))
	}
	if a.Throttle != nil && a.Throttle.Account == nil {
		a.Throttle.Account = &Throttle{
			RateLimit: DefaultAccountRateLimit, BurstLimit: DefaultAccountBurstLimit, Position: a.Throttle.Position,
		}
	}
}
