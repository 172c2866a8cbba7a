package function

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// announce writes the line that begins an invocation in Lambda's log. The caller holds the environment's mutex.
func (e *environment) announce(call *invocation) {
	o := e.output
	o.at(func() {
		o.running = append(o.running, call.id)
		o.tell(call.id, "START RequestId: "+call.id+" Version: $LATEST")
	})
}

// report writes the lines that end an invocation: why, if it was the process that ended, END and REPORT.
func (e *environment) report(call *invocation, before phase, status string, memory int) {
	o := e.output
	took, init := time.Since(call.began), e.init
	e.init = 0
	if call.began.IsZero() {
		took, init = 0, time.Since(e.started)
	}
	timeout := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	o.at(func() {
		failure := ""
		raised, isRaised := errors.AsType[*Error](call.cause)
		switch {
		case before == answered && status == "":
		case isRaised && raised.Type == TypeTimedOut:
			o.tell(call.id, fmt.Sprintf("%s %s Task timed out after %.2f seconds", timeout, call.id, e.limit(call).Seconds()))
			failure = "Status: timeout\t"
		case isRaised:
			failure = "Status: error\tError Type: " + raised.Type + "\t"
		default:
			exit := exitedWith(call.id, status)
			o.tell(call.id, exit.Message)
			o.tell(call.id, exit.Type)
			failure = "Status: error\tError Type: " + exit.Type + "\t"
		}
		if call.began.IsZero() {
			o.tell(call.id, fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: init\t%s", milliseconds(init), strings.TrimSuffix(failure, "\t")))
			return
		}
		o.tell(call.id, "END RequestId: "+call.id)
		o.end(call.id, reportLine(call.id, took, init, e.process.spec.MemorySize, memory)+failure)
	})
}

// limit is the time that the invocation exceeded.
func (e *environment) limit(call *invocation) time.Duration {
	if call.began.IsZero() {
		return e.process.spec.InitTimeout
	}
	return e.process.spec.Timeout
}

// reportLine has the init phase only when the invocation began with one. Lambda bills that time, too, since August 2025.
func reportLine(id string, took, init time.Duration, memorySize, memory int) string {
	line := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		id, milliseconds(took), math.Ceil(milliseconds(took+init)), memorySize, memory)
	if init > 0 {
		line += fmt.Sprintf("Init Duration: %.2f ms\t", milliseconds(init))
	}
	return line
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
