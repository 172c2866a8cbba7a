//go:build unix

package function_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

// The log of an invocation is what Lambda's is: what the function wrote, between START and END, and a REPORT.
func TestLog(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event string
		want  []string
	}{
		{
			name: "prints", event: `{"do":"print","text":"hello","n":2}`,
			want: []string{
				"req-1|START RequestId: req-1 Version: $LATEST", "req-1|hello 0", "req-1|hello 1", "req-1|END RequestId: req-1",
				"req-1|REPORT RequestId: req-1\tDuration: # ms\tBilled Duration: # ms\tMemory Size: # MB\tMax Memory Used: # MB\tInit Duration: # ms\t",
			},
		},
		{
			name: "ends without a line end", event: `{"do":"write","text":"part","n":1}`,
			want: []string{
				"req-1|START RequestId: req-1 Version: $LATEST", "req-1|part", "req-1|END RequestId: req-1",
				"req-1|REPORT RequestId: req-1\tDuration: # ms\tBilled Duration: # ms\tMemory Size: # MB\tMax Memory Used: # MB\tInit Duration: # ms\t",
			},
		},
		{
			name: "exits", event: `{"do":"exit","n":1}`,
			want: []string{
				"req-1|START RequestId: req-1 Version: $LATEST",
				"req-1|RequestId: req-1 Error: Runtime exited with error: exit status 1", "req-1|Runtime.ExitError", "req-1|END RequestId: req-1",
				"req-1|REPORT RequestId: req-1\tDuration: # ms\tBilled Duration: # ms\tMemory Size: # MB\tMax Memory Used: # MB\tInit Duration: # ms\tStatus: error\tError Type: Runtime.ExitError\t",
			},
		},
	}
	number := regexp.MustCompile(`[0-9.]+ (ms|MB)`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, lines := hostOf(t, function.HostOptions{})
			_, _ = invoke(t, processOf(t, host, goSpec(t, "lambda")), tt.event)
			lines.wait(t, "REPORT")
			var got []string
			for _, line := range lines.all() {
				got = append(got, line.RequestID+"|"+number.ReplaceAllString(line.Text, "# $1"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// A line that is too long is broken, and loses nothing.
func TestLogLongLine(t *testing.T) {
	t.Parallel()
	host, lines := hostOf(t, function.HostOptions{})
	const size = 300_000
	answer(t, processOf(t, host, goSpec(t, "lambda")), fmt.Sprintf(`{"do":"write","text":"x","n":%d}`, size))
	lines.wait(t, "REPORT")
	written := 0
	for _, line := range lines.all() {
		if len(line.Text) > 64<<10 {
			t.Errorf("a line of %d bytes", len(line.Text))
		}
		if strings.HasPrefix(line.Text, "x") {
			written += len(line.Text)
		}
	}
	if written != size {
		t.Errorf("%d bytes, want %d", written, size)
	}
}

// A log that does not keep up holds up no function: it loses lines, and says how many.
func TestLogTooSlow(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	lines := &journal{changed: make(chan struct{}, 1)}
	host, _ := hostOf(t, function.HostOptions{Output: func(line function.Line) {
		<-open
		lines.add(line)
	}})
	p := processOf(t, host, goSpec(t, "lambda"))
	answer(t, p, `{"do":"print","text":"`+strings.Repeat("x", 1000)+`","n":12000}`)
	echo(t, p, "1")
	close(open)
	// What is still being read when the log opens may come after the notice.
	kept, dropped := 0, 0
	eventually(t, "every line is kept or counted", func() bool {
		kept, dropped = 0, 0
		for _, line := range lines.all() {
			var lost int
			if _, err := fmt.Sscanf(line.Text, "gatewayd dropped %d lines here: the log could not keep up", &lost); err == nil {
				dropped += lost
			} else if strings.HasPrefix(line.Text, "x") {
				kept++
			}
		}
		return kept+dropped >= 12000
	})
	if dropped == 0 || kept < 4000 {
		t.Errorf("%d lines kept, %d dropped", kept, dropped)
	}
}
