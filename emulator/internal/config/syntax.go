package config

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// searchBudget bounds how many bytes are parsed again to find the line, and then the column, where a file is
	// broken: each takes a second or two for the largest file, milliseconds for a usual one.
	searchBudget = 24 << 20

	// searchTries bounds how often, since nesting takes longer to parse than its bytes tell.
	searchTries = 100

	// lookahead is how many lines the parser may be ahead of what it refuses: it keeps two tokens for comments.
	lookahead = 8
)

// reportSyntax reports what the parser refused. The parser names no column, sometimes no line and sometimes a wrong one,
// so the place is looked for: it is where the file stops to be YAML when it is cut off there.
func (d *decoder) reportSyntax(source string, err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	said := 0
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if number, text, found := strings.Cut(rest, ": "); found {
			said, _ = strconv.Atoi(number)
			message = text
		}
	}
	where := newSearch(source, d.lines).find(message, said)
	text := d.lines[where.line]
	hint := syntaxHint(message, text[where.offset:])
	switch {
	case where.toEnd:
		message += "; what begins here is never closed"
	case where.opened > 0:
		message += fmt.Sprintf("; it is inside what begins on line %d", where.opened+1)
	}
	d.reportAt(where.line+1, utf8.RuneCountInString(text[:where.offset])+1, "not YAML: %s%s", message, hint)
}

// syntaxHint says what to do about a mistake that is often made.
func syntaxHint(message, text string) string {
	switch {
	case strings.Contains(message, "unknown escape character"):
		return "; a backslash in double quotes begins an escape: write a regular expression in single quotes"
	case strings.Contains(message, "cannot start any token") && strings.HasPrefix(text, "\t"):
		return "; YAML is indented with spaces, not tabs"
	case strings.Contains(message, "cannot start any token"):
		return "; put the text in quotes"
	case strings.Contains(message, "incompatible YAML document"):
		return "; leave the %YAML line out"
	case strings.Contains(message, "mapping values are not allowed"):
		return "; check the indentation, or put a text with a colon in quotes"
	}
	return ""
}

// place is where a file is broken. Its lines count from 0, the offset in the line is in bytes.
type place struct {
	line, offset int
	toEnd        bool // what begins there is not closed
	opened       int  // the line where what it is inside of begins, or 0
}

// search looks for the place where a file is broken.
type search struct {
	source string
	lines  []string
	starts []int // of the lines in source, and at last its end
	budget int
}

func newSearch(source string, lines []string) *search {
	s := &search{source: source, lines: lines, budget: searchBudget}
	offset := 0
	for _, line := range lines {
		s.starts = append(s.starts, offset)
		offset += len(line)
	}
	s.starts = append(s.starts, offset)
	return s
}

// find goes by how far the parser read, and by the line that it said where that proves true.
func (s *search) find(message string, said int) place {
	if rest, ok := strings.CutPrefix(message, "unknown anchor '"); ok {
		name, _, _ := strings.Cut(rest, "'")
		if p, ok := s.alias("*" + name); ok {
			return p
		}
	}
	end := s.readTo()
	if end == len(s.source) {
		line := s.open(said)
		if s.budget < 0 {
			return place{line: s.last()} // too large to tell
		}
		return place{line: line, offset: s.column(line, s.parses), toEnd: line < s.last()}
	}
	late := s.lineOf(max(end-1, 0))
	line := late
	for line > 0 && late-line < lookahead && !s.parsesClosed(s.starts[line]) {
		line--
	}
	opened, _ := s.said(said)
	if opened >= line {
		opened = 0
	}
	return place{line: line, offset: s.column(line, s.parsesClosed), opened: opened}
}

// alias finds the first one that is refused.
func (s *search) alias(text string) (place, bool) {
	for i, line := range s.lines {
		if at := strings.Index(line, text); at >= 0 && !s.parses(s.starts[i]+at+len(text)) {
			return place{line: i, offset: at}, true
		}
	}
	return place{}, false
}

