package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatewayd/emulator/trace"
)

// TraceFilter selects traces: those that fit all that it says. The zero value selects every trace.
type TraceFilter struct {
	Limit  int        // how many of the newest; 0 is no limit
	Status int        // what the client received: 403, or 4 for every 4xx; 0 is any
	Route  string     // the route key that answered: GET /pets/{petId}
	Code   trace.Code // of the step that decided, or what it begins with before its dot: policy
	API    string     // the id of the API, where several are served
}

// Selects reports whether a trace fits, whatever the limit.
func (f TraceFilter) Selects(t *trace.Trace) bool {
	const class = 100 // of statuses
	return (f.Status == 0 || f.Status == t.Status || f.Status == t.Status/class) &&
		(f.Route == "" || f.Route == t.Route) && (f.API == "" || f.API == t.API) &&
		(f.Code == "" || f.Code == t.Code || strings.HasPrefix(string(t.Code), string(f.Code)+"."))
}

// The number of traces in an answer, which is of one screen unless another is asked for, and at most as many as are kept.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// traceFilter reads the query of a request for traces. What it does not know is an error: it would select too much.
func traceFilter(r *http.Request, parameters ...string) (TraceFilter, error) {
	f := TraceFilter{Limit: defaultLimit}
	query := r.URL.Query()
	for _, name := range parameters {
		value := query.Get(name)
		query.Del(name)
		if value == "" {
			continue
		}
		var err error
		switch name {
		case "limit":
			if f.Limit, err = strconv.Atoi(value); err != nil || f.Limit < 1 || f.Limit > maxLimit {
				return f, fmt.Errorf("limit %q is no number from 1 to %d", value, maxLimit)
			}
		case "status":
			if f.Status, err = strconv.Atoi(strings.TrimSuffix(strings.ToLower(value), "xx")); err != nil {
				return f, fmt.Errorf("status %q is no status such as 403, or 4xx", value)
			}
		case "route":
			f.Route = value
		case "code":
			f.Code = trace.Code(value)
		}
	}
	for name := range query {
		return f, fmt.Errorf("unknown query parameter %q; there are %s", name, strings.Join(parameters, ", "))
	}
	return f, nil
}

func (a *api) traces(w http.ResponseWriter, r *http.Request) {
	filter, err := traceFilter(r, "limit", "status", "route", "code")
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	header(w, "application/json")
	w.WriteHeader(http.StatusOK)
	// The client may be gone; there is nobody else to tell.
	_ = writeTraces(w, a.Traces(filter))
}

// writeTraces writes a list, one trace after the other: a thousand of them, as JSON in one piece, could be a gigabyte.
func writeTraces(w io.Writer, traces []trace.Trace) error {
	separator := "["
	for _, t := range traces {
		text, err := json.MarshalIndent(t, "  ", "  ")
		if err != nil {
			continue // the same trace by its id is an error that says so
		}
		if _, err := io.WriteString(w, separator+"\n  "+string(text)); err != nil {
			return err
		}
		separator = ","
	}
	end := "\n]\n"
	if separator == "[" {
		end = "[]\n"
	}
	_, err := io.WriteString(w, end)
	return err
}

func (a *api) trace(w http.ResponseWriter, r *http.Request) {
	id := parameter(r, "requestId")
	t, ok := a.arriving(r.Context(), id)
	if !ok {
		fail(w, http.StatusNotFound, fmt.Sprintf("no trace of request %q; the newest 1,000 are kept, and the id is the response's x-amzn-RequestId", id))
		return
	}
	var text bytes.Buffer
	var err error
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		reply(w, http.StatusOK, t)
		return
	case "text": // for a person
		err = trace.Render(&text, t, trace.RenderOptions{})
	case "log": // in AWS's words
		err = trace.ExecutionLog(&text, t)
	default:
		fail(w, http.StatusBadRequest, fmt.Sprintf("format %q is none of json, text and log", format))
		return
	}
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	header(w, "text/plain; charset=utf-8")
	// The client may be gone; there is nobody else to tell.
	_, _ = text.WriteTo(w)
}

// arrival is how long a trace may take to be there after the client has its response.
const arrival = 200 * time.Millisecond

// arriving is the trace of a request, which a client may ask for as soon as it has the first byte of a long response.
func (a *api) arriving(ctx context.Context, id string) (trace.Trace, bool) {
	if t, ok := a.Trace(id); ok || a.FollowTraces == nil {
		return t, ok
	}
	ctx, cancel := context.WithTimeout(ctx, arrival)
	defer cancel()
	followed := a.FollowTraces(ctx)
	if t, ok := a.Trace(id); ok { // it came before it could be followed
		return t, true
	}
	for t := range followed {
		if t.RequestID == id {
			return t, true
		}
	}
	return trace.Trace{}, false
}

// streamTraces sends each trace when its request is answered, as server-sent events: a message is a trace in JSON, and the
// event "dropped" says how many the reader was too slow for. It ends when the reader goes away or the listener stops.
func (a *api) streamTraces(w http.ResponseWriter, r *http.Request) {
	filter, err := traceFilter(r, "status", "route", "code")
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer a.endWith(ctx, w, cancel)()
	followed := a.FollowTraces(ctx)
	header(w, "text/event-stream")
	w.WriteHeader(http.StatusOK)
	stream := eventStream{w, http.NewResponseController(w)}
	if stream.send(": traces follow\n\n") != nil { // the reader now knows that it misses nothing
		return
	}
	for t, dropped := range followed {
		if dropped > 0 && stream.send(fmt.Sprintf("event: dropped\ndata: {\"dropped\":%d}\n\n", dropped)) != nil {
			return
		}
		if !filter.Selects(&t) {
			continue
		}
		text, err := json.Marshal(t)
		if err != nil {
			continue // the same trace by its id is an error that says so
		}
		if stream.send("id: "+t.RequestID+"\ndata: "+string(text)+"\n\n") != nil {
			return
		}
	}
}

// lastWrite is how long a stream that has to end waits for a reader that does not read. One that reads is not waited for.
const lastWrite = time.Second

// endWith has the stream end with the listener, even if it is waiting for a reader that does not read. The function that it
// returns waits until that is no longer possible.
func (a *api) endWith(ctx context.Context, w http.ResponseWriter, cancel context.CancelFunc) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-a.Stopped:
			cancel()
			// What is no connection has no deadline, and no reader to wait for.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(lastWrite))
		case <-ctx.Done():
		}
	}()
	return func() { cancel(); <-done }
}

// eventStream sends what it is given at once.
type eventStream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

func (s eventStream) send(text string) error {
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.controller.Flush()
}
