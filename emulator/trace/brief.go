package trace

import "unicode/utf8"

// maxText is how many bytes a reason, a hint or an error may have: a function can report megabytes.
const maxText = 2 << 10

// Brief cuts a text that is too long for a line of a log.
func Brief(text string) string {
	if len(text) <= maxText {
		return text
	}
	cut := text[:maxText]
	for len(cut) > 0 && !utf8.ValidString(cut[max(0, len(cut)-utf8.UTFMax):]) {
		cut = cut[:len(cut)-1]
	}
	return cut + "…"
}
