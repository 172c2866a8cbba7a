//go:build unix

package function_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"gatewayd/emulator/internal/function"
)

func ExampleHost() {
	host := function.NewHost(function.HostOptions{Output: func(line function.Line) {
		text, _, _ := strings.Cut(line.Text, "\t") // the figures differ from run to run
		fmt.Println(line.Function, text)
	}})

	// A program that was written for Lambda; here, this test binary.
	orders, err := host.Process(function.ProcessSpec{
		Name: "orders", Command: []string{os.Args[0]}, Environment: map[string]string{role: "lambda"},
		Timeout: 3 * time.Second, InitTimeout: function.DefaultInitTimeout,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := orders.Start(ctx); err != nil { // or with its first event
		fmt.Println(err)
		return
	}
	answer, err := orders.Invoke(ctx, function.Invocation{RequestID: "8476a536", Payload: []byte(`{"do":"print","text":"item","n":2}`)})
	fmt.Println(len(answer) > 0, err)
	fmt.Println(host.Close(ctx))
	// Unordered output:
	// orders START RequestId: 8476a536 Version: $LATEST
	// orders item 0
	// orders item 1
	// orders END RequestId: 8476a536
	// orders REPORT RequestId: 8476a536
	// true <nil>
	// <nil>
}

func ExampleCheckRuntime() {
	fmt.Println(function.CheckRuntime("nodejs20.x"))
	fmt.Println(function.CheckRuntime("java21"))
	// Output:
	// <nil>
	// unsupported runtime "java21": python3.x and nodejs20.x are, any other language goes by a command
}
