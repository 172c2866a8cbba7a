package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"gatewayd/bench"
)

// script has wrk print what it measured as JSON, times in microseconds.
const script = `
done = function(summary, latency)
  local e = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"micros":%d,"errors":%d,"p50":%d,"p99":%d}',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`

// sample is one turn of a target.
type sample struct {
	Requests int     `json:"requests"`
	Micros   float64 `json:"micros"`
	Errors   int     `json:"errors"`
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`

	processor float64 // microseconds a request; 0 when unknown
}

func (s sample) rate() float64 { return float64(s.Requests) / s.Micros * 1e6 }

// row is a target with as many connections, and a sample for each round.
type row struct {
	target      string
	connections int
	samples     []sample
}

// use is the memory of a program in bytes.
type use struct {
	program           string
	idle, first, last int // after the start, after the fewest connections, after the most
}

// measureLoad starts all programs, and loads one after the other.
func measureLoad(ctx context.Context, o options, folder string, programs []program) error {
	lua := filepath.Join(folder, "report.lua")
	if err := os.WriteFile(lua, []byte(script), 0o600); err != nil {
		return err
	}
	servers := make([]*server, 0, len(programs))
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	uses := make([]use, len(programs))
	for i, p := range programs {
		s, _, err := start(ctx, p)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		uses[i] = use{program: p.name, idle: s.memory()}
	}
	var rows []row
	for _, connections := range o.connections {
		measured, err := measureTurns(ctx, o, lua, servers, connections)
		if err != nil {
			return err
		}
		rows = append(rows, measured...)
		for i, s := range servers {
			uses[i].last = s.memory()
			if uses[i].first == 0 {
				uses[i].first = uses[i].last
			}
		}
	}
	printLoad(rows)
	printAdvantage(rows)
	printMemory(uses, o.connections)
	return nil
}

// turn is a target of a server that runs.
type turn struct {
	server *server
	target target
}

func measureTurns(ctx context.Context, o options, lua string, servers []*server, connections int) ([]row, error) {
	var turns []turn
	var rows []row
	for _, s := range servers {
		for _, t := range s.program.targets {
			turns = append(turns, turn{s, t})
			rows = append(rows, row{target: t.name, connections: connections})
		}
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // an order, not a secret
	for round := range o.rounds + 1 {
		for _, i := range random.Perm(len(turns)) {
			duration := o.duration
			if round == 0 {
				duration = max(duration/4, time.Second) // to warm up
			}
			measured, err := turns[i].load(ctx, lua, connections, duration)
			for range 3 {
				if errors.Is(err, errUnanswered) { // a server that is cold, or has many workers to start, may take its time
					measured, err = turns[i].load(ctx, lua, connections, duration)
				}
			}
			if err != nil {
				return nil, err
			}
			if round > 0 {
				rows[i].samples = append(rows[i].samples, measured)
			}
		}
	}
	return rows, nil
}

var errUnanswered = errors.New("no request was answered in time")

func (t turn) load(ctx context.Context, lua string, connections int, duration time.Duration) (sample, error) {
	before, _ := t.server.processorTime()
	wrk := exec.CommandContext(ctx, "wrk", "-t1", "--timeout", "10s", "-c", strconv.Itoa(connections),
		"-d", strconv.Itoa(int(duration.Round(time.Second).Seconds()))+"s", "-s", lua,
		"-H", "Authorization: Bearer "+bench.Token(), "-H", "Accept: */*", "-H", "User-Agent: wrk", t.server.url+t.target.path)
	output, err := stderrOf(wrk)
	if err != nil {
		return sample{}, fmt.Errorf("wrk: %w: %s", err, output)
	}
	var s sample
	if err := json.Unmarshal(output, &s); err != nil {
		return sample{}, fmt.Errorf("wrk: %w: %s", err, output)
	}
	if s.Requests == 0 {
		return sample{}, fmt.Errorf("%s: %w", t.target.name, errUnanswered)
	}
	if s.Errors*20 > s.Requests { // a few are what a peer under load does
		return sample{}, fmt.Errorf("%s: %d of %d requests failed", t.target.name, s.Errors, s.Requests)
	}
	if after, ok := t.server.processorTime(); ok {
		s.processor = float64((after - before).Microseconds()) / float64(s.Requests)
	}
	return s, nil
}
