package emulator

import (
	"context"
	"fmt"
	"net/http"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

// Replay is what is different when a request is made again. The zero value repeats it as it was, secrets included.
type Replay = control.Replay

// Replay makes a request of a kept trace again, as if its client had sent it now, and returns the new trace, whose ReplayOf is
// the old one's request id. Nobody receives the response. Errors are [*RequestError]: there is no such trace, its body was too
// long to be kept, or the changes make no request.
func (e *Emulator) Replay(ctx context.Context, requestID string, changes Replay) (trace.Trace, error) {
	found, ok := e.traces.find(requestID)
	if !ok || found.Request == nil {
		return trace.Trace{}, &RequestError{
			Status: http.StatusNotFound,
			Reason: fmt.Sprintf("no trace of request %q; the newest 1,000 are kept, and the id is the response's x-amzn-RequestId", requestID),
		}
	}
	request, body, err := changes.Apply(found.Request)
	if err != nil {
		return trace.Trace{}, err
	}
	again, err := e.gateway.Replay(ctx, &request, body, requestID)
	if err != nil {
		err = &RequestError{Status: http.StatusBadRequest, Reason: err.Error()}
	}
	return again, err
}
