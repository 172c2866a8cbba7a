package model_test

import (
	"encoding/json"
	"fmt"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/model"
)

func ExampleCompile() {
	models, problems := model.Compile(&apigw.API{ID: "a1b2c3d4e5", Models: []apigw.Model{
		{Name: "NewPet", Schema: json.RawMessage(`{"type":"object","required":["type"],"properties":{"age":{"type":"integer"}}}`)},
	}})
	fmt.Println(len(problems))
	fmt.Println(models["NewPet"].Validate([]byte(`{"type":"dog"}`)))
	fmt.Println(models["NewPet"].Validate([]byte(`{"age":"7"}`)))
	// Output:
	// 0
	// <nil>
	// misses ["type"]; /age: is string, not integer
}

func ExampleHashOrder() {
	fmt.Println(model.HashOrder([]string{"dividend", "divisor"}))
	// Output: [divisor dividend]
}
