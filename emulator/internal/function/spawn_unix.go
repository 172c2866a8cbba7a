//go:build unix

package function

import (
	"os"
	"os/exec"
	"syscall"
)

// startKeeper starts the keeper in a session of its own, out of reach of the terminal's Ctrl-C.
func startKeeper() (*keeper, error) {
	cmd := exec.Command("sh", "-c", keeperScript)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return launchKeeper(cmd)
}

func shell(command string) *exec.Cmd { return exec.Command("sh", "-c", command) }

// terminateGroup asks everything in the process's group to end. That it may have ended is no error.
func terminateGroup(process *os.Process) { _ = syscall.Kill(-process.Pid, syscall.SIGTERM) }

func killGroup(process *os.Process) { _ = syscall.Kill(-process.Pid, syscall.SIGKILL) }
