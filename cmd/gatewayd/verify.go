package main

import (
	"context"
	"fmt"
	"log/slog"

	"gatewayd/emulator"
)

// reportCache says at the end what --verify-cache has found, whether something or nothing: every difference has been told of
// when it came up, some hours ago perhaps.
func reportCache(ctx context.Context, e *emulator.Emulator, log *slog.Logger) {
	// What is being verified may still end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	_ = e.Wait(ctx) // the report is of what has ended
	found := e.CacheVerification()
	for _, d := range found.Differences {
		log.Warn(fmt.Sprintf("%s: %s (%s, %s)", d.Source, d.Reason, d.Route, count(d.Count, "request")), hintKey, d.Hint) //nolint:sloglint // the difference, with its place in the file, is the message
	}
	log.Log(ctx, level(found), "verified the cache", "same", found.Same, "different", found.Different, "skipped", found.Skipped)
}

// level is that of a summary: one that found something is told even with --quiet.
func level(found emulator.CacheVerification) slog.Level {
	if found.Different > 0 {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
