//go:build unix && !linux

package function

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate puts the process into a group of its own. Here nothing but the keeper ends it with gatewayd.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killTree kills the process's group. A descendant that left it is not found here.
func killTree(process *os.Process, _ string) { killGroup(process) }

// What a process used is not known here.
func usedMemory(*os.Process) int      { return 0 }
func peakMemory(*os.ProcessState) int { return 0 }
