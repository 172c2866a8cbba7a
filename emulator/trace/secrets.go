package trace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// shortest is how many bytes a value has at least that is masked wherever it occurs. A shorter one, which may be any word, is
// masked where the events have it.
const shortest = 8

// secrets are what a request brought for its authorizer's identity sources, whatever the header is called, and its API key.
type secrets struct {
	shown   bool     // nothing is hidden
	values  []string // longest first: one may be a part of another
	headers []string // names, which are compared without case
	query   []string
}

// secrets collects the request's secrets. They are looked for when a trace is read, not before.
func (t *Trace) secrets() *secrets {
	s := &secrets{shown: t.ShowSecrets}
	if s.shown {
		return s
	}
	for i := range t.Steps {
		switch d := t.Steps[i].Detail.(type) {
		case IdentityDetail:
			s.add(d.Sources)
		case *IdentityDetail:
			s.add(d.Sources)
		case KeyDetail:
			s.addValue(d.Value)
		case *KeyDetail:
			s.addValue(d.Value)
		}
	}
	slices.SortFunc(s.values, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	s.values = slices.Compact(s.values)
	return s
}

func (s *secrets) add(sources []IdentitySource) {
	for _, source := range sources {
		kind, name, _ := strings.Cut(strings.TrimPrefix(source.Source, "method.request."), ".")
		switch kind {
		case "header", "multivalueheader":
			s.headers = append(s.headers, name)
		case "querystring", "multivaluequerystring":
			s.query = append(s.query, name)
		default: // a stage variable or a context variable, which the client did not send
			if source.Source == "context.identity.apiKey" {
				s.addValue(source.Value)
			}
			continue
		}
		// Somebody may have taken it apart: Bearer TOKEN, one value of several, name=value.
		parts := strings.FieldsFunc(source.Value, func(r rune) bool { return strings.ContainsRune(" ,;", r) })
		for _, part := range append(parts, source.Value) {
			s.addValue(part)
			if _, value, ok := strings.Cut(part, "="); ok {
				s.addValue(value)
			}
		}
	}
}

func (s *secrets) addValue(value string) {
	if len(value) < shortest {
		return
	}
	s.values = append(s.values, value)
	if quoted, err := json.Marshal(value); err == nil { // within JSON that is text in turn
		if inner := string(quoted[1 : len(quoted)-1]); inner != value {
			s.values = append(s.values, inner)
		}
	}
}

// text masks the values that occur in a text, and what looks like a secret.
func (s *secrets) text(text string) string {
	if s.shown {
		return text
	}
	for _, value := range s.values {
		if strings.Contains(text, value) {
			text = strings.ReplaceAll(text, value, Mask(value))
		}
	}
	return maskLoose(text)
}

// Mask hides the request's secrets in a text that tells of it, such as its Reason, unless the trace shows them.
func (t *Trace) Mask(text string) string { return t.secrets().text(text) }

// hide masks the secrets in a trace's JSON, which is otherwise left as it is. Names of members are no secrets.
func (s *secrets) hide(text []byte) ([]byte, error) {
	if s.shown {
		return text, nil
	}
	h := hider{secrets: s, decoder: json.NewDecoder(bytes.NewReader(text))}
	h.decoder.UseNumber()
	err := h.value(false, "")
	return h.out.Bytes(), err
}

// hider copies JSON.
type hider struct {
	*secrets
	decoder *json.Decoder
	out     bytes.Buffer
}

// value copies the next value, which is that of a member or in a list that is. A secret one is masked in all its parts.
func (h *hider) value(secret bool, name string) error {
	token, err := h.decoder.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		h.out.WriteRune(rune(token))
		for first := true; h.decoder.More(); first = false {
			if !first {
				h.out.WriteByte(',')
			}
			if token == '[' {
				err = h.value(secret, name)
			} else {
				err = h.member(secret, name)
			}
			if err != nil {
				return err
			}
		}
		end, err := h.decoder.Token()
		fmt.Fprint(&h.out, end)
		return err
	case string:
		if secret {
			return h.write(Mask(token))
		}
		return h.write(h.text(token))
	default:
		return h.write(token)
	}
}

func (h *hider) member(secret bool, parent string) error {
	token, err := h.decoder.Token()
	if err != nil {
		return err
	}
	name, _ := token.(string)
	if err := h.write(name); err != nil {
		return err
	}
	h.out.WriteByte(':')
	return h.value(secret || h.holds(parent, name), name)
}

// holds reports whether a member of an event is what the client sent for an identity source.
func (s *secrets) holds(parent, name string) bool {
	switch parent {
	case "headers", "multiValueHeaders":
		return slices.ContainsFunc(s.headers, func(header string) bool { return strings.EqualFold(header, name) })
	case "queryStringParameters", "multiValueQueryStringParameters":
		return slices.Contains(s.query, name)
	}
	return false
}

func (h *hider) write(value any) error {
	text, err := json.Marshal(value)
	h.out.Write(text)
	return err
}
