package function

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxUnexpected is how much is read of an answer that is no function's, so that its connection can be used again.
	maxUnexpected = 64 << 10
	// maxExcerpt is how much of it goes into the error.
	maxExcerpt = 256
)

// URL is the function behind an endpoint that speaks Lambda's Invoke API, such as AWS's Runtime Interface Emulator at
// http://127.0.0.1:9000/2015-03-31/functions/function/invocations. A timeout of 0 is none. The transport's owner closes
// its connections; nil is http.DefaultTransport. No redirect is followed.
//
// An answer with the header X-Amz-Function-Error is an [*Error]. The emulator sends none with a function's error (its
// issue 20): such an answer is returned as it is.
func URL(name, endpoint string, timeout time.Duration, transport http.RoundTripper) Function {
	return &remote{
		name:     name,
		endpoint: endpoint,
		timeout:  timeout,
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

type remote struct {
	name     string
	endpoint string
	timeout  time.Duration
	client   *http.Client
}

// Invoke posts the payload to the endpoint.
func (f *remote) Invoke(ctx context.Context, in Invocation) ([]byte, error) {
	run, cancel := within(ctx, f.timeout)
	defer cancel()
	answer, err := f.post(run, in.Payload)
	if err := overtime(ctx, run, f.name, in.RequestID, f.timeout); err != nil {
		return nil, err
	}
	return answer, err
}

func (f *remote) post(ctx context.Context, payload []byte) ([]byte, error) {
	// A copy, because the transport may still read the body when it has returned.
	body := bytes.NewReader(bytes.Clone(payload))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.endpoint, body)
	if err != nil {
		return nil, f.unreachable(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "gatewayd")
	request.Header.Set("X-Amz-Invocation-Type", "RequestResponse")
	request.Header.Set("X-Amz-Log-Type", "None")

	response, err := f.client.Do(request)
	if err != nil {
		return nil, f.unreachable(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, f.refused(response)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return nil, f.unreachable(err)
	case len(answer) > MaxAnswer:
		return nil, tooLarge()
	case response.Header.Get("X-Amz-Function-Error") != "":
		return nil, received(answer)
	}
	return answer, nil
}

func (f *remote) unreachable(err error) error {
	return fmt.Errorf("function %q: %w: %w", f.name, ErrUnreachable, err)
}

// refused is an answer of the Invoke API, or of whatever else listens there, for which no function ran.
func (f *remote) refused(response *http.Response) error {
	reason := ErrUnreachable
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		reason = ErrThrottled
	case http.StatusForbidden:
		reason = ErrForbidden
	case http.StatusNotFound:
		reason = ErrNotFound
	}
	// What cannot be read is missing from the message, nothing more.
	excerpt, _ := io.ReadAll(io.LimitReader(response.Body, maxUnexpected))
	excerpt = bytes.TrimSpace(excerpt)
	excerpt = excerpt[:min(len(excerpt), maxExcerpt)]
	return fmt.Errorf("function %q: %w: HTTP status %d: %q", f.name, reason, response.StatusCode, excerpt)
}

// received reads a function's error document as leniently as possible: a runtime can report anything, and API Gateway
// still looks for an errorMessage (rest-authorizer 5.24).
func received(payload []byte) *Error {
	e := &Error{Payload: payload}
	var document map[string]json.RawMessage
	if json.Unmarshal(payload, &document) != nil {
		e.Message = text(payload)
		return e
	}
	e.Type = text(document["errorType"])
	e.Message = text(document["errorMessage"])
	return e
}

// text is the value of a JSON string, nothing for null, and the bytes themselves for anything else.
func text(value []byte) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return strings.ToValidUTF8(string(value), "�")
}
