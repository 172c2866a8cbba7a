package function

import (
	"fmt"
	"io"
	"os/exec"
)

// keeperScript outlives a SIGKILL of gatewayd just long enough to kill what is left of its functions: its input ends when
// gatewayd does, whatever the reason. A shell takes a tenth of the memory of a second gatewayd, and is there for the tests of
// a library's user, too.
const keeperScript = `trap '' INT TERM HUP
known=
folder=
while read -r what id pid; do
  case $what in
  tidy) folder="$id${pid:+ $pid}" ;;
  announce) known="$known $id:" ;;
  guard|forget)
    rest=
    for entry in $known; do [ "${entry%%:*}" = "$id" ] || rest="$rest $entry"; done
    known=$rest
    [ "$what" = forget ] || known="$known $id:$pid" ;;
  esac
done
set --
for entry in $known; do
  set -- "$@" -e "` + marker + `=${entry%%:*}"
  [ -z "${entry#*:}" ] || kill -s KILL -- "-${entry#*:}"
done
for pass in 1 2 3; do
  [ $# -gt 0 ] || break
  for file in $(grep -lsF "$@" /proc/[0-9]*/environ); do
    pid=${file#/proc/}
    kill -s KILL "${pid%%/*}"
  done
done
[ -z "$folder" ] || rm -rf -- "$folder"
`

// keeper is the process that runs the script, one for all functions of a host. A nil keeper does nothing.
type keeper struct {
	cmd   *exec.Cmd
	input io.WriteCloser
}

func launchKeeper(cmd *exec.Cmd) (*keeper, error) {
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &keeper{cmd: cmd, input: input}, nil
}

// announce says that a process with this id is about to be started, guard that it leads a process group, forget that nothing
// of it is left.
func (k *keeper) announce(id string)       { k.say("announce %s\n", id) }
func (k *keeper) guard(id string, pid int) { k.say("guard %s %d\n", id, pid) }
func (k *keeper) forget(id string)         { k.say("forget %s\n", id) }

// tidy says which folder goes when gatewayd does.
func (k *keeper) tidy(folder string) { k.say("tidy %s\n", folder) }

// say ignores that a keeper may have been killed: then nobody keeps.
func (k *keeper) say(format string, values ...any) {
	if k != nil {
		_, _ = fmt.Fprintf(k.input, format, values...)
	}
}

func (k *keeper) close() {
	_ = k.input.Close()
	_ = k.cmd.Wait()
}
