package function

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// isolate puts the process into a group of its own, and lets it die with gatewayd.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killTree kills what is left of a process that has been reaped: its group and, wherever they went, all that have its mark.
func killTree(process *os.Process, id string) {
	killGroup(process)
	// Again until a whole pass finds none: one may have forked during the pass.
	for range 20 {
		if !killMarked(id) {
			return
		}
	}
}

func killMarked(id string) (found bool) {
	mark := []byte("\x00" + marker + "=" + id + "\x00")
	// The pattern is well-formed.
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		// It is empty for a zombie, and not readable for another user's.
		environ, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, environ...), mark) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
			found = true
		}
	}
	return found
}

// peakMemory is what usedMemory was when the process ended.
func peakMemory(state *os.ProcessState) int {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return int(usage.Maxrss+1023) / 1024
	}
	return 0
}

// usedMemory is the peak of a running process's resident memory in MB.
func usedMemory(process *os.Process) int {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(process.Pid) + "/status")
	if err != nil {
		return 0
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(peak)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return (kilobytes + 1023) / 1024
}
