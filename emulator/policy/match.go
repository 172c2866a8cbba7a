package policy

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// matchTokens matches tokens whose variables have just been resolved.
func matchTokens(tokens []token, value string) bool {
	if plan(tokens) == matchStates {
		return reach(tokens, value)
	}
	return glob(tokens, value)
}

// segments matches what begins with a star and goes on with literals and free
// stars in turn: each literal where it first occurs after the one before, and
// one at the end there.
func segments(tokens []token, value string) bool {
	if last := &tokens[len(tokens)-1]; last.kind == tokenLiteral {
		if !strings.HasSuffix(value, last.text) {
			return false
		}
		value = value[:len(value)-len(last.text)]
		tokens = tokens[:len(tokens)-1]
	}
	for i := 1; i < len(tokens); i += 2 {
		at := strings.Index(value, tokens[i].text)
		if at < 0 {
			return false
		}
		value = value[at+len(tokens[i].text):]
	}
	return true
}

// glob matches with one second try: when what follows a star does not fit, the
// star takes more. A later star makes an earlier one's choice final, so a
// match takes at most len(value) times the longest run between two stars; nine
// stars cost no more than one (iam-policy W8). It is right as long as no bound
// wildcard follows a free star, see reach.
func glob(tokens []token, value string) bool {
	if !ends(tokens, value) {
		return false
	}
	next, at := 0, 0     // the next token, and where in the value
	star, taken := -1, 0 // the last star, and where what it takes ends
	for {
		if next == len(tokens) {
			if at == len(value) {
				return true
			}
		} else {
			switch t := &tokens[next]; t.kind {
			case tokenLiteral, tokenVariable:
				if strings.HasPrefix(value[at:], t.text) {
					at += len(t.text)
					next++
					continue
				}
			case tokenOne:
				if size := t.one(value[at:]); size > 0 {
					at += size
					next++
					continue
				}
			case tokenStar:
				if next == len(tokens)-1 && !t.bound {
					return true
				}
				star, taken = next, at
				next++
				continue
			}
		}
		if star < 0 {
			return false
		}
		size := tokens[star].more(tokens[star+1:], value[taken:])
		if size == 0 {
			return false
		}
		taken += size
		next, at = star+1, taken
	}
}

// ends reports whether a value can end as the tokens do. Most patterns that do not match do not end alike either, and
// looking for the wildcards between takes a hundred times as long.
func ends(tokens []token, value string) bool {
	last := len(tokens) - 1
	return last < 0 || tokens[last].kind != tokenLiteral || strings.HasSuffix(value, tokens[last].text)
}

// one is the length of the one character that a wildcard takes, 0 for none.
// Characters are code points; a byte that is not UTF-8 counts as one.
func (t *token) one(value string) int {
	if value == "" || t.bound && value[0] == ':' {
		return 0
	}
	if value[0] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(value)
	return size
}

// more is how much more a star takes at the next try: one character, or as
// many as it needs to get to the literal that follows it.
func (t *token) more(rest []token, value string) int {
	size := t.one(value)
	if size == 0 || len(rest) == 0 || rest[0].kind != tokenLiteral {
		return size
	}
	skip := strings.Index(value[size:], rest[0].text)
	if skip < 0 || t.bound && strings.IndexByte(value[size:size+skip], ':') >= 0 {
		return 0
	}
	return size + skip
}

// reach matches by keeping every position of the value that the tokens so far
// can end at, so that no order of free and bound wildcards can mislead it: at
// most len(tokens) times len(value) steps.
func reach(tokens []token, value string) bool {
	if !ends(tokens, value) {
		return false
	}
	var space [2][32]uint64 // enough for the 1600 bytes of a method ARN (iam-policy L1)
	now, after := positions(space[0][:]), positions(space[1][:])
	if words := len(value)/64 + 1; words > len(now) {
		now, after = make(positions, words), make(positions, words)
	}
	now.add(0)
	for i := range tokens {
		clear(after)
		tokens[i].advance(value, now, after)
		now, after = after, now
	}
	return now.has(len(value))
}

// advance adds to after where the token can end when it starts at one of now.
func (t *token) advance(value string, now, after positions) {
	switch t.kind {
	case tokenLiteral, tokenVariable:
		for at := now.next(0); at >= 0; at = now.next(at + 1) {
			if strings.HasPrefix(value[at:], t.text) {
				after.add(at + len(t.text))
			}
		}
	case tokenOne:
		for at := now.next(0); at >= 0; at = now.next(at + 1) {
			if size := t.one(value[at:]); size > 0 {
				after.add(at + size)
			}
		}
	case tokenStar:
		for at := now.next(0); at >= 0; at = now.next(at + 1) {
			for !after.has(at) {
				after.add(at)
				size := t.one(value[at:])
				if size == 0 {
					break
				}
				at += size
			}
		}
	}
}

// positions is a set of offsets.
type positions []uint64

func (p positions) add(at int) {
	p[at/64] |= 1 << (at % 64)
}

func (p positions) has(at int) bool {
	return p[at/64]&(1<<(at%64)) != 0
}

// next gives the first offset from at on, -1 if there is none.
func (p positions) next(at int) int {
	for word := at / 64; word < len(p); word++ {
		if set := p[word] &^ (1<<(at%64) - 1); set != 0 {
			return word*64 + bits.TrailingZeros64(set)
		}
		at = 0
	}
	return -1
}

// last gives the greatest offset, -1 for the empty set.
func (p positions) last() int {
	for i, word := range slices.Backward(p) {
		if word != 0 {
			return i*64 + 63 - bits.LeadingZeros64(word)
		}
	}
	return -1
}
