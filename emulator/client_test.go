package emulator_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	type seen struct{ SourceIP, ForwardedFor string }
	bridge := []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12")}
	tests := []struct {
		name      string
		options   emulator.Options
		peer      string
		forwarded []string
		want      seen
	}{
		{name: "the connection's", peer: "192.0.2.1:5", want: seen{"192.0.2.1", "192.0.2.1"}},
		{name: "what a client says is added to", peer: "192.0.2.1:5", forwarded: []string{"10.0.0.1"}, want: seen{"192.0.2.1", "10.0.0.1, 192.0.2.1"}},
		{name: "fixed", options: emulator.Options{SourceIP: "203.0.113.9"}, peer: "192.0.2.1:5", want: seen{"203.0.113.9", "203.0.113.9"}},
		{name: "fixed, version 6", options: emulator.Options{SourceIP: "2001:db8::1"}, peer: "192.0.2.1:5", want: seen{"2001:db8::1", "2001:db8::1"}},
		{
			name: "a proxy that is trusted", options: emulator.Options{TrustedProxies: bridge}, peer: "172.17.0.1:5",
			forwarded: []string{"203.0.113.9"}, want: seen{"203.0.113.9", "203.0.113.9"},
		},
		{
			name: "two of them", options: emulator.Options{TrustedProxies: bridge}, peer: "172.17.0.1:5",
			forwarded: []string{"203.0.113.9, 172.18.0.1"}, want: seen{"203.0.113.9", "203.0.113.9"},
		},
		{
			name: "what the client itself said stays", options: emulator.Options{TrustedProxies: bridge}, peer: "172.17.0.1:5",
			forwarded: []string{"10.0.0.1", "203.0.113.9"}, want: seen{"203.0.113.9", "10.0.0.1, 203.0.113.9"},
		},
		{name: "a proxy that says nothing", options: emulator.Options{TrustedProxies: bridge}, peer: "172.17.0.1:5", want: seen{"172.17.0.1", "172.17.0.1"}},
		{
			name: "a proxy that says nonsense", options: emulator.Options{TrustedProxies: bridge}, peer: "172.17.0.1:5",
			forwarded: []string{"unknown"}, want: seen{"172.17.0.1", "unknown, 172.17.0.1"},
		},
		{
			name: "somebody who is not trusted", options: emulator.Options{TrustedProxies: bridge}, peer: "192.0.2.1:5",
			forwarded: []string{"203.0.113.9"}, want: seen{"192.0.2.1", "203.0.113.9, 192.0.2.1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			echo := emulator.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
				body, err := json.Marshal(seen{e.RequestContext.Identity.SourceIP, e.Headers["X-Forwarded-For"]})
				return events.APIGatewayProxyResponse{StatusCode: 200, Body: string(body)}, err
			})
			e, err := emulator.New(emulator.Routes(open("echo")), emulator.Functions{"echo": echo}, &tt.options)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/dev/pets", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			var got seen
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
