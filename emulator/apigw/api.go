package apigw

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Defaults of a route file, and the ranges that API Gateway accepts.
const (
	DefaultStage     = "local"
	DefaultRegion    = "us-east-1"
	DefaultAccountID = "123456789012"

	// DefaultBasePath is the URL prefix of an API on its execute-api host: the stage.
	DefaultBasePath = "/{stage}"

	MinIntegrationTimeout = 50 * time.Millisecond // rest-gateway 4
	MaxIntegrationTimeout = 29 * time.Second

	// DefaultAuthorizerTimeout is gatewayd's own: AWS does not document how long it waits (rest-authorizer 6.9).
	DefaultAuthorizerTimeout = 30 * time.Second

	DefaultResultTTL = 300 * time.Second // rest-authorizer 7.1
	MaxResultTTL     = 3600 * time.Second

	// DefaultFunctionTimeout is Lambda's.
	DefaultFunctionTimeout = 3 * time.Second

	// None is what a route says to have no authorizer although the API has a default one.
	None = "NONE"
)

// Position is where something stands in a route file. The zero Position is nowhere: the API was made in code.
type Position struct {
	File         string
	Line, Column int // from 1; columns count characters
}

// String is FILE:LINE:COLUMN, or as much of it as is known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// API is one REST API, deployed to one stage.
type API struct {
	Name      string
	ID        string // api-id: 10 lower-case letters and digits
	Stage     string
	Region    string
	AccountID string

	// BasePath is what comes before the resource path in the URL, "/dev" or "" for none. When it is the stage, events
	// and paths follow the rules of the execute-api host, else those of a custom domain (rest-authorizer 3.6, 4.12).
	BasePath string

	StageVariables     map[string]string
	BinaryMediaTypes   []string
	IntegrationTimeout time.Duration // 50 ms to 29 s
	AuthorizerTimeout  time.Duration

	// ResourcePolicy is an IAM policy document in JSON, nil for none. Its resources may have the short form
	// execute-api:/stage/METHOD/path (rest-authorizer 8.24).
	ResourcePolicy json.RawMessage

	// APIKeySource is where a request's API key comes from.
	APIKeySource APIKeySource
	APIKeys      []APIKey
	UsagePlans   []UsagePlan
	Throttle     *StageThrottle // nil throttles nothing but what usage plans do

	AccessLog *AccessLog // nil for none

	Functions         []Function
	Authorizers       []Authorizer
	DefaultAuthorizer string // the name of one of Authorizers, or ""
	Routes            []Route
	GatewayResponses  []GatewayResponse
	Models            []Model
	CORS              *CORS               // nil: browsers' preflights are requests like any other
	Position          Position            // of the file
	Positions         map[string]Position // of the keys under api that the file has: "stage", "accountId"
	DefaultPosition   Position            // of the default authorizer's name
	PolicyPosition    Position            // of the resource policy
}

// Function says how a Lambda function that routes and authorizers name is reached: in process by its registered handler
// name, at an endpoint that speaks the Lambda Invoke API, or as a program that speaks the Lambda Runtime API.
type Function struct {
	Name     string
	Handler  string        // the registered name of an in-process handler; of a program, its file.function
	URL      string        // the endpoint's invocation URL
	Timeout  time.Duration // 0: none but the gateway's
	Position Position

	// What follows is about programs.

	Command     []string // the program and its arguments
	Runtime     string   // instead of a command: python3.x or nodejs20.x
	Directory   string   // where the code is
	Environment map[string]string
	InitTimeout time.Duration // 0: none
	MemorySize  int           // in MB, told to the function
	Concurrency int           // processes at most; 0 leaves it to gatewayd
	Build       string        // a shell command that makes the program
}

// IsProgram reports whether the function runs as a process of its own.
func (f *Function) IsProgram() bool { return len(f.Command) > 0 || f.Runtime != "" }

// AuthorizerType is one of the authorizer types that gatewayd enforces.
type AuthorizerType string

// The two Lambda authorizers.
const (
	TokenAuthorizer   AuthorizerType = "TOKEN"
	RequestAuthorizer AuthorizerType = "REQUEST"
)

// Authorizer is a Lambda authorizer.
type Authorizer struct {
	Name     string
	Type     AuthorizerType
	Function string // the function that is called

	// IdentitySources are what a request must bring, and what results are cached by. A TOKEN authorizer has exactly one.
	IdentitySources []IdentitySource

	// ValidationExpression is matched against the whole token before anything is called; "" accepts every token.
	ValidationExpression string

	ResultTTL time.Duration // 0 to 3600 s; 0 caches nothing

	Position           Position
	ExpressionPosition Position
}

