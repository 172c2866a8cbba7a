// Package mapping substitutes variables the way API Gateway does where it needs no template language: in the templates of gateway
// responses and mock integrations, in access log formats, in mapping expressions and in integration URIs.
//
//	template, err := mapping.ParseTemplate(`{"message":$context.error.messageString}`, mapping.GatewayResponse)
//	body := template.Append(nil, values)
//
// What a text refers to is known when it is parsed, so that a route file with a reference that nothing could answer is refused
// when it is loaded. A template that needs the Velocity Template Language, a directive or a method call, is refused as well.
//
// See "API Gateway mapping template and access logging variable reference" in the developer guide.
package mapping
