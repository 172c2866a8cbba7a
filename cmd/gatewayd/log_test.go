package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTextLog(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{name: "information", log: func(l *slog.Logger) { l.Info("reloaded", "routes", 3) }, want: "reloaded routes=3\n"},
		{name: "warning", log: func(l *slog.Logger) { l.Warn("cut off", "after", 10*time.Second) }, want: "warning: cut off after=10s\n"},
		{name: "error with hint", log: func(l *slog.Logger) { l.Error("no", "hint", "try", "a", 1) }, want: "error: no a=1\nhint: try\n"},
		{name: "below the level", log: func(l *slog.Logger) { l.Debug("no") }, want: ""},
		{name: "quoted", log: func(l *slog.Logger) { l.Info("m", "cause", errors.New("a b"), "c", `"`, "e", "") }, want: "m cause=\"a b\" c=\"\\\"\" e=\n"},
		{name: "one line", log: func(l *slog.Logger) { l.Info("a\nb\x1b[31m", "c", "d\ne") }, want: "a b\ufffd[31m c=\"d\\ne\"\n"},
		{
			name: "attributes of the logger",
			log:  func(l *slog.Logger) { l.With("a", 1).WithGroup("g").With("b", 2).Info("m", "c", 3) },
			want: "m a=1 b=2 c=3\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			test.log(newLog(&out, textFormat, slog.LevelInfo))
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}
