package apigw_test

import (
	"strings"
	"testing"

	"gatewayd/emulator/apigw"
)

// FuzzParseURI: no text makes the parser panic, nothing of one is lost, and nothing is taken that could end a request line.
func FuzzParseURI(f *testing.F) {
	for _, seed := range []string{
		"http://a/{proxy}", "https://a:1/{a}?b={c}&d", "http://a?x", "http://[::1]:8080/", "http://a/%zz", "http://a@b/", "http://a/{", "http://a/\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		uri, err := apigw.ParseURI(text)
		if err != nil {
			return
		}
		if len(uri.Text) != len(uri.Names)+1 || uri.Host == "" || !strings.HasPrefix(uri.Text[0], "/") {
			t.Fatalf("%q became %+v", text, uri)
		}
		whole := uri.Text[0]
		for i, name := range uri.Names {
			whole += "{" + name + "}" + uri.Text[i+1]
		}
		if !strings.HasSuffix(text, strings.TrimPrefix(whole, "/")) || strings.ContainsAny(whole, " \r\n#") {
			t.Errorf("%q became %q", text, whole)
		}
	})
}
