package model

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// patternLimit bounds a pattern that backtracks: text that takes longer does not match.
const patternLimit = 100 * time.Millisecond

// compilePattern compiles a pattern of a schema, which is ECMA 262's. Go's regular expressions serve nearly every one, in linear
// time; those with look-around, usual for passwords, run with a time limit.
func compilePattern(text string) (jsonschema.Regexp, error) {
	linear, err := regexp.Compile(text)
	if err == nil {
		return linear, nil
	}
	backtracking, perr := regexp2.Compile(text, regexp2.ECMAScript)
	if perr != nil {
		return nil, err
	}
	backtracking.MatchTimeout = patternLimit
	return bounded{backtracking}, nil
}

// bounded is a pattern that backtracks.
type bounded struct{ *regexp2.Regexp }

// MatchString reports whether the text has a match.
func (b bounded) MatchString(text string) bool {
	matched, err := b.Regexp.MatchString(text)
	return err == nil && matched
}
