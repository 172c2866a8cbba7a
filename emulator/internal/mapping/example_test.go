package mapping_test

import (
	"fmt"

	"gatewayd/emulator/internal/mapping"
)

func ExampleParseTemplate() {
	template, err := mapping.ParseTemplate(`{"message":$context.error.messageString,"table":"$stageVariables.table"}`, mapping.GatewayResponse)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", template.Append(nil, known(), ""))

	_, err = mapping.ParseTemplate(`{"message":$context.error.mesageString}`, mapping.GatewayResponse)
	fmt.Println(err)
	// Output:
	// {"message":"Unauthorized","table":"pets"}
	// $context.error.mesageString is no context variable, did you mean "error.messageString"?
}

func ExampleParseExpression() {
	e, err := mapping.ParseExpression("context.error.message")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Value(known()))

	_, err = mapping.ParseExpression("*")
	fmt.Println(err)
	// Output:
	// Unauthorized true
	// a static value stands in single quotes inside the text: "'*'"
}
