package apigw

import (
	"encoding/json"
	"net/http"
	"strings"

	"gatewayd/emulator/trace"
)

// ResponseType is one of API Gateway's gateway response types.
type ResponseType string

// The gateway response types (rest-gateway 5.1).
const (
	AccessDenied                 ResponseType = "ACCESS_DENIED"
	APIConfigurationError        ResponseType = "API_CONFIGURATION_ERROR"
	AuthorizerConfigurationError ResponseType = "AUTHORIZER_CONFIGURATION_ERROR"
	AuthorizerFailure            ResponseType = "AUTHORIZER_FAILURE"
	BadRequestBody               ResponseType = "BAD_REQUEST_BODY"
	BadRequestParameters         ResponseType = "BAD_REQUEST_PARAMETERS"
	Default4XX                   ResponseType = "DEFAULT_4XX"
	Default5XX                   ResponseType = "DEFAULT_5XX"
	ExpiredToken                 ResponseType = "EXPIRED_TOKEN"
	IntegrationFailure           ResponseType = "INTEGRATION_FAILURE"
	IntegrationTimeout           ResponseType = "INTEGRATION_TIMEOUT"
	InvalidAPIKey                ResponseType = "INVALID_API_KEY" //nolint:gosec // the name of a response, not a key
	InvalidSignature             ResponseType = "INVALID_SIGNATURE"
	MissingAuthenticationToken   ResponseType = "MISSING_AUTHENTICATION_TOKEN"
	QuotaExceeded                ResponseType = "QUOTA_EXCEEDED"
	RequestTooLarge              ResponseType = "REQUEST_TOO_LARGE"
	ResourceNotFound             ResponseType = "RESOURCE_NOT_FOUND"
	Throttled                    ResponseType = "THROTTLED"
	Unauthorized                 ResponseType = "UNAUTHORIZED"
	UnsupportedMediaType         ResponseType = "UNSUPPORTED_MEDIA_TYPE"
	WAFFiltered                  ResponseType = "WAF_FILTERED"

	// NoStage is the answer to a URL that belongs to no stage. No API is known yet, so no gateway response applies.
	NoStage ResponseType = ""
)

// ResponseTypes are all gateway response types, in the order of the alphabet.
func ResponseTypes() []ResponseType {
	return []ResponseType{
		AccessDenied, APIConfigurationError, AuthorizerConfigurationError, AuthorizerFailure, BadRequestBody, BadRequestParameters,
		Default4XX, Default5XX, ExpiredToken, IntegrationFailure, IntegrationTimeout, InvalidAPIKey, InvalidSignature,
		MissingAuthenticationToken, QuotaExceeded, RequestTooLarge, ResourceNotFound, Throttled, Unauthorized,
		UnsupportedMediaType, WAFFiltered,
	}
}

// Family is the type whose gateway response answers for a type that has none of its own (rest-gateway 5.4).
func (t ResponseType) Family() ResponseType {
	if t == NoStage {
		return NoStage
	}
	if status, _, _, _ := t.defaults(); status < http.StatusInternalServerError {
		return Default4XX
	}
	return Default5XX
}

// Values of the x-amzn-ErrorType header.
const (
	accessDeniedException            = "AccessDeniedException"
	authorizerConfigurationException = "AuthorizerConfigurationException"
	authorizerFailureException       = "AuthorizerFailureException"
	badRequestException              = "BadRequestException"
	expiredTokenException            = "ExpiredTokenException"
	forbiddenException               = "ForbiddenException"
	internalServerErrorException     = "InternalServerErrorException"
	invalidSignatureException        = "InvalidSignatureException"
	limitExceededException           = "LimitExceededException"
	missingAuthenticationException   = "MissingAuthenticationTokenException"
	notFoundException                = "NotFoundException"
	tooManyRequestsException         = "TooManyRequestsException"
	unauthorizedException            = "UnauthorizedException"

	// IncompleteSignature is what a request without a route gets for an Authorization header that is not SigV4
	// (rest-gateway 1.7).
	IncompleteSignature = "IncompleteSignatureException"
)

// Error is a request that the pipeline stopped: the gateway response that the client receives, and why.
type Error struct {
	Type ResponseType

	// Status, ErrorType and Message replace the type's own where they are set.
	Status    int
	ErrorType string
	Message   string
	Form      Form

	// ValidationError is what a body failed of, in brackets: $context.error.validationErrorString.
	ValidationError string

	// TraceHeader is set when the integration was attempted: the response then has X-Amzn-Trace-Id (rest-gateway 3.3).
	TraceHeader bool

	Code       trace.Code
	Confidence trace.Confidence // of the rule that AWS answers so; "" is recorded
	Reason     string           // for a person, in a sentence without a full stop
	Hint       string           // what to try next
	Cause      error            // what came up, if anything
}

// Error is the code and the reason.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Reason }

