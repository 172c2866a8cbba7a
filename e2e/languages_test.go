package e2e_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests that docs/testing.md shows, in languages other than Go, pass against a gatewayd, and fail with the account of the
// request when something is wrong. What is not installed is skipped.
func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	folder, err := filepath.Abs("../examples/testing")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		command []string
		needs   []string
	}{
		{name: "Python", command: []string{"python3", "test_pets.py"}},
		{name: "Node.js", command: []string{"node", "--test", "pets.test.mjs"}},
		{name: "shell", command: []string{"sh", "test_pets.sh"}, needs: []string{"curl", "sed", "tr"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, program := range append(tt.needs, tt.command[0]) {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("%s is not installed", program)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			g := start(t, "testing")
			run := func() (string, error) {
				command := exec.CommandContext(ctx, tt.command[0], tt.command[1:]...)
				command.Dir = folder
				command.Env = append(os.Environ(), "API_URL="+g.api, "GATEWAYD_URL="+g.control, "NO_PROXY=127.0.0.1", "PYTHONDONTWRITEBYTECODE=1",
					"PATH="+binaries(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
				output, err := command.CombinedOutput()
				return string(output), err
			}
			if output, err := run(); err != nil {
				t.Fatalf("%v:\n%s", err, output)
			}
			routes, err := os.ReadFile(filepath.Join(folder, "routes.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			g.write(t, strings.Replace(string(routes), "authorizerResultTtlInSeconds: 300", "authorizerResultTtlInSeconds: 0", 1))
			response, err := http.Post(g.control+"/_gatewayd/reload", "application/json", http.NoBody) //nolint:noctx // it takes milliseconds
			if err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("reload: %s, %v", response.Status, err)
			}
			output, err := run()
			if err == nil || !strings.Contains(output, "GET /dev/pets/1  200 integration.ok") {
				t.Errorf("without a cache the tests must fail with an account: %v:\n%s", err, output)
			}
		})
	}
}

// binaries is a folder in which gatewayd can be found by its name.
func binaries(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Symlink(os.Getenv(programVariable), filepath.Join(folder, "gatewayd")); err != nil {
		t.Skipf("there are no links here: %v", err)
	}
	return folder
}
