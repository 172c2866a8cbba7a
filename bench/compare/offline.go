package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"gatewayd/bench"
)

//go:embed offline
var service embed.FS

// offline are both modes of serverless-offline: each function in worker threads, which is what it does unless told, and all of
// them in its own.
func offline(installed, folder string) ([]program, error) {
	installed, err := filepath.Abs(installed)
	if err != nil {
		return nil, err
	}
	if err := os.CopyFS(folder, service); err != nil {
		return nil, err
	}
	folder = filepath.Join(folder, "offline")
	if err := os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		return nil, err
	}
	serverless := filepath.Join(folder, "node_modules", "serverless", "bin", "serverless.js")
	if _, err := os.Stat(serverless); err != nil {
		return nil, fmt.Errorf("%s has no serverless: %w", installed, err)
	}
	mode := func(name string, flags ...string) program {
		return program{
			name: name, folder: folder,
			command: func(port int) []string {
				return append([]string{
					"node", serverless, "offline", "start", "--httpPort", strconv.Itoa(port), "--lambdaPort", strconv.Itoa(port + 1),
				}, flags...)
			},
			env: []string{
				"SECRET_KEY=" + bench.Secret, "SLS_TELEMETRY_DISABLED=1", "SLS_NOTIFICATIONS_MODE=off", "SLS_DEPRECATION_DISABLE=*",
				"AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none",
			},
			targets: []target{{name + ", open", bench.OpenPath}, {name + authorized, bench.KeptPath}},
		}
	}
	return []program{
		mode("serverless-offline in process", "--useInProcess"),
		mode("serverless-offline"),
	}, nil
}
