package mapping

// Source is where a reference finds its value.
type Source int

// The sources. Header, QueryString and Path are method.request.header.NAME and its like; Param is $input.params('NAME'), which
// looks through the path, the query and the headers in that order.
const (
	Literal Source = iota
	Context
	StageVariable
	Header
	QueryString
	Path
	Param
)

// Reference is a variable: its source, and its name there.
type Reference struct {
	Source Source
	Name   string
}

// Values answers references.
type Values interface {
	// Value returns the text of a variable, and whether there is one.
	Value(Reference) (string, bool)
}
