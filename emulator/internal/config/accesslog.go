package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/mapping"

	"gopkg.in/yaml.v3"
)

// accessLogKeys are the keys of the access log.
func accessLogKeys() []key[apigw.AccessLog] {
	return []key[apigw.AccessLog]{
		key[apigw.AccessLog]{
			name: "file", doc: "The file that lines are appended to, relative to the folder of the route file.", schema: nameSchema(),
			decode: func(d *decoder, log *apigw.AccessLog, f field) {
				if name, ok := d.name(f.value, f.name); ok {
					log.File = d.logFile(follow(f.value), name)
				}
			},
		}.spelled("path", "destinationArn", "destination"),
		key[apigw.AccessLog]{
			name: "format", doc: "CLF, JSON (the default), XML or CSV, or a line with $context variables in it, among them $context.requestId.", schema: nameSchema(),
			decode: func(d *decoder, log *apigw.AccessLog, f field) {
				text, ok := d.name(f.value, f.name)
				if !ok {
					return
				}
				log.Format = strings.TrimRight(text, "\r\n") // of a block
				log.Position = d.at(follow(f.value))
				d.checkLogFormat(follow(f.value), log.Format)
			},
		}.spelled("accessLogFormat", "template"),
	}
}

// checkLogFormat reports what is wrong with a format, where it is wrong. A single word is meant to be a name.
func (d *decoder) checkLogFormat(n *yaml.Node, format string) {
	names := slices.Sorted(maps.Keys(apigw.LogFormats()))
	switch {
	case slices.Contains(names, format):
	case !strings.ContainsAny(format, " $"):
		d.report(n, "format %q is none of %s, and has no $context variable%s", format, strings.Join(names, ", "), apigw.Suggest(format, names))
	default:
		d.checkTemplate(n, format, mapping.AccessLog)
	}
}

// logFile is the file of a log. Its folder must be there; the file is made when there is something to write.
func (d *decoder) logFile(n *yaml.Node, name string) string {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.file), path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		d.report(n, "file %q: its folder is not there; it is looked for beside the route file", name)
	} else if info, err := os.Stat(path); err == nil && info.IsDir() {
		d.report(n, "file %q is a folder", name)
	} else if filepath.Clean(path) == filepath.Clean(d.file) {
		d.report(n, "file %q is the route file itself", name)
	}
	return path
}

func (d *decoder) decodeAccessLog(api *apigw.API, f field) {
	before := d.failures
	log := apigw.AccessLog{Format: apigw.DefaultLogFormat, Position: d.at(follow(f.value))}
	object(d, f.value, f.name, accessLogKeys(), &log)
	if d.failures == before {
		api.AccessLog = &log
	}
}
