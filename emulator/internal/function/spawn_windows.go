package function

import (
	"errors"
	"os"
	"os/exec"
)

func startKeeper() (*keeper, error) {
	return nil, errors.New("there is no keeper on Windows")
}

func shell(command string) *exec.Cmd { return exec.Command("cmd", "/c", command) }

// isolate does nothing: Windows has no process groups of this kind.
func isolate(*exec.Cmd) {}

func terminateGroup(process *os.Process) { killGroup(process) }

// killGroup kills the process alone. That it may have ended is no error.
func killGroup(process *os.Process) { _ = process.Kill() }

func killTree(*os.Process, string) {}

// What a process used is not known here.
func usedMemory(*os.Process) int      { return 0 }
func peakMemory(*os.ProcessState) int { return 0 }
