package emulator

import "gatewayd/emulator/internal/usage"

// What the API keys and methods of an API have used, and what is left to them. Values of keys are masked.
type (
	// Usage is all of it.
	Usage = usage.Report
	// PlanUsage is that of a usage plan.
	PlanUsage = usage.PlanReport
	// KeyUsage is that of an API key.
	KeyUsage = usage.KeyReport
	// ThrottleUsage is how full a throttle's token bucket is.
	ThrottleUsage = usage.BucketReport
	// QuotaUsage is what is left of a quota.
	QuotaUsage = usage.QuotaReport
)

// Usage says what was used of throttles and quotas. To ask takes nothing.
func (e *Emulator) Usage() Usage {
	report, _ := e.gateway.Usage() // an emulator has a deployment
	return report
}

// ResetUsage fills every throttle and forgets what was counted toward quotas. [Emulator.Reset] does so, too.
func (e *Emulator) ResetUsage() { e.gateway.ResetUsage() }
