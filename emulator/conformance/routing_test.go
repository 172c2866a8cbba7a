package conformance_test

import "testing"

func TestRouting(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/routing")
}
