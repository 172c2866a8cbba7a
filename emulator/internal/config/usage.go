package config

import (
	"encoding/json"
	"fmt"
	"strconv"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// mostRequests bounds rates, bursts and quotas. AWS's own bounds are far below.
const mostRequests = 1_000_000_000

// items goes through a list of mappings; each has what it is called in problems.
func (d *decoder) items(f field, each func(n *yaml.Node)) {
	n := follow(f.value)
	if n.Kind != yaml.SequenceNode || n.Tag == reported {
		d.wrong(n, f.name, "a list")
		return
	}
	if !d.visit(n, 1+len(n.Content)) {
		return
	}
	for _, item := range n.Content {
		each(item)
	}
}

func (d *decoder) decodeAPIKeys(api *apigw.API, f field) {
	keys := apiKeyKeys()
	d.items(f, func(n *yaml.Node) {
		before := d.failures
		key := apigw.APIKey{Position: d.at(follow(n))}
		object(d, n, "an API key", keys, &key)
		if d.failures == before && key.Value == "" {
			d.report(follow(n), "an API key needs a value, from %d to %d characters", apigw.MinKeyLength, apigw.MaxKeyLength)
		}
		if d.failures > before {
			// A value that could not be read must be neither too short nor another's.
			key.Value = fmt.Sprintf("%s-%08d-%08d", unreadable, n.Line, n.Column)
			if key.ID == "" {
				key.ID = fmt.Sprintf("%s %d:%d", unreadable, n.Line, n.Column)
			}
		}
		api.APIKeys = append(api.APIKeys, key)
	})
}

// apiKeyKeys are the keys of one API key.
func apiKeyKeys() []key[apigw.APIKey] {
	return []key[apigw.APIKey]{
		text("id", "The key's identifier: identity.apiKeyId. The default is derived from the name and always the same.",
			func(k *apigw.APIKey, id string) { k.ID = id }).spelled("apiKeyId", "keyId"),
		text("name", "What the key is for.", func(k *apigw.APIKey, name string) { k.Name = name }).spelled("customerId", "description"),
		key[apigw.APIKey]{
			name: "value", doc: "What a client sends, from 20 to 128 characters; a secret. ${NAME} and ${NAME:-default} are expanded, $${ is ${.",
			schema: nameSchema(),
			decode: func(d *decoder, k *apigw.APIKey, f field) {
				if value, ok := d.name(f.value, f.name); ok {
					k.Value, k.ValuePosition = d.expand(follow(f.value), value), d.at(f.value)
				}
			},
		}.spelled("key", "secret", "apiKey"),
		boolean("enabled", "Whether the key is good for anything.", true, func(k *apigw.APIKey, enabled bool) { k.Disabled = !enabled }),
	}
}

func (d *decoder) decodeUsagePlans(api *apigw.API, f field) {
	keys := usagePlanKeys()
	d.items(f, func(n *yaml.Node) {
		before := d.failures
		plan := apigw.UsagePlan{Position: d.at(follow(n))}
		if object(d, n, "a usage plan", keys, &plan); plan.Name == "" && d.failures > before {
			plan.Name = fmt.Sprintf("%s %d:%d", unreadable, n.Line, n.Column)
		}
		api.UsagePlans = append(api.UsagePlans, plan)
	})
}

// usagePlanKeys are the keys of one usage plan.
func usagePlanKeys() []key[apigw.UsagePlan] {
	return []key[apigw.UsagePlan]{
		text("name", "The plan's name.", func(p *apigw.UsagePlan, name string) { p.Name = name }).spelled("usagePlanName", "id"),
		key[apigw.UsagePlan]{
			name: "apiKeys", doc: "The API keys of the plan, by id or name. A key is in one plan.", schema: listSchema(nameSchema()),
			decode: func(d *decoder, p *apigw.UsagePlan, f field) {
				d.items(f, func(n *yaml.Node) {
					if name, ok := d.name(n, "an item of "+f.name); ok {
						p.APIKeys = append(p.APIKeys, apigw.KeyReference{Key: name, Position: d.at(n)})
					}
				})
			},
		}.spelled("keys", "keyIds", "usagePlanKeys"),
		key[apigw.UsagePlan]{
			name: "throttle", doc: "How fast each key may ask, over all methods without a throttle of their own.", schema: throttleSchema(),
			decode: func(d *decoder, p *apigw.UsagePlan, f field) {
				if throttle, ok := d.throttle(f.value, "throttle"); ok {
					p.Throttle = &throttle
				}
			},
		}.spelled("throttling", "throttleSettings"),
		key[apigw.UsagePlan]{
			name: "quota", doc: "How much each key may ask in a period.", schema: quotaSchema(),
			decode: func(d *decoder, p *apigw.UsagePlan, f field) { p.Quota = d.quota(f.value) },
		}.spelled("quotas", "quotaSettings"),
		key[apigw.UsagePlan]{
			name: "methods", doc: "Throttles of single methods for each key, by METHOD PATH, in place of the plan's.", schema: mapSchema(throttleSchema()),
			decode: func(d *decoder, p *apigw.UsagePlan, f field) { p.Methods = d.methodThrottles(f) },
		}.spelled("methodThrottles", "apiStages", "routes"),
	}
}

// stageThrottleKeys are the keys of the stage's throttle besides those of every throttle.
func stageThrottleKeys() []key[stageThrottleDraft] {
	return []key[stageThrottleDraft]{
		decimal("rateLimit", "Requests a second for each method, on the average.", func(t *stageThrottleDraft, rate float64) { t.rate(rate) }).
			spelled("throttlingRateLimit", "rate"),
		whole("burstLimit", "Requests at once for each method.", 0, mostRequests, apigw.DefaultAccountBurstLimit, func(t *stageThrottleDraft, burst int) { t.burst(burst) }).
			needed().spelled("throttlingBurstLimit", "burst"),
		key[stageThrottleDraft]{
			name: "methods", doc: "Throttles of single methods, by METHOD PATH, in place of the stage's.", schema: mapSchema(throttleSchema()),
			decode: func(d *decoder, t *stageThrottleDraft, f field) { t.methods = d.methodThrottles(f) },
		}.spelled("methodSettings", "routes"),
		{
			name: "account", doc: "The throttle of the account, over all methods: by default 10,000 requests a second and 5,000 at once.", schema: throttleSchema(),
			decode: func(d *decoder, t *stageThrottleDraft, f field) {
				if throttle, ok := d.throttle(f.value, f.name); ok {
					t.account = &throttle
				}
			},
		},
	}
}

// throttleDraft is a throttle as far as it was read.
type throttleDraft struct {
	apigw.Throttle
	hasRate, hasBurst bool
}

func (t *throttleDraft) rate(rate float64) { t.RateLimit, t.hasRate = rate, true }
func (t *throttleDraft) burst(burst int)   { t.BurstLimit, t.hasBurst = burst, true }

type stageThrottleDraft struct {
	throttleDraft
	methods []apigw.MethodThrottle
	account *apigw.Throttle
}

// throttleKeys are the keys of one throttle.
func throttleKeys() []key[throttleDraft] {
	return []key[throttleDraft]{
		decimal("rateLimit", "Requests a second, on the average.", func(t *throttleDraft, rate float64) { t.rate(rate) }).
			spelled("throttlingRateLimit", "rate"),
		whole("burstLimit", "Requests at once.", 0, mostRequests, 0, func(t *throttleDraft, burst int) { t.burst(burst) }).
			needed().spelled("throttlingBurstLimit", "burst"),
	}
}

func (d *decoder) throttle(n *yaml.Node, what string) (apigw.Throttle, bool) {
	before := d.failures
	draft := throttleDraft{Throttle: apigw.Throttle{Position: d.at(follow(n))}}
	object(d, n, what, throttleKeys(), &draft)
	return draft.Throttle, d.complete(before, n, what, &draft)
}

// complete reports a throttle that says only half of what it takes, unless there is something else wrong with it.
func (d *decoder) complete(before int, n *yaml.Node, what string, draft *throttleDraft) bool {
	if d.failures == before && (!draft.hasRate || !draft.hasBurst) {
		d.report(follow(n), "%s needs both rateLimit and burstLimit", what)
	}
	return d.failures == before
}

func (d *decoder) decodeThrottle(api *apigw.API, f field) {
	before := d.failures
	draft := stageThrottleDraft{throttleDraft: throttleDraft{Throttle: apigw.Throttle{Position: d.at(follow(f.value))}}}
	object(d, f.value, f.name, stageThrottleKeys(), &draft)
	if d.complete(before, f.value, f.name, &draft.throttleDraft) {
		api.Throttle = &apigw.StageThrottle{Throttle: draft.Throttle, Methods: draft.methods, Account: draft.account}
	}
}

func (d *decoder) methodThrottles(f field) []apigw.MethodThrottle {
	fields, _ := d.mapping(f.value, f.name)
	var methods []apigw.MethodThrottle
	for _, method := range fields {
		if throttle, ok := d.throttle(method.value, strconv.Quote(method.name)); ok && !method.again {
			throttle.Position = d.at(method.key)
			methods = append(methods, apigw.MethodThrottle{Route: routeKeyText(method.name), Throttle: throttle})
		}
	}
	return methods
}

// quotaDraft is a quota as far as it was read.
type quotaDraft struct {
	apigw.Quota
	hasLimit bool
}

// quotaKeys are the keys of a quota.
func quotaKeys() []key[quotaDraft] {
	return []key[quotaDraft]{
		whole("limit", "Requests in a period.", 0, mostRequests, 0, func(q *quotaDraft, limit int) { q.Limit, q.hasLimit = limit, true }).needed(),
		whole("offset", "How many requests fewer there are in the first period.", 0, mostRequests, 0, func(q *quotaDraft, offset int) { q.Offset = offset }),
		choice("period", "How long a period is: days, weeks from Sunday on, or months, in UTC.",
			[]string{string(apigw.Day), string(apigw.Week), string(apigw.Month)}, nil,
			func(q *quotaDraft, period string) { q.Period = apigw.Period(period) }).needed(),
	}
}

func (d *decoder) quota(n *yaml.Node) *apigw.Quota {
	before := d.failures
	draft := quotaDraft{Quota: apigw.Quota{Position: d.at(follow(n))}}
	object(d, n, "quota", quotaKeys(), &draft)
	if d.failures == before && (!draft.hasLimit || draft.Period == "") {
		d.report(follow(n), "quota needs both limit and period")
	}
	if d.failures > before {
		return nil
	}
	return &draft.Quota
}

func throttleSchema() schema {
	return required(objectSchema(throttleKeys()), "rateLimit", "burstLimit")
}
func quotaSchema() schema { return required(objectSchema(quotaKeys()), "limit", "period") }

// required is a mapping that must have these keys.
func required(object schema, names ...string) schema {
	object["required"] = names
	return object
}

func listSchema(item schema) schema { return schema{"type": "array", "items": item} }

// boolean declares a key that is true or false, whose default is only told to editors.
func boolean[T any](name, doc string, preset bool, set func(to *T, value bool)) key[T] {
	return key[T]{name: name, doc: doc, schema: schema{"type": "boolean", "default": preset}, decode: func(d *decoder, to *T, f field) {
		if value, ok := d.boolean(f.value, name); ok {
			set(to, value)
		}
	}}
}

// boolean takes true and false only: YAML 1.1's yes and on are text to some, and true to others.
func (d *decoder) boolean(n *yaml.Node, what string) (value, ok bool) {
	n = follow(n)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Value != "true" && n.Value != "false" {
		d.wrong(n, what, "true or false")
		return false, false
	}
	return n.Value == "true", true
}

// decimal declares a key with a number that is not negative.
func decimal[T any](name, doc string, set func(to *T, value float64)) key[T] {
	schema := schema{"type": "number", "minimum": 0, "maximum": mostRequests}
	return key[T]{name: name, doc: doc, schema: schema, decode: func(d *decoder, to *T, f field) {
		n := follow(f.value)
		number, err := strconv.ParseFloat(n.Value, 64)
		decimal := n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || n.Tag == "!!float") && json.Valid([]byte(n.Value))
		if !decimal || err != nil || number < 0 || number > mostRequests {
			d.wrong(n, name, fmt.Sprintf("a number from 0 to %d", mostRequests))
			return
		}
		set(to, number)
	}}
}