// open returns the line of what is not closed at the end of the file.
func (s *search) open(said int) int {
	if line, ok := s.said(said); ok {
		return line
	}
	good, bad := s.last(), s.last()+1
	for step := 1; good > 0 && !s.parses(s.starts[good]); step *= 2 {
		good, bad = max(0, good-step), good
	}
	for bad-good > 1 {
		if middle := (good + bad) / 2; s.parses(s.starts[middle]) {
			good = middle
		} else {
			bad = middle
		}
	}
	return good
}

// said returns the line that the parser said, or the one after it, if the file is broken from there on. The parser counts
// from 0 in some of its errors.
func (s *search) said(said int) (line int, ok bool) {
	for _, line := range []int{said - 1, said} {
		if line >= 0 && line <= s.last() && s.parses(s.starts[line]) && !s.parses(s.starts[line+1]) {
			return line, true
		}
	}
	return 0, false
}

// column returns the offset of the word in a line from which on it does not parse, or of its first word.
func (s *search) column(line int, parses func(end int) bool) int {
	s.budget = searchBudget
	text := s.lines[line]
	first := indentation(text)
	for i := len(strings.TrimRight(text, " \t\r\n")) - 1; i > first && s.budget > 0; i-- {
		if text[i] != ' ' && strings.IndexByte(" [{,", text[i-1]) >= 0 && parses(s.starts[line]+i) {
			return i
		}
	}
	return first
}

// last is the last line with text.
func (s *search) last() int { return s.lineOf(len(s.source) - 1) }

func (s *search) lineOf(offset int) int {
	line := len(s.lines) - 1
	for line > 0 && s.starts[line] > offset {
		line--
	}
	return line
}

// indentation is the offset of a line's first word, 0 where there is none.
func indentation(text string) int {
	if strings.TrimSpace(text) == "" {
		return 0
	}
	return len(text) - len(strings.TrimLeft(text, " "))
}

// parses reports whether the file up to the offset is YAML. When the budget is spent nothing is.
func (s *search) parses(end int) bool { return s.afford(end) && parses(s.source[:end]) }

// parsesClosed reports it for the file up to the offset with all that is open there closed.
func (s *search) parsesClosed(end int) bool {
	return s.afford(end) && parses(s.source[:end]+closers(s.source[:end]))
}

func (s *search) afford(bytes int) bool {
	s.budget -= max(bytes, searchBudget/searchTries)
	return s.budget >= 0
}

func parses(text string) bool { return parseAll(strings.NewReader(text)) == nil }

// closers are the brackets that close what is open at the end of the text, in its lists and mappings in brackets.
func closers(text string) string {
	var open []byte
	quote, previous := byte(0), byte('\n')
	for i := range len(text) {
		c := text[i]
		begins := strings.IndexByte(" \t\r\n[{,:", previous) >= 0
		switch {
		case quote == '"' && previous == '\\':
			c = 0 // escaped, whatever it is
		case quote == '#' && c == '\n', quote != '#' && quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case begins && (c == '"' || c == '\'' || c == '#'):
			quote = c
		case begins && (c == '[' || c == '{'):
			open = append(open, c+2) // in ASCII the closing bracket is two on
		case len(open) > 0 && c == open[len(open)-1]:
			open = open[:len(open)-1]
		}
		previous = c
	}
	slices.Reverse(open)
	return string(open)
}

// readTo returns how far the parser reads until it gives up.
func (s *search) readTo() int {
	reader := byteReader{rest: s.source}
	if parseAll(&reader) == nil {
		return 0
	}
	return len(s.source) - len(reader.rest)
}

func parseAll(source io.Reader) error {
	documents := newDocuments(source)
	for {
		document, err := documents.next()
		if document == nil || err != nil {
			return err
		}
	}
}

// byteReader gives one byte at a time, so that nothing is read ahead.
type byteReader struct{ rest string }

func (r *byteReader) Read(p []byte) (int, error) {
	if r.rest == "" {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p[0], r.rest = r.rest[0], r.rest[1:]
	return 1, nil
}
