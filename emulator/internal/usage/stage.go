package usage

import (
	"math"
	"time"

	"gatewayd/emulator/apigw"
)

// Stage is the keys and limits of an API that is deployed. It never changes; what was used is its meter's.
type Stage struct {
	source  apigw.APIKeySource
	keys    map[string]*Key // by value
	listed  []*Key          // in the order of the file
	plans   []plan
	methods []Method
	meter   *Meter
}

// Key is an API key.
type Key struct {
	ID, Name, Value string
	Disabled        bool
	Plan            string // the usage plan that it is in, "" for none

	throttle *limit         // of the plan; nil for none
	methods  map[int]*limit // by route, in place of the throttle
	quota    *quota         // nil for none
}

// plan is a usage plan with its keys.
type plan struct {
	*apigw.UsagePlan
	keys []*Key
}

// Method is what holds for a route.
type Method struct {
	KeyRequired bool

	index   int
	stage   *limit // nil for none
	account *limit // nil for none
	meter   *Meter
}

// Stage compiles the keys, plans and throttles of an API that is valid. What was used is kept by usage plan and key, and by
// method; what the API no longer has is forgotten.
func (m *Meter) Stage(api *apigw.API) *Stage {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := compiler{
		meter: m, api: api, routes: map[string]int{},
		buckets: map[bucketName]*bucket{}, counts: map[countName]*count{}, began: map[string]*time.Time{},
	}
	for i := range api.Routes {
		c.routes[api.Routes[i].Key()] = i
	}
	s := &Stage{source: api.APIKeySource, keys: map[string]*Key{}, meter: m}
	for i := range api.APIKeys {
		k := &api.APIKeys[i]
		compiled := &Key{ID: k.ID, Name: k.Name, Value: k.Value, Disabled: k.Disabled}
		s.keys[k.Value] = compiled
		s.listed = append(s.listed, compiled)
	}
	for i := range api.UsagePlans {
		p := plan{UsagePlan: &api.UsagePlans[i]}
		for _, reference := range p.APIKeys {
			if k := api.APIKeyNamed(reference.Key); k != nil {
				c.plan(p.UsagePlan, s.keys[k.Value])
				p.keys = append(p.keys, s.keys[k.Value])
			}
		}
		s.plans = append(s.plans, p)
	}
	s.methods = c.methods()
	m.buckets, m.counts, m.began = c.buckets, c.counts, c.began
	return s
}

// compiler collects what the meter goes on with.
type compiler struct {
	meter   *Meter
	api     *apigw.API
	routes  map[string]int
	buckets map[bucketName]*bucket
	counts  map[countName]*count
	began   map[string]*time.Time
}

func (c *compiler) limit(name bucketName, t *apigw.Throttle) *limit {
	return &limit{
		scope: name.scope, route: name.route, rate: t.RateLimit, burst: t.BurstLimit,
		bucket: keep(c.meter.buckets, c.buckets, name),
	}
}

// plan gives a key what its usage plan lets it use.
func (c *compiler) plan(p *apigw.UsagePlan, k *Key) {
	k.Plan = p.Name
	if p.Throttle != nil {
		k.throttle = c.limit(bucketName{scope: PlanScope, plan: p.Name, key: k.ID}, p.Throttle)
	}
	k.methods = make(map[int]*limit, len(p.Methods))
	for i := range p.Methods {
		t := &p.Methods[i]
		k.methods[c.routes[t.Route]] = c.limit(bucketName{scope: PlanScope, plan: p.Name, key: k.ID, route: t.Route}, &t.Throttle)
	}
	if p.Quota == nil {
		return
	}
	began := keep(c.meter.began, c.began, p.Name)
	if began.IsZero() {
		*began = c.meter.now()
	}
	name := countName{plan: p.Name, key: k.ID, period: string(p.Quota.Period)}
	k.quota = &quota{Quota: *p.Quota, began: began, count: keep(c.meter.counts, c.counts, name)}
}

// methods are those of the routes. The stage's throttle is each method's own, the account's is that of all together.
func (c *compiler) methods() []Method {
	methods := make([]Method, len(c.api.Routes))
	throttle := c.api.Throttle
	var account *limit
	if throttle != nil && throttle.Account != nil {
		account = c.limit(bucketName{scope: AccountScope}, throttle.Account)
	}
	for i := range methods {
		r := &c.api.Routes[i]
		methods[i] = Method{KeyRequired: r.APIKeyRequired, index: i, account: account, meter: c.meter}
		if throttle == nil {
			continue
		}
		usual := &throttle.Throttle
		for at := range throttle.Methods {
			if throttle.Methods[at].Route == r.Key() {
				usual = &throttle.Methods[at].Throttle
			}
		}
		methods[i].stage = c.limit(bucketName{scope: StageScope, route: r.Key()}, usual)
	}
	return methods
}

// Source says where keys come from.
func (s *Stage) Source() apigw.APIKeySource { return s.source }

// Key returns the key with a value, or nil.
func (s *Stage) Key(value string) *Key { return s.keys[value] }

// Method is what holds for a route of the API, by its index.
func (s *Stage) Method(index int) *Method { return &s.methods[index] }

// Scope says for whom a throttle is.
type Scope string

// A key of a usage plan, a method of the stage, the account.
const (
	PlanScope    Scope = "plan"
	StageScope   Scope = "stage"
	AccountScope Scope = "account"
)

// Never is how long it takes until a token comes back that never does.
const Never = time.Duration(math.MaxInt64)

// Level is how full a bucket is.
type Level struct {
	Scope      Scope
	Route      string // of the method that the bucket is for, "" for all
	RateLimit  float64
	BurstLimit int
	TokensLeft int
	Wait       time.Duration // until there is a token
}

// QuotaLevel is what is left of a quota.
type QuotaLevel struct {
	Limit, Used, Left int // in this period
	Period            apigw.Period
	Resets            time.Time
}
