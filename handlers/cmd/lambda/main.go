// Command lambda is a Lambda function: the one of package handlers that its handler setting (_HANDLER) names. Build it as
// bootstrap for the runtime provided.al2023:
//
//	GOOS=linux CGO_ENABLED=0 go build -tags lambda.norpc -o bootstrap ./handlers/cmd/lambda
//	zip function.zip bootstrap
//	aws lambda create-function --function-name jwt-rs256 --handler jwt-rs256 \
//		--runtime provided.al2023 --zip-file fileb://function.zip --role …
//
// See https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html.
package main

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/handlers"
)

func main() {
	functions := handlers.New(handlers.Options{Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))})
	name := os.Getenv("_HANDLER")
	function, ok := functions[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "error: _HANDLER names no function: %q\nhint: one of %s\n",
			name, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
		os.Exit(1)
	}
	lambda.Start(function)
}
