package config

import (
	"time"

	"gatewayd/emulator/apigw"
)

// maxAuthorizerTimeout is as long as a Lambda function may run.
const maxAuthorizerTimeout = 15 * time.Minute

// apiKeys are the keys of api: the API, its stage and its limits. Each notes where it stands.
func apiKeys() []key[apigw.API] {
	keys := settings()
	for i := range keys {
		decode := keys[i].decode
		keys[i].decode = func(d *decoder, api *apigw.API, f field) {
			api.Positions[f.name] = d.at(f.value)
			decode(d, api, f)
		}
	}
	return keys
}

func settings() []key[apigw.API] {
	return []key[apigw.API]{
		text("name", "The API's name. The default is the name of the file's folder.",
			func(api *apigw.API, name string) { api.Name = name }).spelled("title"),
		choice("type", "The kind of API.", []string{"REST"},
			map[string]string{"HTTP": "HTTP is reserved: HTTP APIs are not built yet", "WEBSOCKET": "WEBSOCKET is reserved: WebSocket APIs are not built yet"},
			func(*apigw.API, string) {}).spelled("protocolType"),
		text("id", "The API's identifier in ARNs and events. The default is derived from the name and always the same.",
			func(api *apigw.API, id string) { api.ID = id }).spelled("apiId", "restApiId"),
		text("stage", "The stage, \"local\" by default.",
			func(api *apigw.API, stage string) { api.Stage = stage }).spelled("stageName"),
		text("region", "The AWS region in ARNs, us-east-1 by default.",
			func(api *apigw.API, region string) { api.Region = region }),
		text("accountId", "The AWS account in ARNs and events, 12 digits, \"123456789012\" by default.",
			func(api *apigw.API, id string) { api.AccountID = id }).spelled("account", "awsAccountId"),
		{
			name: "basePath", doc: "What comes before the resource path in the URL, \"/{stage}\" by default; \"\" or \"/\" for nothing.", schema: textSchema(),
			decode: func(d *decoder, api *apigw.API, f field) {
				if path, ok := d.text(f.value, f.name); ok {
					api.BasePath = "/"
					if path != "" {
						api.BasePath = path
					}
				}
			},
		},
		key[apigw.API]{
			name: "stageVariables", doc: "The variables of the stage, by name.", schema: mapSchema(textSchema()),
			decode: func(d *decoder, api *apigw.API, f field) { api.StageVariables = d.texts(f) },
		}.spelled("variables"),
		{
			name: "binaryMediaTypes", doc: "The content types whose bodies are passed on as bytes, in base64.", schema: schema{"type": "array", "items": nameSchema()},
			decode: func(d *decoder, api *apigw.API, f field) { api.BinaryMediaTypes = d.list(f.value, f.name) },
		},
		whole("timeoutInMillis", "How long API Gateway waits for a function, in milliseconds.",
			int(apigw.MinIntegrationTimeout.Milliseconds()), int(apigw.MaxIntegrationTimeout.Milliseconds()), int(apigw.MaxIntegrationTimeout.Milliseconds()),
			func(api *apigw.API, millis int) { api.IntegrationTimeout = time.Duration(millis) * time.Millisecond }).spelled("timeout"),
		whole("authorizerTimeoutInMillis", "How long gatewayd waits for an authorizer, in milliseconds. AWS does not document how long it does.",
			1, int(maxAuthorizerTimeout.Milliseconds()), int(apigw.DefaultAuthorizerTimeout.Milliseconds()),
			func(api *apigw.API, millis int) { api.AuthorizerTimeout = time.Duration(millis) * time.Millisecond }),
		choice("apiKeySource", "Where an API key comes from: the x-api-key header, or the authorizer's usageIdentifierKey.",
			[]string{string(apigw.HeaderKeySource), string(apigw.AuthorizerKeySource)}, nil,
			func(api *apigw.API, source string) { api.APIKeySource = apigw.APIKeySource(source) }).
			spelled("apiKeySourceType", "x-amazon-apigateway-api-key-source"),
		key[apigw.API]{
			name: "accessLog", doc: "The stage's access log: a line for each request.",
			schema: required(objectSchema(accessLogKeys()), "file"),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeAccessLog(api, f) },
		}.spelled("accessLogs", "accessLogSetting", "accessLogSettings"),
	}
}

// texts takes a mapping of text, which may be empty.
func (d *decoder) texts(f field) map[string]string {
	fields, ok := d.mapping(f.value, f.name)
	if !ok {
		return nil
	}
	values := make(map[string]string, len(fields))
	for _, entry := range fields {
		if value, ok := d.text(entry.value, f.name+"."+entry.name); ok && !entry.again {
			values[entry.name] = value
		}
	}
	return values
}
