package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxBody is the most that is read of a request's body, in bytes: a policy of the longest, as text within JSON.
const maxBody = 4 << 20

// RequestError is a request that cannot be met: what it asks for does not exist, or cannot be.
type RequestError struct {
	Status int // of the control API's answer: 400 or 404
	Reason string
}

// Error is the reason.
func (e *RequestError) Error() string { return e.Reason }

// read decodes the JSON object of a request's body. When it cannot, it answers and returns false.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	decoder.UseNumber() // a claim is signed as it was sent
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON object")
		}
	}
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxBody))
		return false
	}
	if err != nil {
		fail(w, http.StatusBadRequest, fmt.Sprintf("the body cannot be read: %v", err))
		return false
	}
	return true
}

// answer writes what was asked for, or why there is none.
func answer(w http.ResponseWriter, value any, err error) {
	refused, ok := errors.AsType[*RequestError](err)
	switch {
	case err == nil:
		reply(w, http.StatusOK, value)
	case ok:
		fail(w, refused.Status, refused.Reason)
	default:
		fail(w, http.StatusInternalServerError, err.Error())
	}
}

// texts is one text, or a list of them.
type texts []string

// UnmarshalJSON takes either.
func (t *texts) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*[]string)(t))
	}
	*t = texts{""}
	return json.Unmarshal(data, &(*t)[0])
}

// named are several texts by name.
func named(m map[string]texts) map[string][]string {
	out := make(map[string][]string, len(m))
	for name, values := range m {
		out[name] = values
	}
	return out
}
