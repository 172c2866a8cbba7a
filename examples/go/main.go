// A target in Go, as it would be deployed on provided.al2023.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

type greeting struct {
	Text string `json:"text"`
	For  any    `json:"for"`
}

func greet(_ context.Context, request events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	name := request.PathParameters["name"]
	fmt.Fprintln(os.Stderr, "greeting", name)
	body, err := json.Marshal(greeting{Text: "Hello, " + name, For: request.RequestContext.Authorizer["principalId"]})
	return events.APIGatewayProxyResponse{StatusCode: 200, Body: string(body)}, err
}

func main() { lambda.Start(greet) }
