package trace

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// RenderOptions say how a trace is written. The zero value is for a file, or a terminal without colors.
type RenderOptions struct {
	Color bool // for a terminal: what passed is green, what decided against the request red
	Width int  // of a line in characters, at least 40; 0 is 100
}

const (
	defaultWidth = 100
	leastWidth   = 40
	nameWidth    = 15 // of a step's name
	reasonLines  = 3
	hintLines    = 4
	mostOfAList  = 4 // candidates or statements
	mostOfALog   = 5 // lines: an exception's trace, and the one before it
)

// Render writes a trace for a person, in at most 24 lines: what the client receives and why, what to try, and the steps, of
// which the one that decided is told in full. Secrets are masked.
func Render(w io.Writer, t Trace, options RenderOptions) error {
	t, err := t.masked()
	if err != nil {
		return err
	}
	r := renderer{RenderOptions: options, trace: &t}
	if r.Width == 0 {
		r.Width = defaultWidth
	}
	r.Width = max(r.Width, leastWidth)
	r.head()
	for i := range t.Steps {
		if err := r.step(&t.Steps[i]); err != nil {
			return err
		}
	}
	r.foot()
	_, err = io.WriteString(w, r.text.String())
	return err
}

// renderer collects the lines.
type renderer struct {
	RenderOptions
	trace *Trace
	text  strings.Builder
}

// The colors of a terminal.
const (
	red   = "31"
	green = "32"
	faint = "2"
)

func (r *renderer) colored(color, text string) string {
	if !r.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// passed reports whether a code is that of a request that was let through.
func passed(code Code) bool {
	return code == IntegrationOK || code == PolicyAllow || code == RouteOpen || code == AuthorizerDisabled
}

func (r *renderer) head() {
	t := r.trace
	outcome := string(t.Code)
	if t.Status != 0 {
		outcome = fmt.Sprintf("%d %s", t.Status, t.Code)
	}
	color := red
	if passed(t.Code) {
		color = green
	}
	fmt.Fprintf(&r.text, "%s  %s\n", r.cut(printable(t.Method+" "+t.Path), r.Width-utf8.RuneCountInString(outcome)-2), r.colored(color, outcome))
	r.paragraph("", t.Reason, reasonLines)
	r.paragraph("hint: ", t.Hint, hintLines)
	r.text.WriteByte('\n')
}

// paragraph writes a text of several lines, of which those after the first stand under its beginning.
func (r *renderer) paragraph(label, text string, most int) {
	if text == "" {
		return
	}
	width := r.Width - len(label)
	lines := []string{""}
	for word := range strings.FieldsSeq(printable(text)) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	if len(lines) > most {
		lines = append(lines[:most-1], lines[most-1]+" …")
	}
	for i, line := range lines {
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		fmt.Fprintf(&r.text, "%s%s\n", label, r.cut(line, width))
	}
}

// cut shortens a text to a number of characters.
func (r *renderer) cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-1, 0)]) + "…"
}

func (r *renderer) foot() {
	t := r.trace
	r.text.WriteByte('\n')
	if t.MethodARN != "" {
		fmt.Fprintf(&r.text, "%s\n", r.cut(printable(t.MethodARN), r.Width))
	}
	fmt.Fprintf(&r.text, "request %s, %s\n", printable(t.RequestID), t.Duration.Round(10*time.Microsecond))
}

// step writes a step in a line, and what there is to say about it when it decided against the request.
func (r *renderer) step(s *Step) error {
	var found findings
	if err := s.read(&found); err != nil {
		return err
	}
	decided := s.Code == r.trace.Code && !passed(s.Code)
	mark := r.colored(green, "✓")
	if decided {
		mark = r.colored(red, "✗")
	}
	note := ""
	if s.Source != "" {
		note = "  " + printable(s.Source)
	}
	if s.Confidence != "" && s.Confidence != Recorded {
		note += fmt.Sprintf("  (AWS: %s)", s.Confidence)
	}
	const gap = 2
	note = r.cut(note, r.Width-gap-nameWidth)
	room := r.Width - gap - nameWidth - utf8.RuneCountInString(note)
	said := r.cut(printable(r.summary(s, &found)), room)
	fmt.Fprintf(&r.text, "%s %-*s%s%s\n", mark, nameWidth, r.cut(printable(s.Name), nameWidth), said, r.colored(faint, note))
	if !decided {
		return nil
	}
	for _, line := range found.list() {
		fmt.Fprintf(&r.text, "  %s\n", r.cut(printable(line), r.Width-gap))
	}
	return nil
}

// findings are the members of a detail that are written, whatever step it is of.
type findings struct {
	Candidates []Candidate
	Sources    []struct {
		Source, Value   string
		Found, Repeated bool
	}
	Function, Endpoint, Error, PrincipalID, SharedWith string
	ResponseType, CustomizedBy                         string
	OmittedHeaders                                     []string
	Missing                                            []string
	Model, ContentType, Problem                        string
	Faults                                             []Fault
	Unchecked                                          bool

	KeySource, APIKey, APIKeyID, UsagePlan string
	Throttles                              []ThrottleLevel
	Quota                                  *QuotaLevel

	Log []string // of a program

	Decision, ResourcePolicy string
	Statements               []struct {
		Index               int
		Sid, Effect, Reason string
		Matched             bool
	}
}

