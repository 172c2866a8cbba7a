package trace

import "time"

// KeyDetail is the detail of looking for an API key.
type KeyDetail struct {
	Source   string // where keys come from: the x-api-key header, or usageIdentifierKey
	Value    string // what was there, "" for nothing
	ID, Name string // of the key that has the value, "" for none
	Plan     string // the usage plan that the key is in, "" for none
	Required bool   // by the route
}

func (d KeyDetail) view() any { return d.show(Mask) }

func (d KeyDetail) reveal() any { return d.show(func(value string) string { return value }) }

func (d KeyDetail) show(shown func(string) string) any {
	return struct {
		Source   string `json:"keySource"`
		Value    string `json:"apiKey,omitempty"`
		ID       string `json:"apiKeyId,omitempty"`
		Name     string `json:"apiKeyName,omitempty"`
		Plan     string `json:"usagePlan,omitempty"`
		Required bool   `json:"apiKeyRequired"`
	}{d.Source, shown(d.Value), d.ID, d.Name, d.Plan, d.Required}
}

// UsageDetail is the detail of throttling a request: what is left after it.
type UsageDetail struct {
	Plan      string // the usage plan that the request counts toward, "" for none
	KeyID     string
	Resource  string // its id
	Throttles []ThrottleLevel
	Quota     *QuotaLevel // nil for none
}

// ThrottleLevel is a throttle and how much of it is left.
type ThrottleLevel struct {
	Of         string     `json:"of"`              // plan, stage or account
	Route      string     `json:"route,omitempty"` // the method that it is for, "" for all
	RateLimit  float64    `json:"rateLimit"`
	BurstLimit int        `json:"burstLimit"`
	TokensLeft int        `json:"tokensLeft"`
	NextToken  *time.Time `json:"nextToken,omitempty"` // of an empty one; nil for never
}

// QuotaLevel is a quota and how much of it is left.
type QuotaLevel struct {
	Limit  int       `json:"limit"`
	Period string    `json:"period"`
	Used   int       `json:"used"`
	Left   int       `json:"left"`
	Resets time.Time `json:"resets"`
}

func (d UsageDetail) view() any {
	return struct {
		Plan      string          `json:"usagePlan,omitempty"`
		KeyID     string          `json:"apiKeyId,omitempty"`
		Resource  string          `json:"resourceId,omitempty"`
		Throttles []ThrottleLevel `json:"throttles,omitempty"`
		Quota     *QuotaLevel     `json:"quota,omitempty"`
	}{d.Plan, d.KeyID, d.Resource, d.Throttles, d.Quota}
}
