package conformance_test

import "testing"

func TestUsage(t *testing.T) {
	t.Parallel()
	runCases(t, "usage")
}
