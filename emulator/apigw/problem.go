package apigw

import (
	"cmp"
	"slices"
)

// Problem is one thing that keeps an API from being served.
type Problem struct {
	Position Position
	Message  string
}

// String is FILE:LINE:COLUMN: message.
func (p Problem) String() string {
	if at := p.Position.String(); at != "" {
		return at + ": " + p.Message
	}
	return p.Message
}

// SortProblems puts problems in the order of the file and drops repetitions.
func SortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Position.File, b.Position.File),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(problems)
}
