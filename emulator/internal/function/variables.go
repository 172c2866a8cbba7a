package function

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// marker is the variable that every descendant of a function's process has, unless it wiped its environment: it is how none
// of them is left behind.
const marker = "GATEWAYD_PROCESS"

// variables is the environment of a process: what gatewayd has itself, then Lambda's variables, then the function's.
func (p *Process) variables(address, id string) []string {
	spec := &p.spec
	inherited := p.host.options.Environ
	if inherited == nil {
		inherited = os.Environ()
	}
	all := make(map[string]string, len(inherited)+24)
	for _, variable := range inherited {
		// Windows has variables whose names begin with =.
		if name, value, ok := strings.Cut(variable, "="); ok && name != "" && !strings.HasPrefix(name, "GATEWAYD_") {
			all[name] = value
		}
	}
	maps.Copy(all, p.lambdaVariables(id))
	maps.Copy(all, spec.Environment)
	maps.Copy(all, spec.Overrides)

	// What makes it run at all, whatever the function's own say.
	all["AWS_LAMBDA_RUNTIME_API"] = address
	all[marker] = id
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		all[name] = without(all[name], "127.0.0.1")
	}
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

func (p *Process) lambdaVariables(id string) map[string]string {
	spec := &p.spec
	handler := spec.Handler
	if handler == "" {
		handler = filepath.Base(spec.Command[0])
	}
	variables := map[string]string{
		"AWS_DEFAULT_REGION":              spec.Region,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(spec.MemorySize),
		"AWS_LAMBDA_FUNCTION_NAME":        spec.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + spec.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      time.Now().UTC().Format("2006/01/02") + "/[$LATEST]" + id,
		"AWS_REGION":                      spec.Region,
		"AWS_SAM_LOCAL":                   "true",
		"AWS_XRAY_CONTEXT_MISSING":        "LOG_ERROR",
		"LAMBDA_TASK_ROOT":                spec.Directory,
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"_HANDLER":                        handler,
	}
	if spec.Runtime != "" {
		// Lambda's OS-only runtimes, for which a Command is written, have none.
		variables["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + spec.Runtime
	}
	return variables
}

// without adds a host to a list of those that are reached without a proxy.
func without(list, host string) string {
	if list == "" {
		return host
	}
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == host || entry == "*" {
			return list
		}
	}
	return list + "," + host
}
