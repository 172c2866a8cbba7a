package config

import (
	"time"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

const (
	maxFunctionTimeout = 15 * time.Minute // Lambda's
	unsaid             = -1               // a timeout that the file does not say
)

// functionDraft is a function as far as it was read.
type functionDraft struct {
	apigw.Function
	process     bool       // a program: command or runtime
	environment *yaml.Node // its key
}

func (d *decoder) decodeFunctions(n *yaml.Node, api *apigw.API) {
	fields, _ := d.mapping(n, "functions")
	keys := functionKeys()
	for _, f := range fields {
		before := d.failures
		draft := functionDraft{Function: apigw.Function{Name: f.name, Timeout: unsaid, Position: d.at(f.key)}}
		object(d, f.value, "function "+f.name, keys, &draft)
		d.checkEnvironment(&draft)
		if draft.process || draft.Handler == "" && draft.URL == "" && d.failures > before {
			draft.Handler, draft.URL = "", unreadableURL
		}
		if draft.Timeout == unsaid {
			draft.Timeout = 0
			if draft.URL != "" {
				draft.Timeout = apigw.DefaultFunctionTimeout
			}
		}
		if !f.again {
			api.Functions = append(api.Functions, draft.Function)
		}
	}
}

func (d *decoder) checkEnvironment(draft *functionDraft) {
	switch {
	case draft.environment == nil:
	case draft.process:
		d.reportNotBuilt(draft.environment, "environment", "functions in processes of their own are")
	case draft.URL != "":
		d.report(draft.environment, "environment: a function with a url has the environment of its own process")
	default:
		d.report(draft.environment, "environment: an in-process function shares gatewayd's own environment; set the variables there")
	}
}

// functionKeys are the keys of one function.
func functionKeys() []key[functionDraft] {
	const processes = "functions in processes of their own are"
	program := func(name, feature string) key[functionDraft] {
		k := notBuilt[functionDraft](name, feature)
		refuse := k.decode
		k.decode = func(d *decoder, draft *functionDraft, f field) {
			draft.process = true
			refuse(d, draft, f)
		}
		return k
	}
	return []key[functionDraft]{
		text("handler", "The registered name of an in-process function.",
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
		whole("timeout", "How long the function may run, in seconds; 0, the default in process, for as long as API Gateway waits.",
			0, int(maxFunctionTimeout.Seconds()), int(apigw.DefaultFunctionTimeout.Seconds()),
			func(draft *functionDraft, seconds int) { draft.Timeout = time.Duration(seconds) * time.Second }),
		{
			name:   "environment",
			decode: func(_ *decoder, draft *functionDraft, f field) { draft.environment = f.key },
		},
		program("command", processes),
		program("runtime", "functions of managed runtimes are"),
		notBuilt[functionDraft]("directory", processes).spelled("codeUri"),
		notBuilt[functionDraft]("initTimeout", processes),
		notBuilt[functionDraft]("memorySize", processes),
		notBuilt[functionDraft]("concurrency", processes).spelled("reservedConcurrentExecutions"),
		notBuilt[functionDraft]("build", processes),
	}
}
