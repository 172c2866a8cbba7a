package trace

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	shown    = 6        // characters of a secret that stay readable, as AWS's execution log has it (rest-authorizer 9)
	maxKept  = 64 << 10 // bytes of an event or an answer that a trace keeps
	maskText = "********"
)

// Mask hides a secret but for its last six characters. A secret of fewer than twelve is hidden whole.
func Mask(secret string) string {
	if secret == "" {
		return ""
	}
	if utf8.RuneCountInString(secret) < 2*shown {
		return maskText
	}
	runes := []rune(secret)
	return maskText + string(runes[len(runes)-shown:])
}

// secretName reports whether a member of an event or an answer, a variable or a parameter holds a secret. Rather one too many.
func secretName(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name)) // access_token and accessToken are one
	switch name {
	case "usageidentifierkey", "pwd", "jwt":
		return true
	case "apikeyid", "apikeyname", "apikeyrequired", "apikeysource": // which tell of one, and none of it
		return false
	}
	return strings.HasSuffix(name, "token") || slices.ContainsFunc(
		[]string{"authorization", "cookie", "apikey", "password", "passwd", "passphrase", "secret", "credential", "privatekey", "accesskey", "signature"},
		func(part string) bool { return strings.Contains(name, part) })
}

// readable is an event or an answer as a trace shows it: JSON with its secrets masked, or text.
func readable(data []byte) any { return masked(shownAsIs(data)) }

// shownAsIs is an event or an answer as a trace shows it that hides nothing: JSON, or text.
func shownAsIs(data []byte) any {
	if len(data) == 0 {
		return nil
	}
	value, err := decode(data)
	if err != nil {
		return string(data)
	}
	return value
}

func decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

func masked(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if secretName(name) {
				v[name] = maskAll(member)
			} else if text, ok := member.(string); ok && name == "body" {
				v[name] = maskBody(text, v["isBase64Encoded"] == true)
			} else {
				v[name] = masked(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
	}
	return value
}

// maskBody masks the secrets in a body that is itself JSON, or the base64 of it.
func maskBody(text string, encoded bool) string {
	plain := []byte(text)
	if encoded {
		var err error
		if plain, err = base64.StdEncoding.DecodeString(text); err != nil {
			return text
		}
	}
	value, err := decode(plain)
	var out []byte
	if _, scalar := value.(string); err != nil || scalar {
		if out = []byte(maskLoose(string(plain))); bytes.Equal(out, plain) {
			return text // a picture stays one
		}
	} else if out, err = json.Marshal(masked(value)); err != nil {
		return text
	}
	if encoded {
		return base64.StdEncoding.EncodeToString(out)
	}
	return string(out)
}

func maskAll(value any) any {
	switch v := value.(type) {
	case nil, bool: // hasPassword: true
		return v
	case string:
		return Mask(v)
	case []any:
		for i := range v {
			v[i] = maskAll(v[i])
		}
		return v
	}
	return maskText
}

// clip keeps what fits. Text that is cut is no JSON any more, so it is masked first.
func clip(data []byte) []byte {
	if len(data) <= maxKept {
		return data
	}
	note := fmt.Sprintf("… (%d bytes in all)", len(data))
	value, err := decode(data)
	if err == nil {
		if whole, err := json.Marshal(masked(value)); err == nil {
			data = whole
		}
	}
	end := min(len(data), maxKept)
	for end < len(data) && end > maxKept-utf8.UTFMax && !utf8.RuneStart(data[end]) {
		end--
	}
	return append(append(make([]byte, 0, end+len(note)), data[:end]...), note...)
}
