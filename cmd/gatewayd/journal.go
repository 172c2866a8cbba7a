package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// journal is what serve prints on standard output: the routes, where they are, and a line a request. Before them, a strict one
// has the audit.
type journal interface {
	audited(routes []emulator.AuditedRoute)
	routes(routes []emulator.Route)
	listening(at addresses)
	request(t trace.Trace)
}

// addresses are where gatewayd can be reached, and what to expect there.
type addresses struct {
	apis    []apiAddress
	control string // URL, "" when it is off
	issuer  string // what tokens say as iss, "" when there is none
}

// apiAddress is where one API can be reached.
type apiAddress struct {
	url      string // with the base path
	id, name string
	routes   int
	open     int // of the routes
}

func newJournal(w io.Writer, format string) journal {
	if format == jsonFormat {
		return jsonJournal{w, newLog(w, format, slog.LevelInfo)}
	}
	return textJournal{w}
}

// textJournal is for a person.
type textJournal struct{ w io.Writer }

func (j textJournal) routes(routes []emulator.Route) {
	var table bytes.Buffer // so that it is written whole
	_ = writeTable(&table, routes)
	_, _ = table.WriteTo(j.w)
}

func (j textJournal) audited(routes []emulator.AuditedRoute) {
	var table bytes.Buffer
	_ = writeAudit(&table, routes)
	_, _ = table.WriteTo(j.w)
}

func (j textJournal) listening(at addresses) {
	var text strings.Builder
	for _, a := range at.apis {
		name := ""
		if len(at.apis) > 1 {
			name = printable(a.name) + " " + a.id + ", "
		}
		fmt.Fprintf(&text, "API      %s  (%s%s, %d %s)\n", a.url, name, count(a.routes, "route"), a.open, open)
	}
	if at.control != "" {
		fmt.Fprintf(&text, "control  %s\nissuer   %s  (%s)\n", at.control, at.issuer, emulator.IssuerNotice)
	}
	fmt.Fprint(j.w, text.String())
}

func (j textJournal) request(t trace.Trace) { fmt.Fprint(j.w, t.Line()+"\n") }

// jsonJournal is for a program: one object a line. The whole trace of a request, which can be large, is at the control API.
type jsonJournal struct {
	w   io.Writer
	log *slog.Logger // to w
}

func (j jsonJournal) routes(routes []emulator.Route) {
	var table bytes.Buffer
	log := newLog(&table, jsonFormat, slog.LevelInfo)
	for i := range routes {
		r := &routes[i]
		log.Info("route", "method", r.Method, "path", r.Path, "url", r.URL, "authorizer", r.Authorizer, "target", r.Target, "source", r.Source)
	}
	_, _ = table.WriteTo(j.w)
}

func (j jsonJournal) audited(routes []emulator.AuditedRoute) {
	var table bytes.Buffer
	log := newLog(&table, jsonFormat, slog.LevelInfo)
	for _, r := range routes {
		log.Info("audited", "state", r.State, "method", r.Method, "path", r.Path, "authorizer", r.Authorizer, "source", r.Source)
	}
	_, _ = table.WriteTo(j.w)
}

func (j jsonJournal) listening(at addresses) {
	for _, a := range at.apis {
		attrs := []any{"api", a.url, "control", at.control, "issuer", at.issuer, "routes", a.routes, "open", a.open}
		if len(at.apis) > 1 {
			attrs = append(attrs, "apiId", a.id)
		}
		j.log.Info("listening", attrs...)
	}
}

func (j jsonJournal) request(t trace.Trace) {
	const perMilli = 1000
	attrs := []any{
		"requestId", t.RequestID, "method", t.Method, "path", t.Path, "route", t.Route, "status", t.Status,
		"ms", float64(t.Duration.Microseconds()) / perMilli, "code", t.Code,
	}
	for _, optional := range []struct{ key, value string }{{"reason", t.Mask(t.Reason)}, {hintKey, t.Mask(t.Hint)}} {
		if optional.value != "" {
			attrs = append(attrs, optional.key, optional.value)
		}
	}
	if t.Cache != nil {
		attrs = append(attrs, "cache", t.Cache.State)
	}
	j.log.Info("request", attrs...)
}
