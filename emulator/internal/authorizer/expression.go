package authorizer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// matchLimit bounds an expression that backtracks: a token that takes longer does not match.
const matchLimit = 100 * time.Millisecond

var (
	errMismatch = errors.New("does not match")
	errTooSlow  = errors.New("takes too long to match")
)

// expression is an identityValidationExpression. It must match the whole token, as Java's String.matches does
// (rest-authorizer 2.4). Go's regular expressions run in linear time and serve nearly every pattern; those with
// look-around or back references, which API Gateway's Java takes, run with a time limit.
type expression struct {
	text         string
	linear       *regexp.Regexp
	backtracking *regexp2.Regexp
}

// CheckExpression returns why a pattern cannot be an identityValidationExpression, or nil. API Gateway's are Java's
// (rest-authorizer 2.5).
func CheckExpression(text string) error {
	_, err := compileExpression(text)
	return err
}

func compileExpression(text string) (*expression, error) {
	if err := checkDialect(text); err != nil {
		return nil, err
	}
	// The pattern alone, too: an unbalanced parenthesis must not close the group that makes it match the whole token.
	_, err := regexp.Compile(text)
	if err == nil {
		linear, err := regexp.Compile(`\A(?:` + text + `)\z`)
		return &expression{text: text, linear: linear}, err
	}
	// RE2 keeps \d, \s and \w to ASCII, as Java does.
	backtracking, perr := regexp2.Compile(`\A(?:`+text+`)\z`, regexp2.RE2)
	if perr != nil {
		return nil, err
	}
	// As above; and without RE2 an escape that only Java knows, such as \h or \Q, is an error and not a letter.
	if _, err := regexp2.Compile(text, regexp2.None); err != nil {
		return nil, err
	}
	backtracking.MatchTimeout = matchLimit
	return &expression{text: text, backtracking: backtracking}, nil
}

// checkDialect refuses what Java reads in another way than the two engines here do: a token would pass here that AWS
// refuses, or the other way round.
func checkDialect(text string) error {
	if strings.Contains(text, "(?P") {
		return errors.New("(?P is not Java's: a named group is (?<name>…)")
	}
	class := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case !class && text[i] == '[':
			class = true
			if rest := strings.TrimPrefix(text[i+1:], "^"); strings.HasPrefix(rest, "]") {
				i += len(text[i+1:]) - len(rest) + 1 // a bracket that comes first is one of the class
			}
		case class && text[i] == ']':
			class = false
		case class && text[i] == '[':
			return errors.New("a bracket in a character class begins another one in Java; write \\[ for the character")
		case class && strings.HasPrefix(text[i:], "&&"):
			return errors.New("&& in a character class is an intersection in Java; write && as \\&\\& for the characters")
		}
	}
	return nil
}

// String is the pattern as configured.
func (e *expression) String() string { return fmt.Sprintf("%q", e.text) }

// match returns why a token is refused, or nil.
func (e *expression) match(token string) error {
	if e.linear != nil {
		if e.linear.MatchString(token) {
			return nil
		}
		return errMismatch
	}
	ok, err := e.backtracking.MatchString(token)
	switch {
	case err != nil:
		return errTooSlow
	case !ok:
		return errMismatch
	}
	return nil
}
