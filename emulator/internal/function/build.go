package function

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// buildWaitDelay is how long a build's output is read when a process that it left behind holds it open.
const buildWaitDelay = 100 * time.Millisecond

// prepare builds the code, unless that is done, and returns its generation.
func (p *Process) prepare() (int, error) {
	p.preparing.Lock()
	defer p.preparing.Unlock()
	// Without a watch nobody says that the code has changed since the build failed.
	if p.spec.Build != "" && !p.built && (p.buildErr == nil || !p.host.options.Watch) {
		before := p.code.look()
		p.buildErr = p.runBuild()
		p.built = p.buildErr == nil
		p.outputs = changes(before, p.code.look())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.generation, p.buildErr
}

// rebuild builds the code that has changed, and returns what it was before.
//
// What a build writes is no change of the code: it is not built again for it. But a file may also have been edited during the
// build. When a file that no earlier build wrote has changed, the code is therefore built once more: what the second build
// does not write is not its output.
func (p *Process) rebuild() (before snapshot, err error) {
	p.preparing.Lock()
	defer p.preparing.Unlock()
	for range 2 {
		before = p.code.look()
		err = p.runBuild()
		written := changes(before, p.code.look())
		known := p.outputs
		p.outputs = written
		if len(except(written, known)) == 0 {
			break
		}
	}
	if err == nil {
		p.built, p.buildErr = true, nil
	} else if !p.built {
		p.buildErr = err
	}
	return before, err
}

// edited is what has changed and is neither the output of a build nor disregarded. It waits for the end of a build that runs.
func (p *Process) edited(before, after snapshot) []string {
	changed := changes(before, after)
	if len(changed) == 0 {
		return nil
	}
	p.preparing.Lock()
	defer p.preparing.Unlock()
	return except(except(changed, p.outputs), p.noise)
}

func except(paths, known []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return slices.Contains(known, path) })
}

// runBuild runs the build command. Nothing of it is left when it returns.
func (p *Process) runBuild() error {
	id := newID()
	cmd := shell(p.spec.Build)
	cmd.Dir = p.spec.Directory
	cmd.Env = p.variables("", id)
	cmd.WaitDelay = buildWaitDelay
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := p.host.launch(cmd, id); err != nil {
		return fmt.Errorf("%s: %w", p.spec.Build, err)
	}
	release := context.AfterFunc(p.host.ctx, func() { killGroup(cmd.Process) })
	defer release()
	err := cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // the build itself has succeeded; only what it left behind, or a busy machine, held its output open
	}
	killTree(cmd.Process, id)
	p.host.forget(id)
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", p.spec.Build, err, excerpt(text.Bytes()))
	}
	return nil
}
