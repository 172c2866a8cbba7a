package function

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	runtimeAPI = "/2018-06-01/runtime/"
	// maxDrained is how much of an answer that is too large is read, so that its sender hears so instead of a broken pipe.
	maxDrained = 64 << 20
	// noDeadline is told to a function without a timeout: longer than any debugging session, and short enough for the
	// timers of every language.
	noDeadline = 24 * time.Hour
)

// refusal is an error document of the Runtime API.
type refusal struct {
	status  int
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// ServeHTTP is the Lambda Runtime API, version 2018-06-01, for one process.
func (e *environment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resource, ok := strings.CutPrefix(r.URL.Path, runtimeAPI)
	id, outcome, isOutcome := strings.Cut(strings.TrimPrefix(resource, "invocation/"), "/")
	method := http.MethodPost
	serve := func() { e.end(w, r, id, outcome == "error") }
	switch {
	case !ok:
		serve = nil
	case resource == "invocation/next":
		method, serve = http.MethodGet, func() { e.next(w, r) }
	case resource == "init/error":
		serve = func() { e.initError(w, r) }
	case !isOutcome || outcome != "response" && outcome != "error" || !strings.HasPrefix(resource, "invocation/"):
		serve = nil
	}
	switch {
	case serve == nil:
		http.NotFound(w, r)
	case r.Method != method:
		w.Header().Set("Allow", method)
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		serve()
	}
}

// next answers with an event as soon as there is one. Asking for it is also how a process says that it has started, and that
// it has done with the last.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	if no := e.ask(); no != nil {
		no.write(w)
		return
	}
	select {
	case call := <-e.work:
		e.deliver(w, call)
	case <-r.Context().Done(): // the next to ask gets the event
	case <-e.gone:
	}
}

// ask moves the process to the phase in which it waits for an event.
func (e *environment) ask() *refusal {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.phase {
	case starting:
		e.phase = ready
		e.stopTimer()
		e.init = time.Since(e.started)
		for _, call := range slices.Clone(e.calls) {
			e.welcome(call)
		}
	case ready:
		if done := e.oldest(answered); done != nil {
			e.complete(done)
		} else if e.state() == running {
			return invalidTransition(running, "Ready")
		}
	case running, answered, ending, reaped: // the last two ask for the last time
	}
	return nil
}

// state is where the process is in Lambda's words: where its invocation is, unless several share it, as then each poll of it
// has a state of its own. The caller holds the mutex.
func (e *environment) state() phase {
	if e.phase == ready && e.process.shares == 1 && len(e.calls) > 0 {
		return e.calls[0].phase
	}
	return e.phase
}

// deliver sends the event.
func (e *environment) deliver(w http.ResponseWriter, call *invocation) {
	e.mu.Lock()
	if e.phase != ready || call.phase != ready || !slices.Contains(e.calls, call) {
		e.mu.Unlock()
		return
	}
	call.phase = running
	e.announce(call)
	deadline := call.began.Add(noDeadline)
	if limit := e.process.spec.Timeout; limit > 0 {
		deadline = call.began.Add(limit)
	}
	e.mu.Unlock()

	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", call.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", call.ARN)
	header.Set("Lambda-Runtime-Trace-Id", call.traceID())
	for name, value := range map[string]string{
		"Lambda-Runtime-Client-Context":   call.ClientContext,
		"Lambda-Runtime-Cognito-Identity": call.CognitoIdentity,
	} {
		if value != "" {
			header.Set(name, value)
		}
	}
	// A process that does not read its event runs into its timeout, or has ended, which is noticed elsewhere.
	_, _ = w.Write(call.Payload)
}

