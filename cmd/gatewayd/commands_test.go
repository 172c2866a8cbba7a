package main

import (
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{name: "not from a module", info: debug.BuildInfo{GoVersion: "go1.26.0"}, want: "gatewayd (devel) go1.26.0"},
		{
			name: "installed", info: debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v0.3.0"}},
			want: "gatewayd v0.3.0 go1.26.0",
		},
		{
			name: "built from changed files",
			info: debug.BuildInfo{
				GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"},
				Settings: []debug.BuildSetting{
					{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"},
					{Key: "vcs.modified", Value: "true"},
				},
			},
			want: "gatewayd (devel) 0123456789ab (modified) go1.26.0",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := version(&test.info); got != test.want {
				t.Errorf("version %q, want %q", got, test.want)
			}
		})
	}
}

// Whatever listens there, only a gatewayd that is well is healthy.
func TestHealthOfAStranger(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer string
		want   string
	}{
		{name: "not JSON", answer: "<html>", want: "its answer is not a gatewayd's"},
		{name: "another status", answer: `{"status":"down"}`, want: `its status is "down"`},
		{name: "no status", answer: `{}`, want: `its status is ""`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(test.answer))
			}))
			defer stranger.Close()
			_, err := askHealth(t.Context(), stranger.URL)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}
