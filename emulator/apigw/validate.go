package apigw

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatewayd/emulator/policy"
)

// Validate returns every problem of an API whose defaults are set. The handlers are the names of the in-process functions.
// Patterns that Go's regular expressions refuse are left to compile, which says whether they can be run at all.
func (a *API) Validate(handlers []string) []Problem {
	v := validator{api: a, handlers: slices.Sorted(slices.Values(handlers))}
	v.checkAPI()
	v.checkFunctions()
	v.checkAuthorizers()
	v.checkRoutes()
	v.checkAPIKeys()
	v.checkUsagePlans()
	v.checkAccessLog()
	v.checkResourcePolicy()
	v.checkGatewayResponses()
	v.checkModels()
	v.checkCORS()
	return SortProblems(v.problems)
}

// Findings returns what AWS accepts and a developer should still look at: nothing here keeps an API from being served.
func (a *API) Findings() []Problem {
	v := validator{api: a}
	for i := range a.Authorizers {
		if auth := &a.Authorizers[i]; auth.Type == RequestAuthorizer && auth.ValidationExpression != "" {
			// rest-authorizer 2.1.
			v.report(auth.ExpressionPosition, "authorizer %q: identityValidationExpression has no effect on a REQUEST authorizer; AWS ignores it, and so does gatewayd", auth.Name)
		}
	}
	for i := range a.Routes {
		if r := &a.Routes[i]; r.Authorizer == None && a.DefaultAuthorizer == "" && !r.Preflight {
			v.report(r.AuthorizerPosition, "route %q: authorizer NONE without a defaultAuthorizer says nothing; a SAM template with it does not deploy", r.Key())
		}
	}
	for i := range a.Routes {
		v.integrationFindings(&a.Routes[i])
	}
	for i := range a.Routes {
		if r := &a.Routes[i]; (r.Path == "/ping" || r.Path == "/sping") && !r.Preflight {
			// rest-gateway 1.1.
			v.report(r.Position, "route %q: API Gateway keeps /ping and /sping for itself; on AWS the route is never reached", r.Key())
		} else if _, name, ok := strings.Cut(r.Path, "/:"); ok {
			name, _, _ = strings.Cut(name, "/")
			v.report(r.Position, "route %q: \":%s\" is text, which a URL must have as it stands; a path parameter is {%s}", r.Key(), name, name)
		}
	}
	v.findUncheckedRequests()
	v.findUsage()
	if document, err := policy.ParseResourcePolicy(a.ResourcePolicy, a.ARN()); a.ResourcePolicy != nil && err == nil {
		for _, finding := range document.Findings() {
			v.report(a.PolicyPosition, "resourcePolicy %s: %s [%s]", finding.Path, finding.Message, finding.Code)
		}
	}
	return SortProblems(v.problems)
}

type validator struct {
	api      *API
	handlers []string
	problems []Problem
}

func (v *validator) report(at Position, format string, args ...any) {
	if at == (Position{}) {
		at = Position{File: v.api.Position.File}
	}
	v.problems = append(v.problems, Problem{at, fmt.Sprintf(format, args...)})
}

// reportKey reports a problem at one of the keys under api.
func (v *validator) reportKey(key, format string, args ...any) {
	at, said := v.api.Positions[key]
	if !said {
		at = v.api.Position
	}
	v.report(at, format, args...)
}

func (v *validator) checkAPI() {
	a := v.api
	for _, field := range []struct{ key, value, pattern, want string }{
		{"id", a.ID, `^[a-z0-9]{1,64}$`, "lower-case letters and digits, 10 of them on AWS"},
		{"stage", a.Stage, `^[A-Za-z0-9_-]{1,128}$`, "letters, digits, - and _, 128 at most"}, // rest-gateway 1.1
		{"region", a.Region, `^[a-z]{2,4}(-[a-z]+)+-[0-9]$`, "a region such as us-east-1"},
		{"accountId", a.AccountID, `^[0-9]{12}$`, "12 digits (quote it in YAML: \"123456789012\")"},
		{"basePath", a.BasePath, `^(/[A-Za-z0-9$_.+!*'()-]+)*$`, "a path such as /dev"},
	} {
		if field.key == "basePath" && field.value == "/"+a.Stage {
			continue // what is wrong with it is wrong with the stage
		}
		if !regexp.MustCompile(field.pattern).MatchString(field.value) {
			v.reportKey(field.key, "%s %q must be %s", field.key, field.value, field.want)
		}
	}
	if a.IntegrationTimeout < MinIntegrationTimeout || a.IntegrationTimeout > MaxIntegrationTimeout {
		v.reportKey("timeoutInMillis", "timeoutInMillis must be from %d to %d", MinIntegrationTimeout.Milliseconds(), MaxIntegrationTimeout.Milliseconds())
	}
	if a.AuthorizerTimeout <= 0 {
		v.reportKey("authorizerTimeoutInMillis", "authorizerTimeoutInMillis must be over 0")
	}
	v.checkStageVariables()
	if len(a.Routes) == 0 {
		v.report(a.Position, "the API has no routes")
	}
	if a.DefaultAuthorizer != "" {
		v.checkAuthorizerName(a.DefaultAuthorizer, a.DefaultPosition, "defaultAuthorizer")
	}
}

