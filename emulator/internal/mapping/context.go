package mapping

import (
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
)

// Dialect says where a template stands, and so what it may refer to and which engine reads it on AWS.
type Dialect int

// The dialects. Only the templates of integrations are read by a template engine on AWS (rest-gateway 5.6, 9).
const (
	GatewayResponse Dialect = iota
	MockIntegration
	AccessLog
)

// velocity reports whether AWS has Velocity read the text.
func (d Dialect) velocity() bool { return d == MockIntegration }

func (d Dialect) name() string {
	switch d {
	case GatewayResponse:
		return "a gateway response"
	case MockIntegration:
		return "a mock integration"
	case AccessLog:
		return "an access log"
	}
	return ""
}

// noVelocity ends a sentence that says what the text needs.
func (d Dialect) noVelocity() string {
	if d.velocity() {
		return "gatewayd does not run"
	}
	return d.name() + " has not: API Gateway substitutes variables there and no more"
}

// noInput is why the dialect knows no $input.
func (d Dialect) noInput() string {
	if d == GatewayResponse {
		return "a gateway response has no $input: API Gateway sends it as it is; pass a request parameter on in a header, method.request.querystring.NAME"
	}
	return "an access log has no $input"
}

func (d Dialect) plain() string {
	return d.name() + " is not read by a template engine"
}

func (d Dialect) only(known []string) string {
	return d.name() + " has " + strings.Join(known, ", ")
}

// checkContext returns what is wrong with the name of a context variable, or "".
func (d Dialect) checkContext(name string) string {
	if known(name, contextNames()) || d == AccessLog && known(name, logNames()) {
		return ""
	}
	names := contextNames()
	if d == AccessLog {
		names = append(names, logNames()...)
	} else if known(name, logNames()) {
		return "is for access logs only"
	}
	suggestion := apigw.Suggest(name, slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, ".") }))
	return "is no context variable" + suggestion
}

// known reports whether a name is one of the list, in which a name that ends in a dot stands for all that begin with it.
func known(name string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return n == name || strings.HasSuffix(n, ".") && strings.HasPrefix(name, n) && len(name) > len(n)
	})
}

// contextName is the longest name of a context variable that the text begins with. Only what an authorizer returns may have a
// hyphen: $context.requestId-x is a variable and -x.
func contextName(text string) string {
	end, hyphens := 0, strings.HasPrefix(text, "authorizer.")
	for end < len(text) && (letter(text[end]) || digit(text[end]) || text[end] == '_' || text[end] == '.' || hyphens && text[end] == '-') {
		end++
	}
	return strings.TrimRight(text[:end], ".-")
}

// contextNames are the variables of templates (rest-gateway 8.2), those without a value here included. One that ends in a dot
// stands for all that begin with it.
func contextNames() []string {
	return []string{
		"accountId", "apiId", "authorizer.", "awsEndpointRequestId", "deploymentId", "domainName", "domainPrefix",
		"error.message", "error.messageString", "error.responseType", "error.validationErrorString",
		"extendedRequestId", "httpMethod",
		"identity.accessKey", "identity.accountId", "identity.apiKey", "identity.apiKeyId", "identity.caller",
		"identity.clientCert.clientCertPem", "identity.clientCert.issuerDN", "identity.clientCert.serialNumber",
		"identity.clientCert.subjectDN", "identity.clientCert.validity.notAfter", "identity.clientCert.validity.notBefore",
		"identity.cognitoAuthenticationProvider", "identity.cognitoAuthenticationType", "identity.cognitoIdentityId",
		"identity.cognitoIdentityPoolId", "identity.principalOrgId", "identity.sourceIp", "identity.user", "identity.userAgent",
		"identity.userArn", "identity.vpcId", "identity.vpceId",
		"isCanaryRequest", "path", "protocol", "requestId", "requestTime", "requestTimeEpoch", "resourceId", "resourcePath",
		"stage", "wafResponseCode", "webaclArn",
	}
}

// logNames are the variables that only access logs have (rest-gateway 8.3).
func logNames() []string {
	return []string{
		"authenticate.error", "authenticate.latency", "authenticate.status", "authorize.error", "authorize.latency", "authorize.status",
		"customDomain.basePathMatched", "endpointType", "integration.error", "integration.integrationStatus", "integration.latency",
		"integration.requestId", "integration.status", "integrationErrorMessage", "integrationLatency", "integrationStatus",
		"responseLatency", "responseLength", "status", "waf.error", "waf.latency", "waf.status", "xrayTraceId",
	}
}
