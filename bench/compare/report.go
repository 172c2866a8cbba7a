package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func stderrOf(command *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	err := command.Run()
	return stderr.Bytes(), err
}

func printStarts(subjects []program, times [][]time.Duration, memory []int) {
	fmt.Printf("\n## Start to the first 200, median and worst of %d\n\n| | median ms | worst ms | RSS MB |\n|---|---|---|---|\n", len(times[0]))
	for i, s := range subjects {
		fmt.Printf("| %s | %.1f | %.1f | %s |\n", s.name, milliseconds(median(times[i])), milliseconds(slices.Max(times[i])), megabytes(memory[i]))
	}
}

func printLoad(rows []row) {
	fmt.Print("\n## Load\n\nMedians. The ratio is that to chi in the same round.\n\n",
		"| | connections | requests/s | x chi | p50 µs | p99 µs | processor µs/request |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		base := rows[slices.IndexFunc(rows, func(other row) bool { return other.connections == r.connections })]
		fmt.Printf("| %s | %d | %.0f | %.3f | %.0f | %.0f | %.1f |\n", r.target, r.connections,
			medianOf(r, sample.rate), ratio(r, base, sample.rate),
			medianOf(r, func(s sample) float64 { return s.P50 }), medianOf(r, func(s sample) float64 { return s.P99 }),
			medianOf(r, func(s sample) float64 { return s.processor }))
	}
}

// printAdvantage compares a kept result of gatewayd with what the others make of the same request.
func printAdvantage(rows []row) {
	var others []row
	kept := map[int]row{}
	for _, r := range rows {
		switch {
		case r.target == keptResult:
			kept[r.connections] = r
		case strings.HasSuffix(r.target, authorized):
			others = append(others, r)
		}
	}
	if len(others) == 0 {
		return
	}
	fmt.Print("\n## A kept result of gatewayd and the others\n\nMedians of the ratios of the rounds.\n\n",
		"| compared with | connections | times the requests | p99 lower by | processor time lower by |\n|---|---|---|---|---|\n")
	for _, r := range others {
		ours := kept[r.connections]
		fmt.Printf("| %s | %d | %.1f | %.1f | %.1f |\n", r.target, r.connections, ratio(ours, r, sample.rate),
			ratio(r, ours, func(s sample) float64 { return s.P99 }), ratio(r, ours, func(s sample) float64 { return s.processor }))
	}
}

func printMemory(uses []use, connections []int) {
	fmt.Printf("\n## Resident memory, MB\n\n| | idle | after c=%d | after c=%d |\n|---|---|---|---|\n", connections[0], connections[len(connections)-1])
	for _, u := range uses {
		fmt.Printf("| %s | %s | %s | %s |\n", u.program, megabytes(u.idle), megabytes(u.first), megabytes(u.last))
	}
}

// ratio is the median of the ratios of the rounds.
func ratio(r, base row, of func(sample) float64) float64 {
	ratios := make([]float64, len(r.samples))
	for i := range r.samples {
		ratios[i] = of(r.samples[i]) / of(base.samples[i])
	}
	return median(ratios)
}

func medianOf(r row, of func(sample) float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = of(s)
	}
	return median(values)
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// megabytes is empty for what is not known.
func megabytes(bytes int) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(bytes)/1e6)
}
