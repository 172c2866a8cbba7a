package config

import (
	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// Options are what a route file may draw on besides its own text.
type Options struct {
	// Getenv looks up the variables that ${NAME} stands for. Nil knows none.
	Getenv func(string) string

	// DefaultName is the API's name when the file has none, by custom the name of the file's folder.
	DefaultName string
}

// Read decodes a route file, YAML or JSON, of 4 MB at most. The name is what positions say: the path as the user gave it.
//
// The API has its defaults set and the order of its routes is that of the file. It is nil when the file could not be read
// as YAML at all; else it is as complete as the file allows, so that [apigw.API.Validate] finds what is left to find. What
// was reported already is replaced by something that Validate accepts: an API with problems must not be served.
func Read(name string, source []byte, options Options) (*apigw.API, []apigw.Problem) {
	d := &decoder{file: name, getenv: options.Getenv}
	root := d.parse(source)
	if root == nil {
		return nil, apigw.SortProblems(d.problems)
	}
	d.guard(root)
	api := &apigw.API{Position: d.at(root)}
	d.decodeFile(root, api)
	if api.Name == "" {
		api.Name = options.DefaultName
	}
	api.SetDefaults()
	d.checkModels(api)
	return api, apigw.SortProblems(d.problems)
}

// decoder goes through the nodes of one file and collects its problems.
type decoder struct {
	file     string
	getenv   func(string) string
	lines    []string // of the source
	problems []apigw.Problem

	models map[string]*yaml.Node

	failures int // values that could not be taken, the reported ones and those that are in problems already
	visits   int // see visit
}

func (d *decoder) at(n *yaml.Node) apigw.Position {
	return apigw.Position{File: d.file, Line: n.Line, Column: n.Column}
}
