// Package model validates requests: their bodies against an API's models, which are JSON Schema of draft 4, and their parameters.
//
//	models, problems := model.Compile(api)
//	err := models["NewPet"].Validate([]byte(`{"type":"dog"}`))
//
// See "Use request validation in API Gateway" and "Data models for REST APIs" in the developer guide.
package model
