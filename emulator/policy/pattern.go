package policy

import "strings"

// grammar is what is special in the text of a pattern.
type grammar struct {
	wildcards bool // * and ?
	variables bool // ${...}: only with Version 2012-10-17 (iam-policy X7)
	arn       bool // wildcards in the first five fields keep to their field
	runOn     bool // ... but a star that ends its field may go on (iam-policy W4)
	from      int  // variables before this offset are plain text (iam-policy X1)
}

type tokenKind uint8

const (
	tokenLiteral  tokenKind = iota
	tokenStar               // any run of characters
	tokenOne                // any one character
	tokenVariable           // text that the request's context gives
)

// token is one piece of a pattern.
type token struct {
	kind     tokenKind
	bound    bool // a wildcard that does not match a colon
	at       int
	text     string
	variable *variable
}

// strategy is the cheapest way to match a pattern, found once.
type strategy uint8

const (
	matchNever    strategy = iota // not a pattern at all, or one that can match nothing
	matchAny                      // *
	matchExact                    // no wildcard
	matchPrefix                   // one wildcard: a star at the end
	matchSegments                 // free stars between literals
	matchGlob                     // stars of which only the last needs a second try
	matchStates                   // a bound wildcard after a star: every position at once
	matchDynamic                  // variables: resolved for each request
)

// pattern is a compiled Action, Resource or condition value.
type pattern struct {
	strategy strategy
	head     string // the literal before the first wildcard
	rest     []token
	text     string // what the tokens were made of
	tokens   []token
	grammar  grammar
	fault    variableFault
}

// compile prepares text. Text without any special character is exact.
func compile(text string, g grammar) pattern {
	p := pattern{text: text, grammar: g}
	p.tokens, p.fault = tokenize(text, g)
	if g.arn {
		bind(p.tokens, g.runOn)
	}
	p.strategy = plan(p.tokens)
	if len(p.tokens) > 0 && p.tokens[0].kind == tokenLiteral {
		p.head, p.rest = p.tokens[0].text, p.tokens[1:]
	} else {
		p.rest = p.tokens
	}
	return p
}

// never is the pattern of a text that covers nothing.
func never(text string) pattern {
	return pattern{strategy: matchNever, text: text}
}

// tokenize cuts text at its wildcards and variables. A run of stars is one star.
func tokenize(text string, g grammar) ([]token, variableFault) {
	if !strings.ContainsAny(text, "*?$") {
		return []token{{kind: tokenLiteral, text: text}}, ""
	}
	tokens := make([]token, 0, 1+2*strings.Count(text, "*")+2*strings.Count(text, "?")+2*strings.Count(text, "$"))
	var fault variableFault
	start := 0
	flush := func(end int) {
		if end > start {
			tokens = append(tokens, token{kind: tokenLiteral, at: start, text: text[start:end]})
		}
	}
	for i := 0; i < len(text); {
		size := 1
		switch {
		case g.wildcards && text[i] == '*':
			flush(i)
			if i == 0 || text[i-1] != '*' {
				tokens = append(tokens, token{kind: tokenStar, at: i})
			}
		case g.wildcards && text[i] == '?':
			flush(i)
			tokens = append(tokens, token{kind: tokenOne, at: i})
		case g.variables && i >= g.from && strings.HasPrefix(text[i:], "${"):
			v, char, length, err := parseVariable(text[i:])
			if err != "" {
				fault = err
				i += 2
				continue
			}
			flush(i)
			size = length
			t := token{kind: tokenLiteral, at: i, text: char}
			if v != nil {
				t.kind, t.variable = tokenVariable, v
			}
			tokens = append(tokens, t)
		default:
			i++
			continue
		}
		i += size
		start = i
	}
	flush(len(text))
	return tokens, fault
}

// bind marks the wildcards of an ARN's first five fields: they match no
// colon. A star that is the last character of its field may run on past it
// (iam-policy W4), except in ARN conditions (C60).
func bind(tokens []token, runOn bool) {
	colons := 0
	for i := range tokens {
		t := &tokens[i]
		switch t.kind {
		case tokenLiteral:
			colons += strings.Count(t.text, ":")
		case tokenStar, tokenOne:
			t.bound = colons < arnColons
			if t.kind == tokenStar && runOn && endsField(tokens[i+1:]) {
				t.bound = false
			}
		case tokenVariable:
		}
	}
}

// arnColons is how many colons delimit an ARN's fields; later ones belong to
// the resource (iam-policy R5).
const arnColons = 5

func endsField(rest []token) bool {
	return len(rest) == 0 || rest[0].kind == tokenLiteral && rest[0].text[0] == ':'
}

// plan finds the strategy for tokens.
func plan(tokens []token) strategy {
	wild := false
	free := false  // a star went before that may match colons
	bound := false // a wildcard may not
	states := false
	alternate := true // literals and free stars take turns
	for i, t := range tokens {
		alternate = alternate && (i == 0 || t.kind != tokens[i-1].kind)
		switch t.kind {
		case tokenLiteral:
			continue
		case tokenVariable:
			return matchDynamic
		case tokenOne:
			alternate = false
		case tokenStar:
		}
		wild = true
		states = states || free && t.bound
		bound = bound || t.bound
		free = free || t.kind == tokenStar && !t.bound
	}
	last := len(tokens) - 1
	switch {
	case !wild && last <= 0:
		return matchExact
	case states:
		return matchStates
	case !alternate || bound:
		return matchGlob
	case last == 0:
		return matchAny
	case last == 1 && tokens[1].kind == tokenStar:
		return matchPrefix
	}
	return matchSegments
}

// matches reports whether the pattern covers the whole value.
func (p *pattern) matches(value string, ctx Context) bool {
	switch p.strategy {
	case matchNever:
	case matchAny:
		return true
	case matchExact:
		return value == p.head
	case matchPrefix:
		return p.heads(value)
	case matchSegments:
		return p.heads(value) && segments(p.rest, value[len(p.head):])
	case matchGlob:
		return p.heads(value) && glob(p.rest, value[len(p.head):])
	case matchStates:
		return reach(p.tokens, value)
	case matchDynamic:
		return p.matchesResolved(value, ctx)
	}
	return false
}

// heads is strings.HasPrefix, but looks at the last byte first: the ARNs of one
// API all begin alike.
func (p *pattern) heads(value string) bool {
	last := len(p.head) - 1
	return last < 0 || last < len(value) && value[last] == p.head[last] && value[:last] == p.head[:last]
}

// matchesResolved puts the variables' values in as literal text, so that a
// star in one is no wildcard (iam-policy X3). A variable without a value makes
// the pattern match nothing (X6).
func (p *pattern) matchesResolved(value string, ctx Context) bool {
	var space [16]token
	tokens, ok := p.resolve(space[:0], ctx)
	return ok && matchTokens(tokens, value)
}

func (p *pattern) resolve(tokens []token, ctx Context) ([]token, bool) {
	for _, t := range p.tokens {
		if t.kind == tokenVariable {
			text, ok := t.variable.value(ctx)
			if !ok {
				return nil, false
			}
			t = token{kind: tokenLiteral, at: t.at, text: text, variable: t.variable}
			if text == "" {
				continue
			}
		}
		tokens = append(tokens, t)
	}
	// A value may hold colons, which move the fields of an ARN condition; in a
	// Resource variables stand after the fifth colon only (iam-policy X1).
	if p.grammar.arn && !p.grammar.runOn {
		bind(tokens, false)
	}
	return tokens, true
}
