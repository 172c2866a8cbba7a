package gateway

import (
	"fmt"
	"reflect"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/match"
	"gatewayd/emulator/internal/usage"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// deployment is an API compiled: it never changes.
type deployment struct {
	api         *apigw.API
	tree        *match.Tree
	routes      []route
	authorizers map[string]*authorizer.Authorizer
	functions   map[string]target // that routes and authorizers name
	stage       event.Stage
	arn         string         // of the stage: what every method ARN begins with
	policy      *policy.Policy // the API's resource policy, nil for none
	binary      event.MediaTypes
	responses   map[apigw.ResponseType]*customized // of the types whose answers are not the factory's
	usage       *usage.Stage
	accessLog   *accessLog // nil for none
	linter      *linter
}

// route is a method with its integration.
type route struct {
	index                     int // in the route file
	key, resource, resourceID string
	source                    string
	authorizer                *authorizer.Authorizer // nil: open
	authorizerFunction        string
	sharesAuthorizer          bool       // with another route
	validator                 *validator // nil: requests are not validated
	integration               integration
}

// target is the function behind a route.
type target struct {
	name, arn string
	function  function.Function
	local     *function.Local // the function, when it runs in this process
	lane      function.Lane
	logs      trace.Logs // nil for what has no log
	answered  string     // the reason of a trace
}

func (g *Gateway) compile(api *apigw.API, previous *deployment) (*deployment, error) {
	d := &deployment{
		api:         api,
		tree:        match.New(api.Routes),
		authorizers: map[string]*authorizer.Authorizer{},
		functions:   map[string]target{},
		arn:         api.StageARN(),
		binary:      api.BinaryMediaTypes,
		linter:      &linter{linted: map[string]bool{}, told: map[string]bool{}},
		stage: event.Stage{
			AccountID: api.AccountID, APIID: api.ID, Name: api.Stage,
			DeploymentID: apigw.DerivedID(6, api.ID, "deployment"), Variables: api.StageVariables,
		},
	}
	var err error
	if api.ResourcePolicy != nil {
		if d.policy, err = policy.ParseResourcePolicy(api.ResourcePolicy, api.ARN()); err != nil {
			return nil, fmt.Errorf("%s: resourcePolicy: %w", api.PolicyPosition, err)
		}
	}
	if d.responses, err = compileGatewayResponses(api); err != nil {
		return nil, err
	}
	models, err := compileModels(api)
	if err != nil {
		return nil, err
	}
	users := map[string]int{}
	resolve := func(name string) (target, error) {
		if t, ok := d.functions[name]; ok {
			return t, nil
		}
		t, err := g.target(api, name)
		d.functions[name] = t
		return t, err
	}
	for i := range api.Authorizers {
		a := &api.Authorizers[i]
		t, err := resolve(a.Function)
		if err != nil {
			return nil, fmt.Errorf("%s: authorizer %q: %w", a.Position, a.Name, err)
		}
		compiled, err := authorizer.New(a, api.AuthorizerTimeout, g.invoker(t.function, t.arn), results(api, a, previous))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Position, err)
		}
		if t.lane == function.TokenLane && a.Type == apigw.TokenAuthorizer || t.lane == function.RequestLane && a.Type == apigw.RequestAuthorizer {
			compiled.WithTyped(g.typedInvoker(t.local, t.arn))
		}
		d.authorizers[a.Name] = compiled.WithStrict(g.options.Strict).WithCoalesce(g.options.Coalesce).WithRequestIDs(g.NewRequestID)
	}
	for i := range api.Routes {
		r := &api.Routes[i]
		answers, err := g.integration(api, r, resolve)
		if err != nil {
			return nil, fmt.Errorf("%s: route %q: %w", r.Position, r.Key(), err)
		}
		compiled := route{
			index: i, key: r.Key(), resource: r.Path, resourceID: apigw.DerivedID(6, api.ID, r.Path),
			source: r.Position.String(), integration: answers,
		}
		if compiled.validator, err = compileValidator(r, models); err != nil {
			return nil, fmt.Errorf("%s: route %q: %w", r.Position, r.Key(), err)
		}
		if a := api.AuthorizerOf(r); a != nil {
			compiled.authorizer, compiled.authorizerFunction = d.authorizers[a.Name], a.Function
			users[a.Name]++
		}
		d.routes = append(d.routes, compiled)
	}
	for i := range d.routes {
		if r := &d.routes[i]; r.authorizer != nil {
			r.sharesAuthorizer = users[r.authorizer.Name()] > 1
		}
	}
	if d.accessLog, err = compileAccessLog(api.AccessLog); err != nil {
		return nil, err
	}
	d.usage = g.usage.Stage(api) // last: what the API no longer has is forgotten
	return d, nil
}

// target makes the function of that name ready to be invoked, and chooses its lane.
func (g *Gateway) target(api *apigw.API, name string) (target, error) {
	f := api.FunctionNamed(name)
	t := target{name: name, arn: api.FunctionARN(name), answered: fmt.Sprintf("function %q answered", name)}
	if f.URL != "" {
		t.function = function.URL(f.Name, f.URL, f.Timeout, g.options.Transport)
		return t, nil
	}
	if f.IsProgram() {
		process, err := g.program(api, f)
		if err != nil {
			return target{}, err
		}
		t.function, t.logs = process, g.options.Logs
		return t, nil
	}
	handler, ok := g.options.Handlers[f.Handler]
	if !ok {
		return target{}, fmt.Errorf("no in-process handler %q", f.Handler)
	}
	options := []function.Option{function.WithTracker(g.options.Tracker)}
	if f.Timeout > 0 {
		options = append(options, function.WithTimeout(f.Timeout))
	}
	t.local = function.InProcess(f.Name, handler, options...)
	t.function = t.local
	if !g.options.JSONLane {
		t.lane = t.local.Lane()
	}
	return t, nil
}

// results is the store of the previous deployment's authorizer when that was the same, else a new one: results that another
// function gave, or that were found by other identity sources, are another authorizer's.
func results(api *apigw.API, a *apigw.Authorizer, previous *deployment) *authorizer.Store {
	if previous == nil || previous.api.StageARN() != api.StageARN() {
		return authorizer.NewStore()
	}
	kept, ok := previous.authorizers[a.Name]
	if !ok {
		return authorizer.NewStore()
	}
	for i := range previous.api.Authorizers {
		before := &previous.api.Authorizers[i]
		if before.Name == a.Name && reflect.DeepEqual(definition(api, a), definition(previous.api, before)) {
			return kept.Results()
		}
	}
	return authorizer.NewStore()
}

// authorizerDefinition is all that an authorizer's results depend on.
type authorizerDefinition struct {
	authorizer apigw.Authorizer
	function   apigw.Function
	variables  map[string]string
}

// definition is an authorizer without the places where it stands in its file.
func definition(api *apigw.API, a *apigw.Authorizer) authorizerDefinition {
	d := authorizerDefinition{authorizer: *a, function: api.FunctionNamed(a.Function), variables: api.StageVariables}
	d.authorizer.Position, d.authorizer.ExpressionPosition, d.function.Position = apigw.Position{}, apigw.Position{}, apigw.Position{}
	d.authorizer.IdentitySources = make([]apigw.IdentitySource, len(a.IdentitySources))
	for i, s := range a.IdentitySources {
		d.authorizer.IdentitySources[i] = apigw.IdentitySource{Kind: s.Kind, Name: s.Name}
	}
	return d
}
