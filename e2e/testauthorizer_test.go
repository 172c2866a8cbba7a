package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// tested is what is told of an authorizer that was run on its own.
type tested struct {
	ClientStatus  int
	PrincipalID   string
	Policy        string
	Authorization map[string]string
	Decision      string
	Code          string
}

// An authorizer is tried with an event before there is anything to serve. The event's ARN, which is no real one, is passed
// through as it is; what the authorizer is configured with comes from a file.
func TestAuthorizerOnItsOwn(t *testing.T) {
	t.Parallel()
	key := newKey(t, "k1")
	p := newProvider(t, key)
	const authorizer = "jwt-rsa-custom-authorizer"
	allowed := tested{
		PrincipalID: "dev@clients",
		Policy: `{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow",` +
			`"Resource":"arn:aws:execute-api:us-east-1:1234567890:apiId/stage/method/resourcePath"}]}`,
		Authorization: map[string]string{"scope": "read:pets"},
		Decision:      "Allow",
		Code:          "policy.allow",
	}
	refused := tested{ClientStatus: 401, Authorization: map[string]string{}, Code: "authorizer.unauthorized"}
	tests := []struct {
		name        string
		authorizer  string
		token       string
		environment []string // the file
		status      int
		want        tested
		stderr      string
	}{
		{"allowed", authorizer, bearer(t, key, p.claims(nil)), p.environment(), 0, allowed, ""},
		{
			"expired", authorizer, bearer(t, key, p.claims(jwt.MapClaims{"exp": 1})), p.environment(),
			3, refused, "token is expired",
		},
		{
			"configured for another", authorizer, bearer(t, key, p.claims(nil)), append(p.environment(), "AUDIENCE=https://another-api"),
			3, refused, "token has invalid audience",
		},
		{
			"no such authorizer", "jwt-rsa-custom-authorizr", bearer(t, key, p.claims(nil)), p.environment(),
			1,
			tested{},
			`did you mean "jwt-rsa-custom-authorizer"?`,
		},
	}
	sample, err := os.ReadFile("../examples/petstore/event.json")
	if err != nil {
		t.Fatal(err)
	}
	routes, err := filepath.Abs("../examples/petstore/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			process := exec.Command(os.Getenv(programVariable), "--routes", routes, "--env-file", ".env",
				"test-authorizer", test.authorizer, "--event", "event.json", "--json")
			process.Dir = t.TempDir()
			event := strings.ReplaceAll(string(sample), "Bearer ACCESS_TOKEN", strings.TrimPrefix(test.token, "Authorization: "))
			for name, text := range map[string]string{"event.json": event, ".env": strings.Join(test.environment, "\n")} {
				if err := os.WriteFile(filepath.Join(process.Dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			process.Env = []string{} // none, where nil would be the test's own
			var stderr strings.Builder
			process.Stderr = &stderr
			output, err := process.Output()
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				t.Fatal(err)
			}
			if status := process.ProcessState.ExitCode(); status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			var got tested
			if len(output) > 0 {
				if err := json.Unmarshal(output, &got); err != nil {
					t.Fatalf("%s: %v", output, err)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("standard error:\n got %s\nwant …%s…", stderr.String(), test.stderr)
			}
		})
	}
}
