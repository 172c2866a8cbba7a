package main

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The values of --log-format.
const (
	textFormat = "text"
	jsonFormat = "json"
)

// hintKey is the attribute that the text log prints on a line of its own.
const hintKey = "hint"

// newLog returns the log of warnings and errors: one JSON object a line, or for a person "error: …" and "hint: …".
func newLog(w io.Writer, format string, level slog.Level) *slog.Logger {
	if format == jsonFormat {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: readable}))
	}
	return slog.New(&textHandler{w: w, level: level})
}

// readable writes a duration as 10s, not as nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.String())
	}
	return a
}

// textHandler writes records for a person. What a program can read is the JSON format, so groups qualify no names here.
type textHandler struct {
	w     io.Writer
	level slog.Level
	attrs []slog.Attr // of the logger
}

func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &textHandler{h.w, h.level, slices.Concat(h.attrs, attrs)}
}

func (h *textHandler) WithGroup(string) slog.Handler { return h }

// Handle writes a record in one Write.
func (h *textHandler) Handle(_ context.Context, record slog.Record) error {
	var b strings.Builder
	switch {
	case record.Level >= slog.LevelError:
		b.WriteString("error: ")
	case record.Level >= slog.LevelWarn:
		b.WriteString("warning: ")
	}
	b.WriteString(printable(record.Message))
	hint := ""
	write := func(a slog.Attr) bool {
		text := a.Value.Resolve().String()
		switch {
		case a.Key == hintKey:
			hint = "hint: " + printable(text) + "\n"
			return true
		case strings.ContainsAny(text, ` "=`) || text != printable(text):
			text = strconv.Quote(text)
		}
		b.WriteString(" " + a.Key + "=" + text)
		return true
	}
	for _, a := range h.attrs {
		write(a)
	}
	record.Attrs(write)
	_, err := io.WriteString(h.w, b.String()+"\n"+hint)
	return err
}

// printable keeps a record in its line, whatever a file, a function or a client put into it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
