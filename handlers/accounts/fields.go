package accounts

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-lambda-go/events"
)

// What is said of a body, and of each field of it.
const (
	unableToParse = "Something went wrong. Unable to parse data !"
	notAnObject   = "Invalid input type."
	missing       = "Missing data for required field."
	notNull       = "Field may not be null."
	notAString    = "Not a valid string."
	notAnEmail    = "Not a valid email address."
	unknownField  = "Unknown field."
)

// field is a member that a body must have: a string, which may be empty, or an e-mail address.
type field struct {
	name  string
	into  *string
	email bool
}

// decode reads the fields of a body. It returns nil, or the reply that says what is wrong: first of the fields in their order,
// then of the members that are none of them in alphabetical order.
func decode(event events.APIGatewayProxyRequest, fields ...field) *reply {
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		if err != nil {
			return &reply{status: http.StatusBadRequest, Message: unableToParse}
		}
		body = decoded
	}
	// Not into a struct: encoding/json would take "EMAIL" for "email".
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return &reply{status: http.StatusBadRequest, Message: unableToParse}
	}
	members, ok := value.(map[string]any)
	if !ok {
		return fieldsRefused(fieldErrors{{"_schema", notAnObject}})
	}
	var problems fieldErrors
	for _, f := range fields {
		if problem := f.decode(members); problem != "" {
			problems = append(problems, fieldError{f.name, problem})
		}
		delete(members, f.name)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		problems = append(problems, fieldError{name, unknownField})
	}
	if problems != nil {
		return fieldsRefused(problems)
	}
	return nil
}

func fieldsRefused(problems fieldErrors) *reply {
	return &reply{status: http.StatusBadRequest, Message: "Error !", Data: problems}
}

// decode stores the field's value, or says what is wrong with it.
func (f field) decode(members map[string]any) string {
	value, ok := members[f.name]
	if !ok {
		return missing
	}
	if value == nil {
		return notNull
	}
	text, ok := value.(string)
	if !ok {
		return notAString
	}
	if f.email && !isEmail(text) {
		return notAnEmail
	}
	*f.into = text
	return ""
}

// isEmail tells whether text is local@domain, where local is words of RFC 5322's atoms or of other letters and digits,
// with dots between them, and domain is "localhost" or at least two labels of letters, digits and inner hyphens. Sizes are
// those of RFC 5321: 64 bytes, 63 a label, 254 together. There are no quoted local parts and no address literals.
func isEmail(text string) bool {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || len(text) > 254 {
		return false
	}
	local, domain := text[:at], text[at+1:]
	if len(local) > 64 {
		return false
	}
	for word := range strings.SplitSeq(local, ".") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool {
			return !isLetterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
		}) {
			return false
		}
	}
	if domain == "localhost" {
		return true
	}
	labels := strings.Split(domain, ".")
	return len(labels) >= 2 && !slices.ContainsFunc(labels, func(label string) bool { return !isLabel(label) })
}

func isLabel(label string) bool {
	return label != "" && len(label) <= 63 &&
		!strings.HasPrefix(label, "-") && !strings.HasSuffix(label, "-") &&
		!strings.ContainsFunc(label, func(r rune) bool { return !isLetterOrDigit(r) && r != '-' })
}

// isLetterOrDigit is false for U+FFFD, which stands for bytes that are not UTF-8.
func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
