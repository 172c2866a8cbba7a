// Package usage holds API keys, usage plans, throttles and quotas: who asks, and whether they may ask now.
//
// A [Meter] has what was used so far, and outlives deployments. [Meter.Stage] compiles the keys and limits of an API;
// [Stage.Key] finds a key, [Stage.Admit] takes a token of every throttle that a request meets and one of its quota, all of them
// or none: a request that is refused counts nowhere (rest-gateway 6.6).
//
// Throttles are token buckets of our own, not golang.org/x/time/rate's, which goes by a given time as well: a request takes of
// up to three buckets and a quota at once or of none of them, which rate's reservations can only approximate when they are
// canceled; a bucket must keep what was spent when its limits change; and its clock can be set back.
//
// AWS pages: "Usage plans and API keys for REST APIs in API Gateway", "Throttle requests to your REST APIs for better throughput".
package usage
