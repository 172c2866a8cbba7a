package gateway

import (
	"context"
	"fmt"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/mapping"
	"gatewayd/emulator/trace"
)

// mock is a MOCK integration (rest-gateway 9): nothing is called.
type mock struct {
	status  int
	headers []mockHeader
	body    *mapping.Template
}

type mockHeader struct {
	name  string
	value *mapping.Template
}

func newMock(m *apigw.Mock) (*mock, error) {
	out := &mock{status: m.Status, headers: make([]mockHeader, len(m.Headers))}
	var err error
	if out.body, err = mapping.ParseTemplate(m.Body, mapping.MockIntegration); err != nil {
		return nil, fmt.Errorf("mock.body: %w", err)
	}
	for i, h := range m.Headers {
		out.headers[i].name = h.Name
		if out.headers[i].value, err = mapping.ParseTemplate(h.Value, mapping.MockIntegration); err != nil {
			return nil, fmt.Errorf("mock.headers.%s: %w", h.Name, err)
		}
	}
	return out, nil
}

// String names it.
func (m *mock) String() string { return "the mock" }

// integrate answers. A variable without a value is nothing (rest-gateway 8.1).
func (m *mock) integrate(_ context.Context, x *exchange, granted grant) {
	values := variables{exchange: x}
	answered := event.Response{Status: m.status, Body: m.body.Append(nil, values, "")}
	answered.Headers = make([]event.Pair, len(m.headers), len(m.headers)+1)
	for i := range m.headers {
		h := &m.headers[i]
		answered.Headers[i] = event.Pair{Name: h.name, Value: string(h.value.Append(nil, values, ""))}
	}
	x.step(trace.Step{Name: "integration", Code: trace.IntegrationOK, Source: granted.route.source, Confidence: trace.Recorded})
	x.trace.Code, x.trace.Reason = trace.IntegrationOK, "the mock answered"
	response := x.proxyResponse(answered)
	response.traceID = "" // rest-gateway 3.3
	x.end(response)
}
