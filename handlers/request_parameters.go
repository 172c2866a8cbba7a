package handlers

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/handlers/authpolicy"
)

// requestParameters is an authorizer that knows its caller by three parameters of the request:
//
//	header X-Tenant         the tenant's name: up to 64 letters, digits, - and _
//	query string key        the tenant's own API key: the name, a hyphen, at least one more character
//	stage variable table    where the tenant's data are: any text
//
// So `X-Tenant: acme` with `?key=acme-0123456789abcdef` may use every method of the API. With a key that is not the tenant's, or a
// name that cannot be one, all of them are denied (403). A parameter that is missing or empty is "Unauthorized" (401); API
// Gateway itself says so without calling the function for those that are identity sources of the authorizer.
//
// The integration finds tenant and table in requestContext.authorizer. The key is the answer's usageIdentifierKey too: an API
// that takes its API keys from the authorizer meters the tenant's usage plan by it.
func requestParameters(
	_ context.Context,
	event events.APIGatewayCustomAuthorizerRequestTypeRequest,
) (authpolicy.Response, error) {
	tenant := header(event.Headers, "X-Tenant")
	key := event.QueryStringParameters["key"]
	table := event.StageVariables["table"]
	if tenant == "" || key == "" || table == "" {
		return authpolicy.Response{}, unauthorized{cause: errors.New("header X-Tenant, query string key or stage variable table missing")}
	}
	own, found := strings.CutPrefix(key, tenant+"-")
	if !tenantName.MatchString(tenant) || !found || own == "" {
		return allMethods(tenant, event.MethodArn, false)
	}
	policy, err := authpolicy.ForMethod(tenant, event.MethodArn)
	if err != nil {
		return authpolicy.Response{}, err
	}
	policy.AllowAllMethods()
	policy.Context = map[string]any{"tenant": tenant, "table": table}
	policy.UsageIdentifierKey = key
	return policy.Build()
}

var tenantName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// header finds a header whatever its case: API Gateway hands names on as the client spelled them (rest-authorizer 3.7). Of
// several spellings the first in byte order counts.
func header(headers map[string]string, name string) string {
	for _, sent := range slices.Sorted(maps.Keys(headers)) {
		if strings.EqualFold(sent, name) {
			return headers[sent]
		}
	}
	return ""
}
