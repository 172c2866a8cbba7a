package accounts

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// reply is what a client is told.
type reply struct {
	status  int
	Message any `json:"message"`
	Data    any `json:"data,omitempty"`
}

// rejection is the reply to a request whose fields are well-formed but say something wrong.
func rejection(message string) reply {
	return reply{status: http.StatusBadRequest, Message: fieldErrors{{"_schema", message}}}
}

func (r reply) response() (events.APIGatewayProxyResponse, error) {
	body, err := encode(r)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return events.APIGatewayProxyResponse{
		StatusCode: r.status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(body),
	}, nil
}

// encode is json.Marshal, but leaves < > & as they are: no browser takes these replies for HTML.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// fieldErrors says what is wrong with each field, in order. As JSON it is an object with a list of messages for each field.
type fieldErrors []fieldError

type fieldError struct{ field, message string }

// MarshalJSON keeps the order of the fields, which a map would not.
func (e fieldErrors) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, problem := range e {
		if i > 0 {
			text = append(text, ',')
		}
		name, err := encode(problem.field)
		if err != nil {
			return nil, err
		}
		messages, err := encode([]string{problem.message})
		if err != nil {
			return nil, err
		}
		text = append(append(append(text, name...), ':'), messages...)
	}
	return append(text, '}'), nil
}
