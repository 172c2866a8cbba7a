package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
)

// logged is an API with an access log, of which every kind of line can be had.
const logged = `
api:
  { name: test, id: a1b2c3d4e5, stage: dev, accessLog: { file: access.log, format: %q } }
authorizers:
  guard: { function: guard }
routes:
  GET /pets/{id}: { function: pets, authorizer: guard }
  GET /key: { function: pets, authorizer: NONE, apiKeyRequired: true }
  GET /broken: { function: broken, authorizer: NONE }
  GET /text: { function: text, authorizer: NONE }
  GET /mock: { mock: { statusCode: 204 }, authorizer: NONE }
  GET /nowhere: { http: { uri: "http://127.0.0.1:1/" }, authorizer: NONE }
  HEAD /open: { function: pets, authorizer: NONE }
  GET /open: { function: pets, authorizer: NONE }
apiKeys: [{ id: key-1, value: hunter2-partner-secret }]
usagePlans: [{ name: gold, apiKeys: [key-1], quota: { limit: 1, period: DAY } }]
`

// runLogged runs it beside a file of its own, and returns what reads the lines of the access log that there are so far.
func runLogged(t *testing.T, format string) (g *emulatortest.Gateway, lines func() []string) {
	t.Helper()
	file := newFile(t, fmt.Sprintf(logged, format))
	guard := func(_ context.Context, event struct{ AuthorizationToken string }) (json.RawMessage, error) {
		switch event.AuthorizationToken {
		case "allow", "deny":
			effect := map[string]string{"allow": "Allow", "deny": "Deny"}[event.AuthorizationToken]
			return json.RawMessage(`{"principalId":"user-1","context":{"role":"say \"hi\"","n":7,"accessToken":"a token"},
				"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"*","Resource":"*"}]}}`), nil
		case "none":
			return nil, errors.New("Unauthorized")
		}
		return nil, errors.New("the key set is gone")
	}
	g = emulatortest.Run(t, emulator.RoutesFile(file.path), emulator.Functions{
		"pets": answer("12345"), "guard": emulator.Func(guard), "text": emulator.Func(func(context.Context, json.RawMessage) (string, error) { return "text", nil }),
		"broken": emulator.Func(func(context.Context, json.RawMessage) (string, error) { return "", errors.New(`no table "pets"`) }),
	}, &emulator.Options{Random: zeroes{}, SourceIP: "192.0.2.7"})
	return g, func() []string {
		t.Helper()
		if err := g.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(file.path), "access.log"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
}

// zeroes are random numbers that make every identifier the same.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// What variables say of every kind of outcome; one without a value is a hyphen (rest-gateway 8.3).
func TestAccessLogVariables(t *testing.T) {
	t.Parallel()
	const (
		outcome     = "$context.requestId $context.status $context.error.responseType $context.error.messageString"
		authorizer  = "$context.requestId $context.authorizer.principalId $context.authorizer.role $context.authorizer.status $context.authorizer.error"
		authorize   = "$context.requestId $context.authorize.status $context.authorize.error"
		integration = "$context.requestId $context.integrationStatus $context.integration.status $context.integration.error"
	)
	tests := []struct {
		name, format, path string
		headers            []string
		want               string
	}{
		{name: "answered", format: outcome, path: "/dev/open", want: "200 - -"},
		{name: "no route", format: outcome, path: "/dev/none", want: `403 MISSING_AUTHENTICATION_TOKEN "Missing Authentication Token"`},
		{name: "no token", format: outcome, path: "/dev/pets/1", want: `401 UNAUTHORIZED "Unauthorized"`},
		{name: "no key", format: outcome, path: "/dev/key", want: `403 INVALID_API_KEY "Forbidden"`},
		{name: "a broken function", format: outcome, path: "/dev/broken", want: `502 INTEGRATION_FAILURE "Internal server error"`},
		{name: "an authorizer's error", format: outcome, path: "/dev/pets/1", headers: []string{"Authorization", "broken"}, want: `500 AUTHORIZER_CONFIGURATION_ERROR null`},
		{name: "allowed", format: authorizer, path: "/dev/pets/1", headers: []string{"Authorization", "allow"}, want: `user-1 say "hi" 200 -`},
		{name: "open", format: authorizer, path: "/dev/open", want: "- - - -"},
		{
			name: "unauthorized", format: authorizer, path: "/dev/pets/1", headers: []string{"Authorization", "none"},
			want: `- - 401 authorizer "guard": function "guard" said Unauthorized`,
		},
		{name: "authorized", format: authorize, path: "/dev/pets/1", headers: []string{"Authorization", "allow"}, want: "200 -"},
		{
			name: "denied", format: authorize, path: "/dev/pets/1", headers: []string{"Authorization", "deny"},
			want: "403 User is not authorized to access this resource with an explicit deny in an identity-based policy",
		},
		{name: "called", format: integration, path: "/dev/open", want: "200 200 -"},
		{name: "not called", format: integration, path: "/dev/none", want: "- - -"},
		{name: "failed", format: integration, path: "/dev/broken", want: `200 - Lambda Customer Function Error:no table "pets"`},
		{name: "a mock is not called", format: integration, path: "/dev/mock", want: "- - -"},
		{name: "an endpoint that is not there", format: integration, path: "/dev/nowhere", want: "- - dial tcp 127.0.0.1:1: connect: connection refused"},
		{name: "malformed", format: integration, path: "/dev/text", want: "200 - Malformed Lambda proxy response"},
		{
			name: "the request", format: "$context.extendedRequestId $context.httpMethod $context.path $context.resourcePath $context.stage $context.domainName $context.identity.userAgent",
			path: "/dev/pets/a%20b?x=y", headers: []string{"User-Agent", "curl \"8\"\x01"}, want: `GET /dev/pets/a%20b /pets/{id} dev gatewayd.test curl "8" `,
		},
		{
			name: "the key", format: "$context.requestId $context.identity.apiKey $context.identity.apiKeyId", path: "/dev/key",
			headers: []string{"x-api-key", "hunter2-partner-secret"}, want: "********secret key-1",
		},
		{
			name: "an unknown key", format: "$context.requestId $context.identity.apiKey $context.identity.apiKeyId", path: "/dev/key",
			headers: []string{"x-api-key", "hunter2-unknown-secret"}, want: "********secret -",
		},
		{
			name: "JSON in a line", format: `{"id":"$context.requestId","agent":"$context.identity.userAgent","role":"$context.authorizer.role","n":$context.authorizer.n,"message":$context.error.messageString}`,
			path: "/dev/pets/1", headers: []string{"Authorization", "deny", "User-Agent", `a "b" \ c`},
			want: `{"id":"00000000-0000-4000-8000-000000000000","agent":"a \"b\" \\ c","role":"say \"hi\"","n":7,` +
				`"message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, lines := runLogged(t, tt.format)
			g.Get(tt.path, tt.headers...)
			got := lines()
			got[0] = strings.TrimPrefix(strings.TrimPrefix(got[0], "00000000-0000-4000-8000-000000000000 "), "AAAAAAAAAAAAAAA= ")
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A URL of no stage is in no stage's log, an explanation in none at all, and HEAD has no body.
func TestAccessLogOfWhat(t *testing.T) {
	t.Parallel()
	g, lines := runLogged(t, "$context.requestId $context.httpMethod $context.resourcePath $context.status $context.responseLength")
	g.Get("/pets")
	request, err := emulator.ExplainRequest{Path: "/dev/open"}.HTTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.Explain(request)
	g.Do("HEAD", "/dev/open", "")
	const id = "00000000-0000-4000-8000-000000000000"
	if diff := cmp.Diff([]string{id + " HEAD /open 200 0"}, lines()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every request of many has its line, whole, also over reloads.
func TestAccessLogOfMany(t *testing.T) {
	t.Parallel()
	const clients, each = 50, 20
	g, lines := runLogged(t, "$context.requestId $context.status $context.responseLength")
	done := make(chan int)
	for range clients {
		go func() {
			for range each {
				g.Get("/dev/open")
			}
			done <- each
		}()
	}
	total := 0
	for range clients {
		total += <-done
		if err := g.Reload(); err != nil {
			t.Error(err)
		}
	}
	got := lines()
	if len(got) != total {
		t.Errorf("%d lines of %d requests", len(got), total)
	}
	for _, line := range got {
		if line != "00000000-0000-4000-8000-000000000000 200 5" {
			t.Fatalf("a line %q", line)
		}
	}
}

// A disk that is full costs lines, and no request anything.
func TestAccessLogOnAFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no disk that is always full")
	}
	file := newFile(t, `
api: { stage: dev, accessLog: { file: /dev/full } }
routes: { GET /open: pets }
`)
	var log lines
	g := emulatortest.Run(t, emulator.RoutesFile(file.path), emulator.Functions{"pets": answer("ok")}, &emulator.Options{Log: log.logger()})
	for range 20 {
		if got := g.Get("/dev/open"); got.Status != 200 || got.Body != "ok" {
			t.Fatalf("got %v", got)
		}
	}
	if err := g.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(log.texts(), "\n"); strings.Count(text, "the access log cannot be written") != 1 {
		t.Errorf("the log does not tell once:\n%s", text)
	}
}

// The clock of the requests is the emulator's.
func TestAccessLogTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, lines := runLogged(t, "$context.requestId $context.requestTime $context.requestTimeEpoch")
		g.FastForward(36 * time.Hour)
		g.Get("/dev/open")
		if diff := cmp.Diff([]string{"00000000-0000-4000-8000-000000000000 02/Jan/2000:12:00:00 +0000 946814400000"}, lines()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
