// Package console is a page for a browser that shows what a gateway decides, and why. It is static files, and a client of the
// control API alone: it runs on the control listener's origin, and asks no other host for anything.
//
//	http.Handle("/", console.Handler())
package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// policy lets the page load its own files and talk to its own origin, and nothing else: no inline script or style, no markup
// from text (trusted types), no frame around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// file is a file of the page, as it is sent.
type file struct {
	kind, tag string
	content   []byte
}

// Handler answers GET / with the page and GET /console/… with its files. Browsers ask again each time, and are told when they
// have what there is.
func Handler() http.Handler {
	files := load(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path
		if name == "/" {
			name = "/index.html"
		}
		found, ok := files[name]
		if !ok {
			http.Error(w, "the console has no such file", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Content-Type", found.kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", found.tag)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Header.Get("If-None-Match") == found.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		// The client may be gone; there is nobody else to tell.
		_, _ = w.Write(found.content)
	})
}

// load reads the files by the paths of their URLs.
func load(tree fs.FS) map[string]file {
	files := map[string]file{}
	err := fs.WalkDir(tree, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		sum := sha256.Sum256(content)
		files[strings.TrimPrefix(name, "static")] = file{kind(name), `"` + hex.EncodeToString(sum[:8]) + `"`, content}
		return err
	})
	if err != nil {
		panic(err) // they are part of the program
	}
	return files
}

// kind is the media type by extension, whatever this machine's tables say.
func kind(name string) string {
	switch extension := path.Ext(name); extension {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return mime.TypeByExtension(extension)
	}
}
