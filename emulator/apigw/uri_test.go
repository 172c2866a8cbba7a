package apigw_test

import (
	"slices"
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

// What AWS deploys, and then answers 500 to every request, is a finding.
func TestMisconfiguredIntegrations(t *testing.T) {
	t.Parallel()
	api := apigw.API{
		StageVariables: map[string]string{"host": "example.com"},
		Routes: []apigw.Route{
			{Method: "GET", Path: "/ok", HTTP: &apigw.HTTPProxy{URI: "http://${stageVariables.host}/"}},
			{Method: "GET", Path: "/unset", HTTP: &apigw.HTTPProxy{URI: "http://${stageVariables.hots}/"}},
			{Method: "GET", Path: "/illegal", HTTP: &apigw.HTTPProxy{
				URI: "http://example.com/", Parameters: []apigw.MappedParameter{{To: apigw.HeaderParameter, Name: "content-length", From: "'1'"}},
			}},
		},
	}
	api.SetDefaults()
	if problems := api.Validate(nil); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	var got []string
	for _, finding := range api.Findings() {
		got = append(got, finding.Message)
	}
	want := []string{
		`route "GET /illegal": the header content-length cannot be mapped; AWS, and gatewayd, answer 500 to every request`,
		`route "GET /unset": the stage variable "hots" of the integration's URI is not set; AWS, and gatewayd, answer 500 to every request`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings: got %q, want %q", got, want)
	}
}
