package handlers

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// sayHello is the target of the first API of AWS's tutorials: what a new function answers in the Lambda console.
func sayHello(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return jsonReply(http.StatusOK, `"Hello from Lambda!"`), nil
}

// echo returns the event as the body, to show what an integration receives. It takes the bytes and no struct, because the
// structs of aws-lambda-go drop nulls and members that they do not know.
func echo(_ context.Context, event json.RawMessage) (events.APIGatewayProxyResponse, error) {
	return jsonReply(http.StatusOK, string(event)), nil
}

// reply is a response with a value as its JSON body.
func reply(status int, body any) (events.APIGatewayProxyResponse, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return jsonReply(status, string(text)), nil
}

func jsonReply(status int, body string) events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       body,
	}
}