// Route is a method of a resource with its integration: one of Function, HTTP and Mock.
type Route struct {
	Method string // an HTTP method in capitals, or ANY
	Path   string // the resource path: /pets/{petId}, /files/{path+}

	Function string     // the function that answers: a Lambda proxy integration
	HTTP     *HTTPProxy // or the HTTP endpoint that does
	Mock     *Mock      // or the response that is always given

	// Authorizer is a name, [None], or "" for the API's default authorizer.
	Authorizer string

	// APIKeyRequired refuses requests without a key that is enabled and in a usage plan.
	APIKeyRequired bool

	// Validator says what of a request is held against RequestParameters and RequestModels; "" nothing.
	Validator         RequestValidator
	RequestParameters []RequestParameter
	RequestModels     []RequestModel

	Preflight bool // the route is there because of CORS

	Position           Position
	FunctionPosition   Position
	AuthorizerPosition Position
	APIKeyPosition     Position
}

// Key is the route key: METHOD PATH.
func (r *Route) Key() string { return r.Method + " " + r.Path }

// AuthorizerOf returns the authorizer that guards a route, or nil when the route is open.
func (a *API) AuthorizerOf(r *Route) *Authorizer {
	name := r.Authorizer
	if name == "" {
		name = a.DefaultAuthorizer
	}
	for i := range a.Authorizers {
		if a.Authorizers[i].Name == name {
			return &a.Authorizers[i]
		}
	}
	return nil
}

// FunctionNamed returns the declared function of that name. A name that is not declared is that of an in-process
// handler, which the caller must know.
func (a *API) FunctionNamed(name string) Function {
	for _, f := range a.Functions {
		if f.Name == name {
			return f
		}
	}
	return Function{Name: name, Handler: name}
}

// ARN is the API's: arn:aws:execute-api:REGION:ACCOUNT:API_ID.
func (a *API) ARN() string {
	return fmt.Sprintf("arn:%s:execute-api:%s:%s:%s", a.partition(), a.Region, a.AccountID, a.ID)
}

// StageARN is what every method ARN of the API begins with: its ARN and the stage.
func (a *API) StageARN() string { return a.ARN() + "/" + a.Stage }

// FunctionARN is the ARN by which a function of this account is known.
func (a *API) FunctionARN(name string) string {
	return fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s", a.partition(), a.Region, a.AccountID, name)
}

// AuthorizerARN is the source ARN with which API Gateway calls an authorizer's function (rest-authorizer 3.17).
func (a *API) AuthorizerARN(name string) string {
	return fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/authorizers/%s",
		a.partition(), a.Region, a.AccountID, a.ID, DerivedID(6, a.ID, "authorizer", name))
}

func (a *API) partition() string {
	switch {
	case strings.HasPrefix(a.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(a.Region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(a.Region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// CustomDomain reports whether the URL follows a custom domain's rules: its base path is not the stage.
func (a *API) CustomDomain() bool { return a.BasePath != "/"+a.Stage }

// SetDefaults fills in what was left out, and expands the stage variables in the names of functions. It changes nothing else that
// was said.
func (a *API) SetDefaults() {
	setDefault(&a.Name, "api")
	setDefault(&a.ID, DerivedID(10, a.Name))
	setDefault(&a.Stage, DefaultStage)
	setDefault(&a.Region, DefaultRegion)
	setDefault(&a.AccountID, DefaultAccountID)
	setDefault(&a.BasePath, DefaultBasePath)
	a.BasePath = strings.TrimRight(strings.ReplaceAll(a.BasePath, "{stage}", a.Stage), "/")
	setDefault(&a.IntegrationTimeout, MaxIntegrationTimeout)
	setDefault(&a.AuthorizerTimeout, DefaultAuthorizerTimeout)
	a.setUsageDefaults()
	for i := range a.Routes {
		a.expandName(&a.Routes[i].Function)
	}
	for i := range a.Authorizers {
		auth := &a.Authorizers[i]
		a.expandName(&auth.Function)
		setDefault(&auth.Type, TokenAuthorizer)
		if auth.Type == TokenAuthorizer && len(auth.IdentitySources) == 0 {
			auth.IdentitySources = []IdentitySource{{Kind: HeaderSource, Name: "Authorization"}}
		}
	}
	a.addPreflights()
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// DerivedID makes an identifier as AWS makes them, lower-case letters and digits, that is always the same for the same parts.
func DerivedID(length int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:length]
}