func (r *renderer) summary(s *Step, found *findings) string {
	switch {
	case s.Name == "cache" && r.trace.Cache != nil:
		return r.cache(r.trace.Cache)
	case s.Code == AuthorizerDisabled:
		return "not asked: authorizers are disabled"
	case found.Candidates != nil:
		for _, c := range found.Candidates {
			if c.Chosen {
				return c.Route
			}
		}
		return "no route fits"
	case found.Sources != nil:
		return found.identity()
	case found.KeySource != "":
		return found.apiKey()
	case found.Throttles != nil || found.Quota != nil:
		return found.usage()
	case found.Decision != "" && s.Name == "resourcePolicy" && s.Code == "" && found.Decision != "Allow":
		return found.Decision + ", which leaves it to the authorizer's policy"
	case found.Decision != "" && found.ResourcePolicy == "Allow" && passed(s.Code):
		return found.Decision + ", and the resource policy allows"
	case found.Decision != "":
		return found.Decision
	case found.SharedWith != "" && found.Error == "":
		return fmt.Sprintf("%s, shared with %s", s.Duration.Round(10*time.Microsecond), found.SharedWith)
	case found.Error != "":
		return found.Function + found.Endpoint + ": " + found.Error
	case found.PrincipalID != "":
		return fmt.Sprintf("%s answered for principal %s, in %s", found.Function, found.PrincipalID, s.Duration.Round(10*time.Microsecond))
	case found.Problem != "":
		return found.Problem
	case found.Missing != nil:
		return "without " + strings.Join(found.Missing, ", ")
	case found.ContentType != "" && found.Model == "":
		return "no model for " + found.ContentType + ", so the body is not validated"
	case found.Unchecked:
		return "not held against " + found.Model + ": there is no body to explain"
	case found.ContentType != "":
		return found.Model + " for " + found.ContentType
	case found.CustomizedBy != "":
		without := ""
		if found.OmittedHeaders != nil {
			without = "; without " + strings.Join(found.OmittedHeaders, ", ") + ", for which the request has no value"
		}
		return fmt.Sprintf("%s, as gatewayResponses.%s says%s", found.ResponseType, found.CustomizedBy, without)
	case found.Function+found.Endpoint != "":
		return fmt.Sprintf("%s answered, in %s", found.Function+found.Endpoint, s.Duration.Round(10*time.Microsecond))
	}
	return string(s.Code)
}

func (r *renderer) cache(c *Cache) string {
	switch {
	case c.State == Hit && c.WrittenBy != nil:
		age := r.trace.Time.Sub(c.WrittenBy.Time).Round(time.Second)
		return fmt.Sprintf("hit: written %s ago by %s %s, kept until %s", age, c.WrittenBy.Method, c.WrittenBy.Path, c.Expires.UTC().Format(time.TimeOnly))
	case c.State == Off:
		return "off: authorizerResultTtlInSeconds is 0"
	}
	return string(c.State)
}

func (f *findings) identity() string {
	var sources []string
	for _, s := range f.Sources {
		text := s.Source + " is absent"
		if s.Value != "" {
			text = s.Source + " = " + s.Value
		} else if s.Found {
			text = s.Source + " is empty"
		}
		if s.Repeated {
			text += " (the last of several)"
		}
		sources = append(sources, text)
	}
	return strings.Join(sources, ", ")
}

func (f *findings) apiKey() string {
	switch {
	case f.APIKey == "":
		return "none in " + f.KeySource
	case f.APIKeyID == "":
		return f.APIKey + ", which nobody has"
	case f.UsagePlan == "":
		return f.APIKeyID + " = " + f.APIKey + ", in no usage plan"
	}
	return f.APIKeyID + " = " + f.APIKey + ", in usage plan " + f.UsagePlan
}

// usage says how much is left of each throttle and of the quota.
func (f *findings) usage() string {
	var left []string
	for _, t := range f.Throttles {
		left = append(left, fmt.Sprintf("%s %d of %d tokens", t.Of, t.TokensLeft, t.BurstLimit))
	}
	if q := f.Quota; q != nil {
		left = append(left, fmt.Sprintf("quota %d of %d until %s", q.Left, q.Limit, q.Resets.UTC().Format("2006-01-02 15:04")))
	}
	return "left: " + strings.Join(left, ", ")
}

// list is what a step that decided went through.
func (f *findings) list() []string {
	var lines []string
	for _, c := range f.Candidates {
		lines = append(lines, c.Route+": "+c.Reason)
	}
	for _, s := range f.Statements {
		name := fmt.Sprintf("statement %d", s.Index)
		if s.Sid != "" {
			name += fmt.Sprintf(" (Sid %q)", s.Sid)
		}
		state := "does not apply"
		if s.Matched {
			state = "applies"
		}
		lines = append(lines, fmt.Sprintf("%s, %s, %s: %s", name, s.Effect, state, s.Reason))
	}
	for _, f := range f.Faults {
		lines = append(lines, strings.TrimPrefix(f.Pointer+": "+f.Message, ": "))
	}
	if more := len(lines) - mostOfAList; more > 0 {
		lines = append(lines[:mostOfAList], fmt.Sprintf("… and %d more", more))
	}
	return append(lines, f.logEnd()...)
}

// logEnd is the end of what a program wrote, without the lines that Lambda adds.
func (f *findings) logEnd() []string {
	var lines []string
	for _, line := range f.Log {
		if !strings.HasPrefix(line, "START RequestId: ") && !strings.HasPrefix(line, "END RequestId: ") && !strings.HasPrefix(line, "REPORT RequestId: ") {
			lines = append(lines, "log: "+line)
		}
	}
	return lines[max(0, len(lines)-mostOfALog):]
}
