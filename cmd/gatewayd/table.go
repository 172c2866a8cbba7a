package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"gatewayd/emulator"
)

// open is what a route shows that nobody guards, keyOnly one that asks for an API key and nothing else. They are not to be
// overlooked.
const (
	open    = "OPEN"
	keyOnly = "KEY ONLY"
)

const tableGap = 2 // spaces between columns

// writeTable writes one line a route: method, URL, authorizer with type and TTL, target.
func writeTable(w io.Writer, routes []emulator.Route) error {
	table := tabwriter.NewWriter(w, 0, 0, tableGap, ' ', 0)
	for i := range routes {
		r := &routes[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Method, printable(r.URL), guard(r), printable(r.Target))
	}
	return table.Flush()
}

// writeAudit writes one line a route: what it takes to reach it, method, path, who asks for it, and where it stands in the file.
func writeAudit(w io.Writer, routes []emulator.AuditedRoute) error {
	table := tabwriter.NewWriter(w, 0, 0, tableGap, ' ', 0)
	for _, r := range routes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.State, r.Method, printable(r.Path), printable(cmp.Or(r.Authorizer, "-")), printable(r.Source))
	}
	return table.Flush()
}

// guard says who guards a route.
func guard(r *emulator.Route) string {
	unguarded := open
	if r.APIKey {
		unguarded = keyOnly
	}
	switch {
	case r.Authorizer == nil:
		return unguarded
	case r.Authorizer.Disabled:
		return fmt.Sprintf("%s (%s is disabled)", unguarded, printable(r.Authorizer.Name))
	}
	key := ""
	if r.APIKey {
		key = " + API key"
	}
	return fmt.Sprintf("%s (%s, TTL %d s)%s", printable(r.Authorizer.Name), r.Authorizer.Type, r.Authorizer.TTL, key)
}

// countOpen is how many routes nobody guards.
func countOpen(routes []emulator.Route) int {
	n := 0
	for i := range routes {
		if a := routes[i].Authorizer; (a == nil || a.Disabled) && !routes[i].APIKey {
			n++
		}
	}
	return n
}
