package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// MaxFile is the size in bytes of the largest route file.
const MaxFile = 4 << 20

// parse returns the root of the file's one document, or nil with the problem reported.
func (d *decoder) parse(source []byte) *yaml.Node {
	if len(source) > MaxFile {
		d.reportAt(1, 1, "the file is larger than %d bytes, which a route file has at most", MaxFile)
		return nil
	}
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	if !d.checkText(source) {
		return nil
	}
	d.lines = splitLines(string(source))
	documents := newDocuments(bytes.NewReader(source))
	first, err := documents.next()
	if err != nil {
		d.reportSyntax(string(source), err)
		return nil
	}
	if first == nil {
		d.reportAt(1, 1, "the file is empty")
		return nil
	}
	second, err := documents.next()
	switch {
	case err != nil:
		d.reportSyntax(string(source), err)
		return nil
	case second != nil:
		d.reportAt(second.Line, second.Column, "a second document: one file holds one API")
		return nil
	}
	return first.Content[0]
}

// checkText finds what YAML does not allow in a file at all, for which the parser knows no position.
func (d *decoder) checkText(source []byte) bool {
	line, column := 1, 1
	for i := 0; i < len(source); {
		r, size := utf8.DecodeRune(source[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			hint := ""
			if i == 0 && (source[i] == 0xff || source[i] == 0xfe) {
				hint = "; the file looks like UTF-16, save it as UTF-8"
			}
			d.reportAt(line, column, "byte %#02x is not UTF-8%s", source[i], hint)
			return false
		case !allowed(r):
			d.reportAt(line, column, "the character %U is not allowed in YAML", r)
			return false
		}
		i += size
		column++
		if endsLine(r) && (r != '\r' || i == len(source) || source[i] != '\n') {
			line, column = line+1, 1
		}
	}
	return true
}

// allowed is YAML's c-printable, less the byte order mark.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= '~' || r == '\u0085' ||
		r >= '\u00a0' && r <= '\ufffd' && r != '\ufeff' || r >= '\U00010000'
}

// endsLine holds for what the parser counts as the end of a line.
func endsLine(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// splitLines returns the lines with their ends.
func splitLines(source string) []string {
	var lines []string
	start := 0
	for i, r := range source {
		if !endsLine(r) || r == '\r' && strings.HasPrefix(source[i+1:], "\n") {
			continue
		}
		end := i + utf8.RuneLen(r)
		lines = append(lines, source[start:end])
		start = end
	}
	return append(lines, source[start:])
}

// documents are the documents of a stream.
type documents struct{ decoder *yaml.Decoder }

func newDocuments(source io.Reader) documents { return documents{yaml.NewDecoder(source)} }

// next returns the next document, nil at the end. The parser panics on some broken files.
func (s documents) next() (document *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			document, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	document = new(yaml.Node)
	err = s.decoder.Decode(document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return document, err
}
