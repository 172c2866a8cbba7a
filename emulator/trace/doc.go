// Package trace is the account of one request: each step that the gateway took, what it found there, and the code of the
// outcome. A trace is data, cheap to collect; statements are explained, and secrets masked, when somebody reads it.
//
// [Trace.MarshalJSON] writes the trace for the control API, [Trace.Line] the one line of the request log.
package trace