// end accepts what the function answered, or the error that it reports.
func (e *environment) end(w http.ResponseWriter, r *http.Request, id string, failed bool) {
	body, err := readAnswerOf(r)
	e.mu.Lock()
	defer e.mu.Unlock()
	call, state := e.find(id), e.phase
	if call != nil && state == ready {
		state = call.phase
	}
	switch {
	case call == nil || state == ready || state == starting:
		(&refusal{http.StatusBadRequest, "Invalid request ID", "InvalidRequestID"}).write(w)
		return
	case state != running:
		wanted := "InvocationResponse"
		if failed {
			wanted = "InvocationErrorResponse"
		}
		invalidTransition(state, wanted).write(w)
		return
	case err != nil:
		(&refusal{http.StatusBadRequest, "HTTP request detected as truncated", "TruncatedHTTPRequest"}).write(w)
		return
	}
	call.phase = answered
	if e.process.shares > 1 {
		// Another poll than that of the one who answered may be its end, and a runtime with a single poll has asked already.
		call.stopTimer()
		call.deadline = time.AfterFunc(settleTime, func() { e.settle(call) })
	}
	switch {
	case len(body) > MaxAnswer:
		call.resolve(nil, tooLarge())
		message := fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", MaxAnswer)
		(&refusal{http.StatusRequestEntityTooLarge, message, "RequestEntityTooLarge"}).write(w)
		return
	case failed:
		call.resolve(nil, reportedBy(body, r.Header))
	case r.Trailer.Get(errorTypeHeader) != "":
		call.resolve(nil, brokenOff(r.Trailer))
	default:
		call.resolve(body, nil)
	}
	accept(w)
}

// initError accepts the reason why the function cannot start. Its process has nothing left to do but to end.
func (e *environment) initError(w http.ResponseWriter, r *http.Request) {
	body, err := readAnswerOf(r)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != starting {
		invalidTransition(e.state(), "InitError").write(w)
		return
	}
	if err != nil || len(body) > MaxAnswer {
		body = nil
	}
	e.phase = ending
	failure := reportedBy(body, r.Header)
	for _, call := range e.calls {
		e.doom(call, failure)
	}
	e.startTimer(stopGrace)
	accept(w)
}

// errorTypeHeader is where a runtime puts the type of an error besides the document; a trailer when an answer that had
// already begun could not be finished.
const errorTypeHeader = "Lambda-Runtime-Function-Error-Type"

// reportedBy is the error that a runtime reported. A runtime can report anything: see received.
func reportedBy(body []byte, header http.Header) *Error {
	failure := received(body)
	if failure.Type == "" {
		failure.Type = header.Get(errorTypeHeader)
	}
	return failure
}

// brokenOff is the error of an answer that its function could not finish.
func brokenOff(trailer http.Header) *Error {
	body, err := base64.StdEncoding.DecodeString(trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || len(body) == 0 {
		return lambdaError(trailer.Get(errorTypeHeader), "")
	}
	return reportedBy(body, trailer)
}

// readAnswerOf returns at most one byte more than Lambda passes on.
func readAnswerOf(r *http.Request) ([]byte, error) {
	size := max(0, min(r.ContentLength, MaxAnswer))
	body := make([]byte, 0, size+1)
	for len(body) <= MaxAnswer {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
	// Only so that the sender reads the refusal.
	_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
	return body, nil
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n") // a process that does not listen has ended, or will ask again
}

func (no *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(no) // as above
}

func invalidTransition(from phase, to string) *refusal {
	return &refusal{
		http.StatusForbidden,
		fmt.Sprintf("Transition from %s to %s failed for runtime. Error: State transition is not allowed", from, to),
		"InvalidStateTransition",
	}
}

// traceID is the X-Ray header of the request; a made-up one that is not sampled, if the caller has none.
func (c *invocation) traceID() string {
	if c.TraceID != "" {
		return c.TraceID
	}
	var digits strings.Builder
	for _, r := range c.id + strings.Repeat("0", 24) {
		if strings.ContainsRune("0123456789abcdef", r) && digits.Len() < 24 {
			digits.WriteRune(r)
		}
	}
	hex := digits.String()
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", uint32(c.began.Unix()), hex, hex[:16]) //nolint:gosec // 32 bits are the format's
}