// Certainty is how sure it is that AWS answers so.
func (e *Error) Certainty() trace.Confidence {
	if e.Confidence == "" {
		return trace.Recorded
	}
	return e.Confidence
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Response is what the client receives for a stopped request, without the headers that every response has.
type Response struct {
	Status      int
	ErrorType   string // of the x-amzn-ErrorType header; "" sends none
	ContentType string
	Body        []byte
	TraceHeader bool // X-Amzn-Trace-Id is sent
}

// Form is how a message is written. The front end's JSON is compact, the execution stage's has one space, a denial's key
// is capitalized, and what the listener itself refuses is plain text (rest-gateway 5.3).
type Form int

// The zero Form is the response type's own.
const (
	typeForm Form = iota
	FrontEnd
	ExecutionStage
	denial
	noMessage
	plainText
)

// Response returns the bytes that AWS answers where the gateway response is not customized.
func (e *Error) Response() Response {
	status, errorType, message, form := e.resolve()
	return Response{
		Status: status, ErrorType: errorType, ContentType: form.contentType(), Body: form.body(message), TraceHeader: e.TraceHeader,
	}
}

// Customizable reports whether the API's gateway responses apply. What the listener refuses in plain text, and a URL of no
// stage, they cannot change (rest-gateway 4).
func (e *Error) Customizable() bool {
	_, _, _, form := e.resolve()
	return e.Type != NoStage && form != plainText
}

// Text is the message, and whether there is one: $context.error.message.
func (e *Error) Text() (string, bool) {
	_, _, message, form := e.resolve()
	return message, form != noMessage
}

// MessageString is the message in quotes, or null: $context.error.messageString (rest-gateway 5.6).
func (e *Error) MessageString() string {
	if message, ok := e.Text(); ok {
		return quote(message)
	}
	return "null"
}

// resolve is what the response type says, and what the error says instead.
func (e *Error) resolve() (status int, errorType, message string, form Form) {
	status, errorType, message, form = e.Type.defaults()
	setIf(&status, e.Status)
	setIf(&errorType, e.ErrorType)
	setIf(&message, e.Message)
	setIf(&form, e.Form)
	return status, errorType, message, form
}

// defaults is the factory setting of a gateway response.
func (t ResponseType) defaults() (status int, errorType, message string, form Form) {
	const internal = "Internal server error"
	switch t {
	case AccessDenied:
		return http.StatusForbidden, accessDeniedException, ImplicitDenyMessage, denial
	case AuthorizerConfigurationError:
		return http.StatusInternalServerError, authorizerConfigurationException, "", noMessage
	case AuthorizerFailure:
		return http.StatusInternalServerError, authorizerFailureException, "", noMessage
	case BadRequestBody:
		return http.StatusBadRequest, badRequestException, "Invalid request body", ExecutionStage
	case BadRequestParameters:
		return http.StatusBadRequest, badRequestException, "Missing required request parameters: []", ExecutionStage
	case ExpiredToken:
		return http.StatusForbidden, expiredTokenException, "The security token included in the request is expired", FrontEnd
	case IntegrationTimeout:
		return http.StatusGatewayTimeout, internalServerErrorException, "Endpoint request timed out", ExecutionStage
	case IntegrationFailure:
		// The type's own status is 504, but a function that failed is a 502 (rest-gateway 3.2).
		return http.StatusBadGateway, internalServerErrorException, internal, ExecutionStage
	case InvalidSignature:
		return http.StatusForbidden, invalidSignatureException, "Signature expired", FrontEnd
	case MissingAuthenticationToken:
		return http.StatusForbidden, missingAuthenticationException, "Missing Authentication Token", FrontEnd
	case QuotaExceeded:
		return http.StatusTooManyRequests, limitExceededException, "Limit Exceeded", FrontEnd
	case RequestTooLarge:
		return http.StatusRequestEntityTooLarge, "", "HTTP content length exceeded 10485760 bytes.", plainText
	case ResourceNotFound:
		return http.StatusNotFound, notFoundException, "Not Found", FrontEnd
	case Throttled:
		return http.StatusTooManyRequests, tooManyRequestsException, "Too Many Requests", FrontEnd
	case Unauthorized:
		return http.StatusUnauthorized, unauthorizedException, "Unauthorized", FrontEnd
	case UnsupportedMediaType:
		return http.StatusUnsupportedMediaType, badRequestException, "Unsupported Media Type", ExecutionStage
	case NoStage, Default4XX, InvalidAPIKey, WAFFiltered:
		return http.StatusForbidden, forbiddenException, "Forbidden", FrontEnd
	case APIConfigurationError, Default5XX:
		return http.StatusInternalServerError, internalServerErrorException, internal, ExecutionStage
	}
	return http.StatusInternalServerError, internalServerErrorException, internal, ExecutionStage
}

// The texts of a denial by an authorizer's policy (rest-authorizer 6.3, 6.4), and those of until 2023 (6.5).
const (
	ExplicitDenyMessage = "User is not authorized to access this resource with an explicit deny in an identity-based policy"
	ImplicitDenyMessage = "User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"

	LegacyExplicitDenyMessage = "User is not authorized to access this resource with an explicit deny"
	LegacyImplicitDenyMessage = "User is not authorized to access this resource"
)

func (f Form) contentType() string {
	if f == plainText {
		return "text/plain"
	}
	return "application/json"
}

func (f Form) body(message string) []byte {
	switch f {
	case FrontEnd:
		return []byte(`{"message":` + quote(message) + `}`)
	case ExecutionStage:
		return []byte(`{"message": ` + quote(message) + `}`)
	case denial:
		return []byte(`{"Message":` + quote(message) + `}`)
	case noMessage:
		return []byte(`{"message":null}`)
	case plainText, typeForm:
		return []byte(message)
	}
	return nil
}

func quote(message string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // only Go writes & as \u0026
	if err := encoder.Encode(message); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func setIf[T comparable](field *T, value T) {
	var zero T
	if value != zero {
		*field = value
	}
}
