// Package emulator is an API Gateway in your own process: a REST API with Lambda authorizers, given by a route file, that
// answers as AWS would and says why.
//
// An [Emulator] is an [http.Handler]. [New] reads the route file, opens no port, starts no goroutine and reads no
// environment of its own; [Emulator.Serve] listens, [Emulator.Watch] reloads the file when it changes. Any number of
// emulators live in one process, and a [Group] serves several from one listener. In tests, package emulatortest does all this
// in one line.
//
// Each request leaves a trace, [Emulator.Trace], with the reason of its answer; [Emulator.Explain] makes one of a request that
// is not sent. What a test has to move or forget is there too: [Emulator.FastForward], [Emulator.FlushCache], [Emulator.Reset].
// [Emulator.Control] is the same for programs in other languages, as an HTTP API.
package emulator
