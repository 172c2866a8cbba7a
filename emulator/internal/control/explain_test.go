package control_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	type received struct {
		Method, Target, Host, RemoteAddr string
		Header                           http.Header
	}
	tests := []struct {
		name, body string
		want       *received // nil: refused
		refusal    string
	}{
		{name: "a path alone", body: `{"path":"/dev/pets"}`, want: &received{"GET", "/dev/pets", "localhost", "192.0.2.1:1234", http.Header{}}},
		{
			name: "everything", body: `{"method":"POST","path":"/dev//a%2Fb?x=1","headers":{"authorization":"Bearer x","X-A":["1","2"],"host":"api.test"},"query":{"k":["v w","&"]}}`,
			want: &received{"POST", "/dev//a%2Fb?x=1&k=v+w&k=%26", "api.test", "192.0.2.1:1234", http.Header{"Authorization": {"Bearer x"}, "X-A": {"1", "2"}}},
		},
		{name: "a query", body: `{"path":"/dev","query":{"b":"2","a":"1"}}`, want: &received{"GET", "/dev?a=1&b=2", "localhost", "192.0.2.1:1234", http.Header{}}},
		{name: "no path", body: `{}`, refusal: `path \"\" must begin with /`},
		{name: "a URL", body: `{"path":"http://localhost:3000/dev"}`, refusal: "must begin with /"},
		{name: "a path that cannot be sent", body: `{"path":"/%zz"}`, refusal: "cannot be sent"},
		{name: "a method that cannot be sent", body: `{"method":"GET /","path":"/"}`, refusal: `method \"GET /\" cannot be sent`},
		{name: "an unknown key", body: `{"url":"/"}`, refusal: "unknown field"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got *received
			options := control.Options{Explain: func(r *http.Request) trace.Trace {
				got = &received{r.Method, r.RequestURI, r.Host, r.RemoteAddr, r.Header}
				return trace.Trace{Code: trace.RouteOpen}
			}}
			w := post(t, options, "/_gatewayd/explain", tt.body, nil)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if tt.want != nil && (w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"code": "route.open"`)) {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			if tt.want == nil && (w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tt.refusal)) {
				t.Errorf("status %d, want 400 with %s: %s", w.Code, tt.refusal, w.Body)
			}
		})
	}
}