// checkStageVariables holds rest-gateway 4: 100 of them, names to 64 and values to 512 characters.
func (v *validator) checkStageVariables() {
	const count, nameLength, valueLength = 100, 64, 512
	if len(v.api.StageVariables) > count {
		v.reportKey("stageVariables", "a stage has %d variables at most, not %d", count, len(v.api.StageVariables))
	}
	name, value := regexp.MustCompile(`^[A-Za-z0-9_]+$`), regexp.MustCompile(`^[A-Za-z0-9-._~:/?#&=,]*$`)
	for _, key := range slices.Sorted(maps.Keys(v.api.StageVariables)) {
		if len(key) > nameLength || !name.MatchString(key) {
			v.reportKey("stageVariables", "stage variable %q: a name has letters, digits and _, %d at most", key, nameLength)
		}
		if text := v.api.StageVariables[key]; len(text) > valueLength || !value.MatchString(text) {
			v.reportKey("stageVariables", "stage variable %q: a value has letters, digits and -._~:/?#&=, only, %d at most", key, valueLength)
		}
	}
}

// checkResourcePolicy holds the grammar of policies, and the 8,192 characters of rest-gateway 4.
func (v *validator) checkResourcePolicy() {
	const most = 8192
	if v.api.ResourcePolicy == nil {
		return
	}
	if len(v.api.ResourcePolicy) > most {
		v.report(v.api.PolicyPosition, "resourcePolicy has %d characters; API Gateway takes %d", len(v.api.ResourcePolicy), most)
	}
	if _, err := policy.ParseResourcePolicy(v.api.ResourcePolicy, v.api.ARN()); err != nil {
		v.report(v.api.PolicyPosition, "resourcePolicy: %v", err)
	}
}

func (v *validator) checkFunctions() {
	seen := map[string]Position{}
	for _, f := range v.api.Functions {
		if first, again := seen[f.Name]; again {
			v.report(f.Position, "function %q again, first at %s", f.Name, first)
		}
		seen[f.Name] = f.Position
		switch ways := countTrue(len(f.Command) > 0, f.Runtime != "", f.URL != "", f.Handler != "" && !f.IsProgram()); {
		case ways != 1:
			v.report(f.Position, "function %q needs exactly one of handler, url, command and runtime", f.Name)
		case f.Runtime != "" && f.Handler == "":
			v.report(f.Position, "function %q: a runtime needs a handler, such as app.lambda_handler", f.Name)
		case f.Runtime != "" && !isFileAndFunction(f.Handler):
			v.report(f.Position, "function %q: handler %q must be FILE.FUNCTION, such as app.lambda_handler", f.Name, f.Handler)
		case f.IsProgram():
		case f.Handler != "" && !slices.Contains(v.handlers, f.Handler):
			v.report(f.Position, "function %q: no in-process handler %q%s", f.Name, f.Handler, v.suggestHandler(f.Handler))
		case f.URL != "":
			if !isEndpoint(f.URL) {
				v.report(f.Position, "function %q: url %q must be http://HOST:PORT/2015-03-31/functions/NAME/invocations", f.Name, f.URL)
			}
		}
		if f.Timeout < 0 {
			v.report(f.Position, "function %q: timeout must not be negative", f.Name)
		}
	}
}

// isFileAndFunction reports whether a handler names a file, without its extension, and a function in it.
func isFileAndFunction(handler string) bool {
	dot := strings.LastIndexByte(handler, '.')
	return dot > 0 && dot < len(handler)-1 && !strings.HasSuffix(handler[:dot], "/")
}

