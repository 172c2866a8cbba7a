package main

import (
	"os"
	"testing"
)

func TestColors(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = reader.Close(), writer.Close() }()
	tests := []struct {
		name        string
		environment map[string]string
		pipe        bool
		want        bool
	}{
		{name: "a terminal", want: true},
		{name: "a pipe", pipe: true},
		{name: "NO_COLOR", environment: map[string]string{"NO_COLOR": "1"}},
		{name: "an empty NO_COLOR", environment: map[string]string{"NO_COLOR": ""}, want: true},
		{name: "a dumb terminal", environment: map[string]string{"TERM": "dumb"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &program{stdout: null, getenv: func(name string) string { return tt.environment[name] }}
			if tt.pipe {
				p.stdout = writer
			}
			if got := p.colors(); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
