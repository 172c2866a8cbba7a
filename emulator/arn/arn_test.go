package arn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/arn"
)

func TestParse(t *testing.T) {
	t.Parallel()
	of := func(stage, method, path, routeKey string) arn.ARN {
		return arn.ARN{
			Partition: "aws", Region: "us-east-1", AccountID: "123456789012", APIID: "a1b2c3d4e5",
			Stage: stage, Method: method, Path: path, RouteKey: routeKey,
		}
	}
	const api = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5"
	tests := []struct {
		name, text string
		want       arn.ARN
	}{
		{"an API", api, of("", "", "", "")},
		{"a stage", api + "/dev", of("dev", "", "", "")},
		{"a method", api + "/dev/GET/pets/7", of("dev", "GET", "pets/7", "")},
		{"the root", api + "/dev/GET/", of("dev", "GET", "", "")},
		{"colons and slashes in the path", api + "/dev/GET/a:b//c/", of("dev", "GET", "a:b//c/", "")},
		{"an HTTP API's default stage", api + "/$default/GET/pets", of("$default", "GET", "pets", "")},
		{"a WebSocket route", api + "/dev/$connect", of("dev", "", "", "$connect")},
		{"a WebSocket connection", api + "/dev/POST/@connections/x=", of("dev", "POST", "@connections/x=", "")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := arn.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.text, got.String()); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
			if got.API().String() != api {
				t.Errorf("its API is %s", got.API())
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              `"" has 1 fields, not six`,
		"arn:aws:execute-api:us-east-1": "has 4 fields, not six",
		"urn:aws:execute-api:us-east-1:123456789012:a":       "is not arn",
		"arn:aws:s3:::bucket":                                `names the service "s3"`,
		"arn:aws:execute-api:us-east-1:123456789012:":        "has no API id",
		"arn:aws:execute-api:us-east-1:123456789012:/dev":    "has no API id",
		"arn:aws:execute-api:us-east-1:123456789012:a/":      "has no stage",
		"arn:aws:execute-api:us-east-1:123456789012:a//GET/": "has no stage",
		"arn:aws:execute-api:us-east-1:123456789012:a/dev/":  "has no method",
		"arn:aws:execute-api:us-east-1:123456789012:a/dev//": "has no method",
	} {
		_, err := arn.Parse(text)
		if !errors.Is(err, arn.ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]string{"123456789012": "********9012", "12345": "*2345", "1234": "1234", "": ""} {
		a := arn.ARN{Partition: "aws", Region: "r", AccountID: account, APIID: "a", Stage: "s", Method: "GET"}
		if got := a.Masked(); got != "arn:aws:execute-api:r:"+want+":a/s/GET/" {
			t.Errorf("%q: got %s", account, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets:7/")
	f.Add("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$default")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := arn.Parse(text)
		if err == nil && a.String() != text {
			t.Errorf("%q printed as %q", text, a)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	a := arn.ARN{Partition: "aws", Region: "us-east-1", AccountID: "123456789012", APIID: "a1b2c3d4e5", Stage: "dev", Method: "GET", Path: "pets/7"}
	buffer := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		buffer = a.Append(buffer[:0])
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := arn.Parse("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/7"); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleParse() {
	a, err := arn.Parse("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/7")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.APIID, a.Stage, a.Method, a.Path)
	fmt.Println(a.Masked())
	// Output:
	// a1b2c3d4e5 dev GET pets/7
	// arn:aws:execute-api:us-east-1:********9012:a1b2c3d4e5/dev/GET/pets/7
}

func ExampleARN_String() {
	a := arn.ARN{
		Partition: "aws", Region: "us-east-1", AccountID: "123456789012", APIID: "a1b2c3d4e5",
		Stage: "dev", Method: "GET",
	}
	fmt.Println(a)
	a.Method, a.RouteKey = "", "$connect"
	fmt.Println(a)
	// Output:
	// arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/
	// arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$connect
}
