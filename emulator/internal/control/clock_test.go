package control_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatewayd/emulator/internal/control"
)

// clock shows noon on the first day of 2027, and what it is advanced by.
type clock struct{ offset time.Duration }

func (c *clock) Now() time.Time          { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC).Add(c.offset) }
func (c *clock) Offset() time.Duration   { return c.offset }
func (c *clock) Advance(d time.Duration) { c.offset += d }
func (c *clock) Reset()                  { c.offset = 0 }

func TestClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{name: "ahead", body: `{"advance":"301s"}`, status: 200, want: `{"now":"2027-01-01T12:06:01Z","offset":"361s"}`},
		{name: "in minutes", body: `{"advance":"1m30.5s"}`, status: 200, want: `{"now":"2027-01-01T12:02:30.5Z","offset":"150.5s"}`},
		{name: "back", body: `{"advance":"-90s"}`, status: 200, want: `{"now":"2027-01-01T11:59:30Z","offset":"-30s"}`},
		{name: "reset", body: `{"reset":true}`, status: 200, want: `{"now":"2027-01-01T12:00:00Z","offset":"0s"}`},
		{name: "both", body: `{"advance":"1s","reset":true}`, status: 400, want: `{"error":"want {\"advance\": \"301s\"} or {\"reset\": true}"}`},
		{name: "neither", body: `{}`, status: 400, want: `{"error":"want {\"advance\": \"301s\"} or {\"reset\": true}"}`},
		{name: "no duration", body: `{"advance":"301"}`, status: 400, want: `{"error":"advance \"301\" is no duration such as 301s, 5m or -1h30m"}`},
		{name: "centuries", body: `{"advance":"1000000h"}`, status: 400, want: `{"error":"the clock cannot be further than 100 years from the real time"}`},
		{name: "an unknown key", body: `{"forward":"1s"}`, status: 400, want: `{"error":"the body cannot be read: json: unknown field \"forward\""}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			options := control.Options{Clock: &clock{time.Minute}}
			w := post(t, options, "/_gatewayd/clock", tt.body, nil)
			if got := compact(t, w.Body.Bytes()); w.Code != tt.status || got != tt.want {
				t.Errorf("status %d, %s\nwant   %d, %s", w.Code, got, tt.status, tt.want)
			}
		})
	}
	w := send(t, control.Options{Clock: &clock{time.Hour}}, http.MethodGet, "/_gatewayd/clock", nil)
	if got := compact(t, w.Body.Bytes()); got != `{"now":"2027-01-01T13:00:00Z","offset":"3600s"}` {
		t.Errorf("got %s", got)
	}
	evil := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	if w := post(t, control.Options{Clock: &clock{}}, "/_gatewayd/clock", `{"reset":true}`, evil); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "now") {
		t.Errorf("another origin: status %d", w.Code)
	}
}
