package function

import (
	"context"
	"hash/maphash"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	lookInterval = 300 * time.Millisecond
	// lookShare keeps the looks at a large folder from taking more than a thirtieth of a core.
	lookShare    = 30
	quiet        = 60 * time.Millisecond // a file that is being written changes again within this time
	longestQuiet = 3 * time.Second
	// coarsest is the longest tick of a file system's clock: two writes in one leave the same time stamp.
	coarsest = 2 * time.Second
	// maxHashed is the size of the largest file whose content is compared.
	maxHashed = 4 << 20
	// restless is how many looks in a row find the same files changed until they are no code: faster and longer than anybody
	// saves.
	restless = 5
)

// folder is a function's code, looked at now and then rather than announced by the system, which bind mounts and editors
// that rename do not always do.
type folder struct {
	path   string
	ignore []string
	own    []fs.FileInfo // what this process writes its log to
	seed   maphash.Seed
}

func newFolder(path string, ignore []string) folder {
	f := folder{path: path, seed: maphash.MakeSeed()}
	for _, file := range ignore {
		// One that does not exist needs no ignoring.
		if absolute, err := filepath.Abs(file); err == nil {
			if directory, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil {
				f.ignore = append(f.ignore, filepath.Join(directory, filepath.Base(absolute)))
			}
		}
	}
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if info, err := stream.Stat(); err == nil && info.Mode().IsRegular() {
			f.own = append(f.own, info)
		}
	}
	return f
}

// stamp tells whether a file has changed.
type stamp struct {
	info fs.FileInfo
	sum  uint64 // of the content, while the time stamp is too young to be trusted
}

func (s stamp) equal(other stamp) bool {
	return s.info.Size() == other.info.Size() && s.info.ModTime().Equal(other.info.ModTime()) &&
		os.SameFile(s.info, other.info) && (s.sum == other.sum || s.sum == 0 || other.sum == 0)
}

type snapshot map[string]stamp

// look takes in every file but those that are no code: see skipped. What cannot be read is not there.
func (f folder) look() snapshot {
	seen := make(snapshot)
	root, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return seen
	}
	// The function below returns no error but SkipDir.
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || path == root:
			return nil
		case skipped(entry.Name()) && entry.IsDir():
			return filepath.SkipDir
		case skipped(entry.Name()) || entry.IsDir() || slices.Contains(f.ignore, path):
			return nil
		}
		// A link changes when what it leads to does.
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && !f.owns(info) {
			seen[path] = f.stampOf(path, info)
		}
		return nil
	})
	return seen
}

func (f folder) owns(info fs.FileInfo) bool {
	return slices.ContainsFunc(f.own, func(own fs.FileInfo) bool { return os.SameFile(own, info) })
}

func (f folder) stampOf(path string, info fs.FileInfo) stamp {
	s := stamp{info: info}
	if time.Since(info.ModTime()) < coarsest && info.Size() < maxHashed {
		if content, err := os.ReadFile(path); err == nil {
			s.sum = maphash.Bytes(f.seed, content) | 1
		}
	}
	return s
}

// skipped are the names of what is hidden, of installed packages, and of what programs write while they run.
func skipped(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "node_modules" || name == "__pycache__" {
		return true
	}
	extension, _, _ := strings.Cut(filepath.Ext(name), "-") // main.db-wal belongs to main.db
	return slices.Contains([]string{".db", ".sqlite", ".sqlite3", ".log", ".pyc", ".swp", ".tmp"}, extension)
}

// changes are the files that are in one snapshot but not in the other, or not the same, sorted.
func changes(before, after snapshot) []string {
	paths := make(map[string]struct{})
	for path, s := range after {
		if old, ok := before[path]; !ok || !s.equal(old) {
			paths[path] = struct{}{}
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok {
			paths[path] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// watch looks for changes of the code from now on, if the host does.
func (p *Process) watch() {
	if !p.host.options.Watch {
		return
	}
	p.watching.Do(func() {
		seen := p.code.look()
		p.host.spawn(func() { p.follow(p.host.ctx, seen) })
	})
}

// follow restarts the function when its code has changed, until ctx ends.
func (p *Process) follow(ctx context.Context, seen snapshot) {
	pause := lookInterval
	var last []string // what the look before found
	times := 0
	for sleep(ctx, pause) {
		start := time.Now()
		now := p.code.look()
		pause = max(lookInterval, lookShare*time.Since(start))
		changed := p.edited(seen, now)
		if times++; pause > lookInterval || !slices.Equal(changed, last) {
			times = 1
		}
		last = changed
		if len(changed) == 0 {
			continue
		}
		if times >= restless {
			p.disregard(changed)
			continue
		}
		now, ok := p.settle(ctx, now)
		if !ok {
			return
		}
		changed = p.edited(seen, now)
		seen = now
		if len(changed) > 0 {
			seen = p.renewed(changed, now)
		}
	}
}

// disregard takes files for no code from now on: they change whenever the function starts anew, as a copy of gatewayd's own log
// does, and it would never come to rest.
func (p *Process) disregard(paths []string) {
	p.preparing.Lock()
	p.noise = append(p.noise, paths...)
	p.preparing.Unlock()
	p.host.log.Warn("a file changes all the time, and is taken for code no longer",
		"function", p.spec.Name, "file", p.relative(paths[0]), "files", len(paths))
}

// relative is the path of a file as the log has it.
func (p *Process) relative(path string) string {
	if name, err := filepath.Rel(p.spec.Directory, path); err == nil {
		return name
	}
	return path
}

// settle waits until nothing changes any more: a file half written, or away between a removal and a renaming.
func (p *Process) settle(ctx context.Context, seen snapshot) (snapshot, bool) {
	for range longestQuiet / quiet {
		if !sleep(ctx, quiet) {
			return nil, false
		}
		again := p.code.look()
		same := len(changes(seen, again)) == 0
		seen = again
		if same {
			break
		}
	}
	return seen, true
}

// renewed builds the code that has changed and restarts the function. It returns what the code was before the build.
func (p *Process) renewed(changed []string, now snapshot) snapshot {
	log := p.host.log.With("function", p.spec.Name, "changed", p.relative(changed[0]), "files", len(changed))
	if p.spec.Build != "" {
		start := time.Now()
		seen, err := p.rebuild()
		if err != nil {
			log.Error("the build failed: what was built before goes on", "error", err)
			return seen
		}
		now = seen
		log = log.With("build", time.Since(start).Round(time.Millisecond))
	}
	p.renew()
	log.Info("the code has changed: the function starts anew")
	return now
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
