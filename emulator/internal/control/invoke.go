package control

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"gatewayd/emulator/internal/function"
)

// Invocation is a call of a function through Lambda's Invoke operation.
type Invocation struct {
	RequestID     string
	Payload       []byte
	ClientContext string
	LogTail       bool
}

// InvocationAnswer is what the function answered.
type InvocationAnswer struct {
	Payload []byte
	Failed  bool
	LogTail []byte
}

// The invocation types of Lambda's Invoke operation, and the log type that asks for the log.
const (
	requestResponse = "RequestResponse"
	eventually      = "Event"
	dryRun          = "DryRun"

	tailLog = "Tail"
)

// latest is the only version that a function has here.
const latest = "$LATEST"

// The sizes in bytes of the largest payload that Lambda takes, and of the largest that nobody waits for; what is larger is read
// up to a point, so that the client gets to hear why it is refused.
const (
	maxPayload      = 6_291_456
	maxEventPayload = 1_048_576
	maxDrained      = 64 << 20
)

// lambdaError is an error as Lambda's API writes it. Its model spells the message's key in two ways.
type lambdaError struct {
	status  int
	kind    string
	Type    string `json:"Type,omitempty"` // whose fault it is: User or Service
	Reason  string `json:"Reason,omitempty"`
	Message string `json:"Message,omitempty"`
	Detail  string `json:"message,omitempty"`
}

// invoke is Lambda's Invoke operation, so that the AWS CLI and SDKs work with this listener as their endpoint. There are no
// credentials to check, and no versions or aliases of a function.
func (a *api) invoke(w http.ResponseWriter, r *http.Request) {
	in := Invocation{RequestID: newRequestID(), LogTail: r.Header.Get("X-Amz-Log-Type") == tailLog}
	w.Header().Set("X-Amzn-Requestid", in.RequestID)
	kind := r.Header.Get("X-Amz-Invocation-Type")
	if kind == "" {
		kind = requestResponse
	}
	refused := checkHeaders(r, kind)
	name := ""
	if refused == nil {
		name, refused = a.functionName(r)
	}
	if refused == nil {
		in.Payload, refused = payload(r, kind)
	}
	if refused == nil {
		in.ClientContext, refused = clientContext(r)
	}
	if refused != nil {
		refused.write(w)
		return
	}
	switch kind {
	case dryRun:
		w.WriteHeader(http.StatusNoContent)
	case eventually:
		in.ClientContext = "" // Lambda passes it on to synchronous invocations only
		a.InvokeLater(context.WithoutCancel(r.Context()), name, in)
		w.WriteHeader(http.StatusAccepted)
	default:
		a.answer(w, r, name, in)
	}
}

func (a *api) answer(w http.ResponseWriter, r *http.Request, name string, in Invocation) {
	answer, err := a.Invoke(r.Context(), name, in)
	if err != nil {
		a.notInvoked(name, err).write(w)
		return
	}
	h := w.Header()
	h.Set("X-Amz-Executed-Version", latest)
	if answer.Failed {
		h.Set("X-Amz-Function-Error", "Unhandled")
	}
	if in.LogTail {
		h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(answer.LogTail))
	}
	h.Set("Content-Length", strconv.Itoa(len(answer.Payload)))
	header(w, "application/json")
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(answer.Payload)
}

// notInvoked is the error for a function that did not run.
func (a *api) notInvoked(name string, err error) *lambdaError {
	switch {
	case errors.Is(err, function.ErrNotFound): // it has gone since, or its endpoint does not know it
		return a.notFound(name)
	case errors.Is(err, function.ErrThrottled):
		return &lambdaError{
			status: http.StatusTooManyRequests, kind: "TooManyRequestsException",
			Type: "User", Reason: "ReservedFunctionConcurrentInvocationLimitExceeded", Detail: "Rate Exceeded.",
		}
	}
	return &lambdaError{status: http.StatusInternalServerError, kind: "ServiceException", Type: "Service", Message: err.Error()}
}

func (a *api) notFound(name string) *lambdaError {
	return &lambdaError{
		status: http.StatusNotFound, kind: "ResourceNotFoundException", Type: "User", Message: "Function not found: " + a.FunctionARN(name),
	}
}

// checkHeaders refuses values that the operation does not have.
func checkHeaders(r *http.Request, kind string) *lambdaError {
	log := r.Header.Get("X-Amz-Log-Type")
	switch {
	case !slices.Contains([]string{eventually, requestResponse, dryRun}, kind):
		return invalid(kind, "invocationType", "Event, RequestResponse, DryRun")
	case !slices.Contains([]string{"", "None", tailLog}, log):
		return invalid(log, "logType", "None, Tail")
	}
	return nil
}

func invalid(value, member, values string) *lambdaError {
	return &lambdaError{
		status: http.StatusBadRequest, kind: "ValidationException",
		Detail: fmt.Sprintf("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			value, member, values),
	}
}

// functionName is the function that the URL names: by its name, by an ARN, or by the end of one, with a qualifier or without.
func (a *api) functionName(r *http.Request) (string, *lambdaError) {
	name := chi.URLParam(r, "name")
	if decoded, err := url.PathUnescape(name); err == nil && r.URL.RawPath != "" {
		name = decoded
	}
	if _, last, isARN := strings.Cut(":"+name, ":function:"); isARN {
		name = last
	}
	name, qualifier, _ := strings.Cut(name, ":")
	if named := r.URL.Query().Get("Qualifier"); named != "" {
		qualifier = named
	}
	if qualifier != "" && qualifier != latest {
		return "", a.notFound(name + ":" + qualifier)
	}
	if !a.HasFunction(name) {
		return "", a.notFound(name)
	}
	return name, nil
}

// payload is the event. None is an empty object.
func payload(r *http.Request, kind string) ([]byte, *lambdaError) {
	tooLarge := &lambdaError{status: http.StatusRequestEntityTooLarge, kind: "RequestEntityTooLargeException", Type: "User"}
	event, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	switch {
	case err != nil:
		return nil, unreadable("Could not parse request body into json: " + err.Error())
	case len(event) > maxPayload:
		_, _ = io.CopyN(io.Discard, r.Body, maxDrained) // whatever comes of it
		tooLarge.Detail = fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", maxPayload)
		return nil, tooLarge
	case kind == eventually && len(event) > maxEventPayload:
		tooLarge.Detail = fmt.Sprintf("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(event), maxEventPayload)
		return nil, tooLarge
	case len(event) == 0:
		return []byte("{}"), nil
	}
	var parsed json.RawMessage
	if err := json.Unmarshal(event, &parsed); err != nil {
		return nil, unreadable("Could not parse request body into json: Could not parse payload into json: " + err.Error())
	}
	return event, nil
}

func clientContext(r *http.Request) (string, *lambdaError) {
	text, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Amz-Client-Context"))
	if err != nil || len(text) > 0 && !json.Valid(text) {
		return "", unreadable("Client context must be a valid Base64-encoded JSON object.")
	}
	return string(text), nil
}

func unreadable(message string) *lambdaError {
	return &lambdaError{status: http.StatusBadRequest, kind: "InvalidRequestContentException", Type: "User", Detail: message}
}

func (e *lambdaError) write(w http.ResponseWriter) {
	w.Header().Set("X-Amzn-Errortype", e.kind)
	header(w, "application/json")
	w.WriteHeader(e.status)
	// Strings always encode, and the client may be gone.
	text, _ := json.Marshal(e)
	_, _ = w.Write(text)
}

// newRequestID is a UUID of version 4.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never returns an error
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
