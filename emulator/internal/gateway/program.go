package gateway

import (
	"errors"
	"maps"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
)

// program makes a function that runs as processes of its own ready to be invoked. It starts nothing.
func (g *Gateway) program(api *apigw.API, f apigw.Function) (*function.Process, error) {
	if g.options.Host == nil {
		return nil, errors.New("there is nothing to run programs with")
	}
	return g.options.Host.Process(function.ProcessSpec{
		Name: f.Name, Command: f.Command, Runtime: f.Runtime, Handler: f.Handler, Directory: f.Directory,
		Environment: f.Environment, Overrides: g.overrides(f.Name), Region: api.Region,
		Timeout: f.Timeout, InitTimeout: f.InitTimeout, MemorySize: f.MemorySize, Concurrency: f.Concurrency, Build: f.Build,
	})
}

// allFunctions is the name under which SAM CLI's file has the variables of every function.
const allFunctions = "Parameters"

// overrides are the variables that beat those of the route file.
func (g *Gateway) overrides(name string) map[string]string {
	variables := maps.Clone(g.options.Variables[allFunctions])
	if variables == nil {
		return maps.Clone(g.options.Variables[name])
	}
	maps.Copy(variables, g.options.Variables[name])
	return variables
}

// retain stops the programs that the deployment does not have. Those that no route names can be invoked directly.
func (g *Gateway) retain(d *deployment) {
	if g.options.Host == nil {
		return
	}
	var declared []*function.Process
	for i := range d.api.Functions {
		if f := d.api.Functions[i]; f.IsProgram() {
			if p, err := g.program(d.api, f); err == nil { // with an error there is nothing to retain
				declared = append(declared, p)
			}
		}
	}
	g.options.Host.Retain(declared...)
}
