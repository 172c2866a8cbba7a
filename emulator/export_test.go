package emulator

// AddLine is a line of a function's log, as a program writes one.
func AddLine(e *Emulator, line FunctionLine) { e.functionLine(line) }

// KeptLogs is how many bytes are kept of functions' logs.
func KeptLogs(e *Emulator) int { return e.logs.kept.bytes }