func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Port() == "" || err == nil && port > 0
}

func countTrue(conditions ...bool) int {
	count := 0
	for _, condition := range conditions {
		if condition {
			count++
		}
	}
	return count
}

func (v *validator) suggestHandler(name string) string {
	if len(v.handlers) == 0 {
		return "; none is registered"
	}
	return suggestOrList(name, v.handlers)
}

// suggestOrList names the nearest of a few names, or all of them.
func suggestOrList(name string, names []string) string {
	const most = 12
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "(") }) // one that could not be read
	if len(names) == 0 {
		return "; the file declares none"
	}
	if s := Suggest(name, names); s != "" {
		return s
	}
	if len(names) > most {
		return fmt.Sprintf("; there are %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return "; there are " + strings.Join(names, ", ")
}

// checkFunctionName refuses a route or an authorizer that names no function.
func (v *validator) checkFunctionName(name string, at Position, user string) {
	names := slices.Clone(v.handlers)
	for _, f := range v.api.Functions {
		names = append(names, f.Name)
	}
	_, missing := v.api.ExpandStageVariables(name)
	switch {
	case name == "":
		v.report(at, "%s names no function", user)
	case len(missing) > 0:
		suggestion := ""
		if _, empty := v.api.StageVariables[missing[0]]; !empty {
			suggestion = Suggest(missing[0], slices.Collect(maps.Keys(v.api.StageVariables)))
		}
		v.report(at, "%s: stage variable %q of function %q has no value, so AWS would answer 500 to every request%s", user, missing[0], name, suggestion)
	case !slices.Contains(names, name):
		v.report(at, "%s: no function %q%s", user, name, suggestOrList(name, names))
	}
}

func (v *validator) checkAuthorizers() {
	seen := map[string]Position{}
	for i := range v.api.Authorizers {
		a := &v.api.Authorizers[i]
		user := fmt.Sprintf("authorizer %q", a.Name)
		if first, again := seen[a.Name]; again {
			v.report(a.Position, "%s again, first at %s", user, first)
		}
		seen[a.Name] = a.Position
		if a.Name == None || a.Name == "" {
			v.report(a.Position, "%s: an authorizer cannot have this name", user)
		}
		v.checkFunctionName(a.Function, a.Position, user)
		if a.ResultTTL < 0 || a.ResultTTL > MaxResultTTL {
			v.report(a.Position, "%s: authorizerResultTtlInSeconds must be from 0 to %d", user, int(MaxResultTTL.Seconds()))
		}
		v.checkIdentitySources(a, user)
	}
}

func (v *validator) checkIdentitySources(a *Authorizer, user string) {
	at := a.Position
	if len(a.IdentitySources) > 0 && a.IdentitySources[0].Position != (Position{}) {
		at = a.IdentitySources[0].Position
	}
	switch a.Type {
	case TokenAuthorizer:
		// rest-authorizer 1.1.
		if len(a.IdentitySources) != 1 || a.IdentitySources[0].Kind != HeaderSource {
			v.report(at, "%s: a TOKEN authorizer has one identity source, method.request.header.NAME; several need type REQUEST", user)
		}
	case RequestAuthorizer:
		if len(a.IdentitySources) == 0 && a.ResultTTL > 0 {
			// rest-authorizer 1.11.
			v.report(at, "%s: a REQUEST authorizer with caching needs an identitySource; add one, or set authorizerResultTtlInSeconds: 0", user)
		}
	default:
		v.report(a.Position, "%s: type %q must be TOKEN or REQUEST", user, a.Type)
	}
	for _, s := range a.IdentitySources {
		if s.Kind == StageVariableSource && v.api.StageVariables[s.Name] == "" {
			v.report(s.Position, "%s: stage variable %q is not set, so every request would be refused%s", user, s.Name,
				Suggest(s.Name, slices.Collect(maps.Keys(v.api.StageVariables))))
		}
	}
}

func (v *validator) checkAuthorizerName(name string, at Position, user string) {
	var names []string
	for i := range v.api.Authorizers {
		names = append(names, v.api.Authorizers[i].Name)
	}
	if name == None || slices.Contains(names, name) {
		return
	}
	suggestion := suggestOrList(name, names)
	if strings.EqualFold(name, None) { // nothing less says that the route is meant to be open
		suggestion = Suggest(name, []string{None})
	}
	v.report(at, "%s: no authorizer %q%s", user, name, suggestion)
}
