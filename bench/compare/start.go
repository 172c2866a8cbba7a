package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// measureStarts starts every program and gatewayd with more and more routes, in turns.
func measureStarts(ctx context.Context, o options, folder string, programs []program) error {
	subjects := make([]program, 0, len(programs)+len(o.routes))
	for _, p := range programs {
		if !strings.HasPrefix(p.name, "gatewayd") {
			subjects = append(subjects, p)
		}
	}
	for _, n := range o.routes {
		path, err := routeFile(folder, n)
		if err != nil {
			return err
		}
		p := gatewayd(o, path)
		p.name = fmt.Sprintf("gatewayd, %d routes", n)
		subjects = append(subjects, p)
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // an order, not a secret
	times := make([][]time.Duration, len(subjects))
	memory := make([]int, len(subjects))
	for range o.starts {
		for _, i := range random.Perm(len(subjects)) {
			s, took, err := start(ctx, subjects[i])
			if err != nil {
				return err
			}
			times[i] = append(times[i], took)
			memory[i] = s.memory()
			s.stop()
		}
	}
	printStarts(subjects, times, memory)
	return nil
}
