package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
)

func TestExplainHeader(t *testing.T) {
	t.Parallel()
	c := newCounted(t)
	without := c.Get("/dev/open")
	if got := without.Header.Values("X-Gatewayd-Explain"); got != nil {
		t.Errorf("AWS does not send %q", got)
	}
	g := emulatortest.Run(t, emulator.Routes(explained), emulator.Functions{
		"one": answer("1"),
		"auth": emulator.Func(func(_ context.Context, event struct{ AuthorizationToken string }) (json.RawMessage, error) {
			return nil, fmt.Errorf("the token %s has expired…\n\x1b[31m", event.AuthorizationToken)
		}),
	}, &emulator.Options{ExplainHeader: true})
	tests := []struct{ name, path, token, want string }{
		{name: "answered", path: "/dev/open", want: `integration.ok: function "one" answered`},
		{name: "refused", path: "/dev/none", want: `route.not_found: no route answers GET /none; AWS says so with "Missing Authentication Token"`},
		{name: "other writing systems", path: "/k\u00f6ln", want: "route.unknown_stage: no stage answers /k?ln: the API's URLs start with /dev"},
		{
			name: "no secret, and one line", path: "/dev/pets", token: "hunter2-hunter2",
			want: `authorizer.error: authorizer "token": function "auth" failed: errorString: "the token ********unter2 has expired...\n\x1b[31m"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := g.Get(tt.path, "Authorization", tt.token).Header.Values("X-Gatewayd-Explain")
			if tt.token == "" {
				got = g.Get(tt.path).Header.Values("X-Gatewayd-Explain")
			}
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	long := g.Get("/dev/" + strings.Repeat("x", 1000)).Header.Get("X-Gatewayd-Explain")
	if len(long) != 256 || long[253:] != "..." {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}
