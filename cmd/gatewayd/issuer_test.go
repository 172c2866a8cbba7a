package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gatewayd/emulator"
)

const signedRoutes = `
authorizers:
  rs: { function: jwt-rs256, identityValidationExpression: '^Bearer [-0-9a-zA-z\.]*$', authorizerResultTtlInSeconds: 0 }
  hs: { function: jwt-hs256, authorizerResultTtlInSeconds: 0 }
routes:
  GET /rs: { function: echo, authorizer: rs }
  GET /hs: { function: echo, authorizer: hs }
`

// token is what gatewayd token prints, in the gateway's folder and for its control listener.
func (g *gateway) token(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("gatewayd", append([]string{"token", "--url", g.control}, args...)...)
	command.Dir, command.Env = g.process.Dir, g.process.Env
	out, err := command.Output()
	if err != nil {
		t.Fatalf("gatewayd token %q: %v", args, err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// wantToken sends a request with a token.
func (g *gateway) wantToken(t *testing.T, path, token string, status int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.api+path, nil)
	check(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	check(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(t, err)
	if response.StatusCode != status {
		t.Errorf("GET %s: status %d, want %d: %s", path, response.StatusCode, status, body)
	}
	return string(body)
}

func (g *gateway) rotate(t *testing.T) {
	t.Helper()
	var keys struct {
		Keys []map[string]any `json:"keys"`
	}
	check(t, ask(t.Context(), g.control, http.MethodPost, "/issuer/rotate", nil, &keys))
	if len(keys.Keys) == 0 {
		t.Error("no keys after a rotation")
	}
}

// With no environment at all, the example authorizers take the local issuer's tokens, and refuse each that is wrong in one
// respect: 401 by jwt-rs256, 403 by jwt-hs256, which does not care who issued a token, and for whom.
func TestIssuerForEveryCase(t *testing.T) {
	t.Parallel()
	g := start(t, signedRoutes)
	for _, kind := range emulator.TokenCases() {
		t.Run(string(kind), func(t *testing.T) {
			rs, hs := http.StatusUnauthorized, http.StatusForbidden
			if kind == "valid" {
				rs = http.StatusOK
			}
			if kind == "valid" || kind == "wrong-audience" || kind == "wrong-issuer" {
				hs = http.StatusOK
			}
			body := g.wantToken(t, "/local/rs", g.token(t, "--case", string(kind), "--sub", "ann", "--scope", "read:pets"), rs)
			if rs == http.StatusOK && (!strings.Contains(body, `"principalId":"ann"`) || !strings.Contains(body, `"scope":"read:pets"`)) {
				t.Errorf("the integration was told %s", body)
			}
			g.wantToken(t, "/local/hs", g.token(t, "--case", string(kind), "--alg", "HS256"), hs)
		})
	}
	// The type of the key decides: jwt-rs256 takes ES256 too, and no secret.
	g.wantToken(t, "/local/rs", g.token(t, "--alg", "ES256"), http.StatusOK)
	g.wantToken(t, "/local/rs", g.token(t, "--alg", "HS256"), http.StatusUnauthorized)
}

// A token outlives one rotation of the keys and not a second one.
func TestIssuerRotation(t *testing.T) {
	t.Parallel()
	g := start(t, signedRoutes)
	old := g.token(t)
	g.wantToken(t, "/local/rs", old, http.StatusOK)
	g.rotate(t)
	g.wantToken(t, "/local/rs", old, http.StatusOK)
	g.wantToken(t, "/local/rs", g.token(t), http.StatusOK)
	g.rotate(t)
	g.wantToken(t, "/local/rs", g.token(t), http.StatusOK) // has the key set fetched anew
	g.wantToken(t, "/local/rs", old, http.StatusUnauthorized)
}

// With a file, the keys are kept over a restart, those of a rotation too; without one, they are not.
func TestIssuerKeysFile(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	tests := []struct {
		name   string
		args   []string
		status int
	}{
		{name: "kept", args: []string{"--issuer-keys", keys}, status: http.StatusOK},
		{name: "not kept", status: http.StatusUnauthorized},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := start(t, signedRoutes, append(test.args, "--issuer-url", "https://issuer.example/")...)
			old := before.token(t)
			before.rotate(t)
			tokens := []string{old, before.token(t)}
			before.signal(t, syscall.SIGTERM)
			before.wantStopped(t)

			after := start(t, signedRoutes, append(test.args, "--issuer-url", "https://issuer.example/")...)
			for _, token := range tokens {
				after.wantToken(t, "/local/rs", token, test.status)
			}
			if test.args == nil {
				return
			}
			info, err := os.Stat(keys)
			check(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("mode %04o, want 0600", info.Mode().Perm())
			}
			after.wantToken(t, "/local/rs", after.token(t, "--issuer-keys", keys, "--issuer-url", "https://issuer.example/"), http.StatusOK)
		})
	}
}

// Where something else is set, it wins: the tokens of the local issuer are a stranger's.
func TestIssuerOfAnotherEnvironment(t *testing.T) {
	t.Parallel()
	g := newGateway(t, signedRoutes)
	g.process.Env = append(g.process.Env, "TOKEN_ISSUER=https://tenant.example/")
	g.run(t)
	g.wantToken(t, "/local/rs", g.token(t), http.StatusUnauthorized)
	g.awaitLog(t, "token has invalid issuer")
	g.wantToken(t, "/local/rs", g.token(t, "--claim", "iss=https://tenant.example/"), http.StatusOK)
}

// Without a control listener there is no issuer, and the authorizer says what it misses.
func TestNoIssuerWithoutControlListener(t *testing.T) {
	t.Parallel()
	g := start(t, signedRoutes, "--control-port", "0")
	g.wantToken(t, "/local/rs", "a.b.c", http.StatusInternalServerError)
	eventually(t, "the reason is printed", func() (string, bool) {
		out := g.stdout.String()
		return out, strings.Contains(out, "environment variable TOKEN_ISSUER is not set")
	})
}
