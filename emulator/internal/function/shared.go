package function

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxConcurrencyVariable tells a runtime client how many events to ask for at once, in one process.
const MaxConcurrencyVariable = "AWS_LAMBDA_MAX_CONCURRENCY"

// mostShared is the largest PerExecutionEnvironmentMaxConcurrency of Lambda's API.
const mostShared = 1600

// MaxConcurrency reads a value of [MaxConcurrencyVariable]: a whole number from 1 to 1,600. With 2 and more, a program is run
// as on Lambda's Managed Instances: its runtime client, such as aws-lambda-go, asks for that many events at
// once, and one process gets them. An invocation that exceeds its time then fails alone. The process is ended when
// nothing else runs in it any more, so that what hangs does not take the places for ever.
func MaxConcurrency(value string) (int, error) {
	count, err := strconv.Atoi(value)
	if err != nil || count < 1 || count > mostShared {
		return 0, fmt.Errorf("%s must be a whole number from 1 to %d, the invocations that one process of the program has at the same time, not %q",
			MaxConcurrencyVariable, mostShared, value)
	}
	return count, nil
}

// maxConcurrency is how many invocations a process of the function has at the same time. The runtimes of gatewayd's own ask for
// one event at a time, whatever the variable says.
func (p *Process) maxConcurrency() (int, error) {
	value, set := "", false
	for _, variable := range p.variables("", "") {
		if text, ok := strings.CutPrefix(variable, MaxConcurrencyVariable+"="); ok {
			value, set = text, true
		}
	}
	if !set {
		return 1, nil
	}
	count, err := MaxConcurrency(value)
	if p.spec.Runtime != "" {
		count = 1
	}
	return count, err
}
