package policy

import (
	"fmt"
	"strings"
)

// A SyntaxError says why a text is not a policy that can be used. API Gateway
// answers such an authorizer's caller with 500 and
// AuthorizerConfigurationException (iam-policy 3).
type SyntaxError struct {
	Path   string // the element at fault, as in Statement[1].Condition.IpAddress; empty for the document
	Offset int    // bytes from the start of the text to the value at fault
	Msg    string // what is wrong and what is allowed
}

// Error names the element and says what is allowed in its place.
func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return "policy: " + e.Msg
	}
	return "policy: " + e.Path + ": " + e.Msg
}

func faultf(p path, offset int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Path: p.String(), Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

// listing quotes what is allowed, as in "Allow" and "Deny".
func listing(names ...string) string {
	last := len(names) - 1
	quoted := make([]string, last)
	for i := range quoted {
		quoted[i] = fmt.Sprintf("%q", names[i])
	}
	return fmt.Sprintf("%s and %q", strings.Join(quoted, ", "), names[last])
}
