package authorizer

import (
	"strconv"
	"time"

	"gatewayd/emulator/internal/event"
)

// Variable returns $context.authorizer.NAME: the principal, what the function took, or a value of the context, which is text. The
// latency is 0 for a kept result.
func (r *Result) Variable(name string, latency time.Duration) (string, bool) {
	switch name {
	case "principalId":
		return r.PrincipalID, r.hasPrincipal
	case "integrationLatency":
		return strconv.FormatInt(millis(latency), 10), true
	}
	for _, v := range r.Context {
		if v.Name == name {
			return event.Scalar(v.Value)
		}
	}
	return "", false
}
