package config

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"

	"gopkg.in/yaml.v3"
)

// authorizerDraft is an authorizer as far as it was read. What its identity source may be depends on its type, which may
// come later in the file.
type authorizerDraft struct {
	apigw.Authorizer
	identitySource *yaml.Node
}

func (d *decoder) decodeAuthorizers(n *yaml.Node, api *apigw.API) {
	fields, _ := d.mapping(n, "authorizers")
	keys := authorizerKeys()
	for _, f := range fields {
		authorizer := d.decodeAuthorizer(f, keys)
		if !f.again {
			api.Authorizers = append(api.Authorizers, authorizer)
		}
	}
}

func (d *decoder) decodeAuthorizer(f field, keys []key[authorizerDraft]) apigw.Authorizer {
	before := d.failures
	draft := authorizerDraft{Authorizer: apigw.Authorizer{Name: f.name, ResultTTL: apigw.DefaultResultTTL, Position: d.at(f.key)}}
	kind := lookup(f.value, "type")
	if kind.key != nil {
		if value := follow(kind.value).Value; reservedAuthorizers()[value] != "" {
			// Its other keys mean something to its own type only.
			d.report(follow(kind.value), "type %s", reservedAuthorizers()[value])
			draft.Type, draft.Function, draft.ResultTTL = apigw.RequestAuthorizer, unreadable, 0
			return draft.Authorizer
		}
	}
	object(d, f.value, "authorizer "+f.name, keys, &draft)
	if draft.identitySource != nil {
		draft.IdentitySources = d.identitySources(draft.identitySource, draft.Type != apigw.RequestAuthorizer)
	}
	if d.failures > before {
		draft.standIn(kind.key != nil)
	}
	return draft.Authorizer
}

// standIn completes an authorizer whose problems were reported, so that they are not reported again as what they lead to.
func (draft *authorizerDraft) standIn(typed bool) {
	if draft.Function == "" {
		draft.Function = unreadable
	}
	if typed && draft.Type == "" {
		draft.Type = apigw.RequestAuthorizer
	}
	if draft.Type == apigw.RequestAuthorizer && len(draft.IdentitySources) == 0 {
		draft.ResultTTL = 0
	}
}

func reservedAuthorizers() map[string]string {
	return map[string]string{
		"JWT":                "JWT is reserved: JWT authorizers are not built yet",
		"AWS_IAM":            "AWS_IAM is reserved: IAM authorization is not built yet",
		"COGNITO_USER_POOLS": "COGNITO_USER_POOLS is reserved: Cognito authorizers are not built yet",
	}
}

// authorizerKeys are the keys of one authorizer.
func authorizerKeys() []key[authorizerDraft] {
	return []key[authorizerDraft]{
		choice("type", "TOKEN passes one header to the function, REQUEST the whole request.",
			[]string{string(apigw.TokenAuthorizer), string(apigw.RequestAuthorizer)}, reservedAuthorizers(),
			func(draft *authorizerDraft, value string) { draft.Type = apigw.AuthorizerType(value) }).spelled("authorizerType", "functionPayloadType"),
		text("function", "The function that answers with a policy.",
			func(draft *authorizerDraft, name string) { draft.Function = name }).
			spelled("authorizerUri", "functionArn", "functionName", "handler", "lambda", "uri", "arn"),
		key[authorizerDraft]{
			name: "identitySource",
			doc: "What a request must bring, and what results are cached by: one, a list, or one text with commas. " +
				"TOKEN takes one header, Authorization by default.",
			schema: schema{"anyOf": []schema{nameSchema(), {"type": "array", "minItems": 1, "items": nameSchema()}}},
			decode: func(_ *decoder, draft *authorizerDraft, f field) { draft.identitySource = f.value },
		}.spelled("identity", "identitySources", "identityHeader"),
		key[authorizerDraft]{
			name: "identityValidationExpression",
			doc: "A regular expression that the whole token must match before a TOKEN authorizer is called. " +
				"Write it in single quotes, where YAML leaves a backslash alone.",
			schema: textSchema(),
			decode: (*decoder).decodeExpression,
		}.spelled("validationExpression", "identityValidation", "validationRegex", "tokenValidation"),
		whole("authorizerResultTtlInSeconds", "How long a result is cached, in seconds; 0 caches nothing.",
			0, int(apigw.MaxResultTTL.Seconds()), int(apigw.DefaultResultTTL.Seconds()),
			func(draft *authorizerDraft, seconds int) { draft.ResultTTL = time.Duration(seconds) * time.Second }).
			spelled("resultTtlInSeconds", "reauthorizeEvery", "ttl", "cacheTtl"),
	}
}

func (d *decoder) decodeExpression(draft *authorizerDraft, f field) {
	expression, ok := d.text(f.value, f.name)
	if !ok {
		return
	}
	n := follow(f.value)
	if i := strings.IndexFunc(expression, unicode.IsControl); i >= 0 && n.Style&yaml.DoubleQuotedStyle != 0 {
		r, _ := utf8.DecodeRuneInString(expression[i:])
		d.report(n, "%s holds %U, which is what YAML makes of a backslash in double quotes; write it in single quotes", f.name, r)
		return
	}
	draft.ExpressionPosition = d.at(f.value)
	if err := authorizer.CheckExpression(expression); err != nil {
		d.report(n, "%s does not compile: %v", f.name, err)
		return
	}
	draft.ValidationExpression = expression
}
