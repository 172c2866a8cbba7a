package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"

	"gopkg.in/yaml.v3"
)

const (
	maxFunctionTimeout = 15 * time.Minute // Lambda's
	maxMemorySize      = 10_240           // Lambda's, in MB
	maxConcurrency     = 1000             // Lambda's, for an account
	unsaid             = -1               // a timeout that the file does not say
)

// functionDraft is a function as far as it was read.
type functionDraft struct {
	apigw.Function
	environment *yaml.Node   // its key
	programs    []programKey // keys that only a program has
}

type programKey struct {
	name string
	node *yaml.Node
}

func (d *decoder) decodeFunctions(n *yaml.Node, api *apigw.API) {
	fields, _ := d.mapping(n, "functions")
	keys := functionKeys()
	for _, f := range fields {
		before := d.failures
		draft := functionDraft{Function: apigw.Function{Name: f.name, Timeout: unsaid, InitTimeout: unsaid, Position: d.at(f.key)}}
		object(d, f.value, "function "+f.name, keys, &draft)
		d.checkProgram(&draft)
		draft.presets(filepath.Dir(d.file))
		if d.failures > before && draft.Handler == "" && draft.URL == "" && !draft.IsProgram() {
			draft.URL = unreadableURL
		}
		if !f.again {
			api.Functions = append(api.Functions, draft.Function)
		}
	}
}

// checkProgram refuses what a function that is no program cannot have, and a folder that is not there.
func (d *decoder) checkProgram(draft *functionDraft) {
	switch {
	case draft.IsProgram():
		for _, key := range draft.programs {
			if key.name == "directory" {
				d.checkDirectory(key.node, draft.Directory)
			}
		}
		return
	case draft.environment == nil:
	case draft.URL != "":
		d.report(draft.environment, "environment: a function with a url has the environment of its own process")
	default:
		d.report(draft.environment, "environment: an in-process function shares gatewayd's own environment; set the variables there")
	}
	for _, key := range draft.programs {
		d.report(key.node, "%s: only a function with a command or a runtime has it", key.name)
	}
}

// checkMaxConcurrency refuses a number of invocations of one process that its runtime client would take for another one.
func (d *decoder) checkMaxConcurrency(f field, environment map[string]string) {
	value, set := environment[function.MaxConcurrencyVariable]
	if !set {
		return
	}
	if _, err := function.MaxConcurrency(value); err != nil {
		place := f.key
		for pair := range slices.Chunk(follow(f.value).Content, 2) { // a key and its value
			if pair[0].Value == function.MaxConcurrencyVariable {
				place = follow(pair[1])
			}
		}
		d.report(place, "%s: %v", f.name, err)
	}
}

func (d *decoder) checkDirectory(n *yaml.Node, directory string) {
	path := directory
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.file), path)
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		d.report(n, "directory %q is not there; it is looked for beside the route file", directory)
	}
}

// presets fills in what the file does not say. Folders are relative to the one of the route file.
func (draft *functionDraft) presets(folder string) {
	if draft.Timeout == unsaid {
		draft.Timeout = 0
		if draft.URL != "" || draft.IsProgram() {
			draft.Timeout = apigw.DefaultFunctionTimeout
		}
	}
	if draft.InitTimeout == unsaid {
		draft.InitTimeout = 0
		if draft.IsProgram() {
			draft.InitTimeout = function.DefaultInitTimeout
		}
	}
	if draft.IsProgram() && !filepath.IsAbs(draft.Directory) {
		draft.Directory = filepath.Join(folder, draft.Directory)
	}
}

