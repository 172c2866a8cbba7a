package console_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatewayd/emulator/console"
)

func ask(t *testing.T, method, path string, headers http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.Header = headers
	w := httptest.NewRecorder()
	console.Handler().ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path   string
		status int
		kind   string
	}{
		{"/", http.StatusOK, "text/html; charset=utf-8"},
		{"/console/app.js", http.StatusOK, "text/javascript; charset=utf-8"},
		{"/console/console.css", http.StatusOK, "text/css; charset=utf-8"},
		{"/console/icon.svg", http.StatusOK, "image/svg+xml"},
		{"/console/", http.StatusNotFound, "text/plain; charset=utf-8"},
		{"/console/../console.go", http.StatusNotFound, "text/plain; charset=utf-8"},
	}
	for _, test := range tests {
		w := ask(t, http.MethodGet, test.path, nil)
		if w.Code != test.status || w.Header().Get("Content-Type") != test.kind {
			t.Errorf("%s: %d %s, want %d %s", test.path, w.Code, w.Header().Get("Content-Type"), test.status, test.kind)
		}
		if w.Code != http.StatusOK {
			continue
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: Content-Security-Policy %q", test.path, policy)
		}
		again := ask(t, http.MethodGet, test.path, http.Header{"If-None-Match": {w.Header().Get("ETag")}})
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s, which the browser has: %d with %d bytes", test.path, again.Code, again.Body.Len())
		}
	}
}

func ExampleHandler() {
	server := httptest.NewServer(console.Handler())
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status, response.Header.Get("Content-Type"))
	// Output: 200 OK text/html; charset=utf-8
}

// The page asks no other host for anything, and makes no markup of text: what would, a browser is told to refuse as well.
func TestFilesAreSafe(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|javascript:|` +
		`setAttribute\('style|<style|\bstyle=|\son[a-z]+="|//[a-z0-9.-]+\.[a-z]{2,}/`)
	namespace := regexp.MustCompile(`xmlns="http://www\.w3\.org/2000/svg"`)
	err := fs.WalkDir(os.DirFS("static"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join("static", name))
		if found := forbidden.FindAll(namespace.ReplaceAll(text, nil), -1); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
