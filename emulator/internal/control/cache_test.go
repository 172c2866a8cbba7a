package control_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

// compact is JSON without its spaces.
func compact(t *testing.T, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out.String()
}

func TestCache(t *testing.T) {
	t.Parallel()
	var flushed []string
	written := time.Date(2027, 1, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	options := control.Options{
		CachedResults: func(name string) ([]control.CachedResult, error) {
			if name != "jwt" {
				return nil, &control.RequestError{Status: http.StatusNotFound, Reason: "no authorizer"}
			}
			return []control.CachedResult{control.NewCachedResult(
				[]trace.IdentitySource{{Source: "method.request.header.X-Key", Value: "hunter2-hunter2-tail99", Found: true}}, "me",
				trace.Writer{RequestID: "id-1", Method: "GET", Path: "/dev/pets", Time: written}, written.Add(5*time.Minute), written.Add(12700*time.Millisecond), false,
			)}, nil
		},
		FlushCache: func(name string) error {
			if name == "broken" {
				return errors.New("boom")
			}
			flushed = append(flushed, name)
			return nil
		},
	}
	tests := []struct {
		name, method, path string
		status             int
		want               string
	}{
		{
			name: "view", method: "GET", path: "jwt", status: 200,
			want: `[{"identity":[{"source":"method.request.header.X-Key","value":"********tail99"}],"principalId":"me","age":"12s",` +
				`"expires":"2027-01-01T11:05:00Z","writtenBy":{"requestId":"id-1","method":"GET","path":"/dev/pets","time":"2027-01-01T11:00:00Z"}}]`,
		},
		{name: "of nobody", method: "GET", path: "tokn", status: 404, want: `{"error":"no authorizer"}`},
		{name: "flush", method: "DELETE", path: "jwt", status: 204},
		{name: "flush in vain", method: "DELETE", path: "broken", status: 500, want: `{"error":"boom"}`},
		{name: "write", method: "POST", path: "jwt", status: 405, want: `{"error":"/_gatewayd/authorizers/jwt/cache does not take POST"}`},
	}
	for _, tt := range tests { // one after another: they share what was flushed
		w := send(t, options, tt.method, "/_gatewayd/authorizers/"+tt.path+"/cache", nil)
		got := ""
		if w.Body.Len() > 0 {
			got = compact(t, w.Body.Bytes())
		}
		if w.Code != tt.status || got != tt.want {
			t.Errorf("%s: status %d, %s\nwant %d, %s", tt.name, w.Code, got, tt.status, tt.want)
		}
		if tt.status == http.StatusMethodNotAllowed && len(w.Header().Values("Allow")) != 2 {
			t.Errorf("Allow is %q, want GET and DELETE", w.Header().Values("Allow"))
		}
	}
	if len(flushed) != 1 || flushed[0] != "jwt" {
		t.Errorf("flushed %q", flushed)
	}
}
