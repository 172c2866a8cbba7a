// Package config reads gatewayd's route file, routes.yaml, into the model of package apigw, with the position of
// everything that a problem may be about, and reports every problem of the file at once:
//
//	api:
//	  name: petstore
//	authorizers:
//	  jwt: { type: TOKEN, function: jwt, authorizerResultTtlInSeconds: 300 }
//	defaultAuthorizer: jwt
//	routes:
//	  GET /pets/{petId}: pets
//	  POST /login: { function: login, authorizer: NONE }
//
// One table declares each key with its type, range and meaning: [Read], [Schema] and the suggestions are made from it. A
// value whose feature is not built yet, such as an authorizer's type JWT, is refused by name and never ignored: an authorizer
// that silently does not apply is an open door.
//
// AWS pages: "Amazon API Gateway REST APIs", "x-amazon-apigateway-authorizer object", "Use API Gateway Lambda authorizers".
package config
