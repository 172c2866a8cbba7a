// Gatewayd is a local API Gateway: it serves the routes of a route file as AWS would, with the same events, checks and
// answers, and says why each request was refused.
//
//	gatewayd                  serve ./routes.yaml on http://127.0.0.1:3000
//	gatewayd validate         print every problem of the route file
//	gatewayd routes --json    list the routes with what guards them
//	gatewayd explain          say what would become of a request, and why
//	gatewayd token            print a token of the local issuer, for the example authorizers
//	gatewayd policy eval      evaluate a policy, with an account of every statement
//	gatewayd invoke NAME      call one function
//	gatewayd test-authorizer  run one authorizer, as the console's Test button does
//	gatewayd --help           every command and flag
//
// Exit status: 0 ok, 1 the file, the network or a function failed, 2 wrong usage, 3 what was
// tried is denied or unauthorized.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
