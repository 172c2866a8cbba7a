package event_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator/internal/event"
)

func BenchmarkProxyStruct(b *testing.B) {
	r, _ := proxyRequest()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := event.Plain(r, nil); !ok {
			b.Fatal("the request is not plain")
		}
		event.ProxyStruct(r, nil, nil, nil)
	}
}

func BenchmarkAnswer(b *testing.B) {
	given := &events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "text/plain"}, Body: "hello"}
	b.ReportAllocs()
	for b.Loop() {
		answer, ok := event.NewAnswer(given)
		if !ok {
			b.Fatal("the answer is not plain")
		}
		if _, err := answer.Response("*/*", nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHeaders has the headers of curl, with and without the names as they were sent.
func BenchmarkHeaders(b *testing.B) {
	r := &http.Request{Host: "127.0.0.1:3000", Header: http.Header{"Accept": {"*/*"}, "Authorization": {"Bearer abc"}, "User-Agent": {"curl/8.7.1"}}}
	for name, names := range map[string][]string{"canonical": nil, "as sent": {"Host", "User-Agent", "accept", "Authorization"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				event.Headers(r, names, "127.0.0.1", "Root=1-5759e988-bd862e3fe1be46a994272793")
			}
		})
	}
}
