package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// What many goroutines print comes out in whole lines.
func TestLinesDoNotInterleave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const writers, each = 20, 100
		var out strings.Builder
		l := newLines(&out, slog.New(slog.DiscardHandler))
		var running sync.WaitGroup
		for writer := range writers {
			running.Go(func() {
				for i := range each {
					fmt.Fprintf(l, "%d:%d\n", writer, i)
				}
			})
		}
		running.Wait()
		l.Close()
		next := map[int]int{}
		for line := range strings.Lines(out.String()) {
			var writer, i int
			if _, err := fmt.Sscanf(line, "%d:%d\n", &writer, &i); err != nil || next[writer] != i {
				t.Fatalf("line %q, after %d of that writer: %v", line, next[writer], err)
			}
			next[writer]++
		}
		for writer := range writers {
			if next[writer] != each {
				t.Errorf("writer %d: %d lines, want %d", writer, next[writer], each)
			}
		}
	})
}

// A terminal that takes nothing keeps nobody waiting, neither who prints nor who stops. When it takes something again, the log
// says how much is lost.
func TestLinesOfABlockedOutput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		var log strings.Builder
		l := newLines(writer, newLog(&log, textFormat, slog.LevelInfo))
		fmt.Fprintln(l, "first")
		synctest.Wait() // it is being written, and the queue is empty
		const lost = 7
		for range queuedLines + lost {
			fmt.Fprintln(l, "later")
		}
		l.Close() // gives up

		go io.Copy(io.Discard, reader) //nolint:errcheck // it ends when the pipe is closed
		<-l.done
		check(t, reader.Close())
		if want := "warning: lines were lost, because the output was blocked lines=7\n"; log.String() != want {
			t.Errorf("log %q, want %q", log.String(), want)
		}
	})
}

// A full disk is reported once, not with each line, and printing goes on when there is room again.
func TestLinesOfAnOutputThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := &disk{}
		var log strings.Builder
		l := newLines(disk, newLog(&log, textFormat, slog.LevelInfo))
		for _, full := range []bool{true, true, false, true} {
			disk.full = full
			fmt.Fprintf(l, "full %t\n", full)
			synctest.Wait()
		}
		l.Close()
		if want := "full false\n"; disk.text.String() != want {
			t.Errorf("written: %q, want %q", disk.text.String(), want)
		}
		want := strings.Repeat("error: the output cannot be written cause=\"disk full\"\nhint: serving goes on without it\n", 2)
		if log.String() != want {
			t.Errorf("log %q, want %q", log.String(), want)
		}
	})
}

type disk struct {
	full bool
	text strings.Builder
}

func (d *disk) Write(text []byte) (int, error) {
	if d.full {
		return 0, errors.New("disk full")
	}
	return d.text.Write(text)
}
