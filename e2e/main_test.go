// Package e2e_test runs the systems of the tutorials that docs/tutorials.md goes through: the built program, a route file of
// examples, and clients over HTTP.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programVariable names the program to the tests, which know no package variables.
const programVariable = "E2E_GATEWAYD"

// TestMain builds the program once.
func TestMain(m *testing.M) {
	os.Exit(withProgram(m.Run))
}

func withProgram(run func() int) int {
	folder, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder) //nolint:errcheck // what is left is in the temporary folder
	program := filepath.Join(folder, "gatewayd")
	if output, err := exec.Command("go", "build", "-o", program, "gatewayd/cmd/gatewayd").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	if err := os.Setenv(programVariable, program); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}
