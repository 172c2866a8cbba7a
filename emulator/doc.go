// Package emulator is an API Gateway in your own process: a REST API with Lambda authorizers, given by a route file, that
// answers as AWS would and says why.
//
// An [Emulator] is an [http.Handler]. [New] reads the route file, opens no port, starts no goroutine and reads no
// environment of its own; [Emulator.Serve] listens, [Emulator.Watch] reloads the file when it changes. Any number of
// emulators live in one process. In tests, package emulatortest does all this in one line.
package emulator