// functionKeys are the keys of one function.
func functionKeys() []key[functionDraft] {
	keys := []key[functionDraft]{
		text("handler", "The registered name of an in-process function; with a runtime, file.function.",
			func(draft *functionDraft, name string) { draft.Handler = name }),
		key[functionDraft]{
			name: "url", doc: "The invocation URL of an endpoint that speaks the Lambda Invoke API. ${NAME} and ${NAME:-default} are expanded, $${ is ${.",
			schema: nameSchema(),
			decode: func(d *decoder, draft *functionDraft, f field) {
				if url, ok := d.name(f.value, f.name); ok {
					draft.URL = d.expand(follow(f.value), url)
				}
			},
		}.spelled("uri", "endpoint", "http"),
		seconds("timeout", "How long the function may run, in seconds; 0, the default in process, for as long as API Gateway waits.",
			apigw.DefaultFunctionTimeout, func(draft *functionDraft) *time.Duration { return &draft.Timeout }),
		{
			name: "environment", doc: "Variables of a program, beside those that Lambda sets. ${NAME} and ${NAME:-default} are expanded.",
			schema: mapSchema(textSchema()),
			decode: func(d *decoder, draft *functionDraft, f field) {
				draft.environment = f.key
				draft.Environment = d.expandedTexts(f)
				d.checkMaxConcurrency(f, draft.Environment)
			},
		},
	}
	return append(keys, programKeys()...)
}

// programKeys are the keys of functions that run as processes of their own.
func programKeys() []key[functionDraft] {
	keys := []key[functionDraft]{
		key[functionDraft]{
			name: "command", doc: "A program that speaks the Lambda Runtime API, with its arguments.", schema: schema{"type": "array", "items": nameSchema(), "minItems": 1},
			decode: func(d *decoder, draft *functionDraft, f field) {
				before := d.failures
				if draft.Command = d.list(f.value, f.name); len(draft.Command) == 0 && d.failures == before {
					d.report(f.key, "command must be a list with the program and its arguments: [./bootstrap]")
				}
			},
		}.spelled("cmd", "entrypoint"),
		{
			name: "runtime", doc: "Instead of a command: python3.x or nodejs20.x, with a handler.", schema: nameSchema(),
			decode: func(d *decoder, draft *functionDraft, f field) {
				name, ok := d.name(f.value, f.name)
				if !ok {
					return
				}
				draft.Runtime = name
				if err := function.CheckRuntime(name); err != nil {
					d.report(follow(f.value), "%v", err)
				}
			},
		},
	}
	only := []key[functionDraft]{
		text("directory", "The folder of the code, the route file's own by default.",
			func(draft *functionDraft, path string) { draft.Directory = path }).spelled("codeUri"),
		seconds("initTimeout", "How long the program may take to start, in seconds; 0 for as long as it takes.",
			function.DefaultInitTimeout, func(draft *functionDraft) *time.Duration { return &draft.InitTimeout }),
		whole("memorySize", "MB of memory that the program is told it has; it is not enforced.", 1, maxMemorySize, function.DefaultMemorySize,
			func(draft *functionDraft, size int) { draft.MemorySize = size }).spelled("memory"),
		whole("concurrency", "How many processes of the program run at once.", 1, maxConcurrency, function.DefaultConcurrency,
			func(draft *functionDraft, count int) { draft.Concurrency = count }).spelled("reservedConcurrentExecutions"),
		text("build", "A shell command that makes the program, run before the first start and after each change of the code.",
			func(draft *functionDraft, command string) { draft.Build = command }),
	}
	for i := range only {
		decode := only[i].decode
		only[i].decode = func(d *decoder, draft *functionDraft, f field) {
			draft.programs = append(draft.programs, programKey{f.name, f.key})
			decode(d, draft, f)
		}
	}
	return append(keys, only...)
}

// seconds declares a key with a time in whole seconds.
func seconds(name, doc string, preset time.Duration, in func(*functionDraft) *time.Duration) key[functionDraft] {
	return whole(name, doc, 0, int(maxFunctionTimeout.Seconds()), int(preset.Seconds()),
		func(draft *functionDraft, count int) { *in(draft) = time.Duration(count) * time.Second })
}

// expandedTexts takes a mapping of text in which variables are expanded.
func (d *decoder) expandedTexts(f field) map[string]string {
	fields, ok := d.mapping(f.value, f.name)
	if !ok {
		return nil
	}
	values := make(map[string]string, len(fields))
	for _, entry := range fields {
		if entry.name == "" || strings.ContainsAny(entry.name, "=\x00") {
			d.report(entry.key, "%s: %q cannot be the name of a variable", f.name, entry.name)
			continue
		}
		if value, ok := d.text(entry.value, f.name+"."+entry.name); ok && !entry.again {
			values[entry.name] = d.expand(follow(entry.value), value)
		}
	}
	return values
}
