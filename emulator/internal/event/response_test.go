package event_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/event"
)

func TestStatusCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		want  int // 0: malformed
	}{
		{value: `200`, want: 200},
		{value: `599`, want: 599},
		{value: `204.0`, want: 204},
		{value: `"404"`, want: 404},
		{value: `null`, want: 200},
		{value: `199`},
		{value: `100`},
		{value: `101`},
		{value: `0`},
		{value: `-200`},
		{value: `600`},
		{value: `1000`},
		{value: `200.5`},
		{value: `2e2`},
		{value: `99999999999999999999`},
		{value: `""`},
		{value: `" 200"`},
		{value: `"0x1f4"`},
		{value: `true`},
		{value: `{}`},
		{value: `[200]`},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			got, err := event.ParseResponse([]byte(`{"statusCode":`+tt.value+`}`), "", nil)
			if got.Status != tt.want || (err == nil) != (tt.want != 0) {
				t.Errorf("got %d, %v; want %d", got.Status, err, tt.want)
			}
		})
	}
}

func TestResponseHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		want         []event.Pair
	}{
		{name: "none", answer: `{"headers":{},"multiValueHeaders":{}}`},
		{name: "null maps", answer: `{"headers":null,"multiValueHeaders":null}`},
		{name: "null values are left out", answer: `{"headers":{"a":null,"b":"1"},"multiValueHeaders":{"c":null,"d":[]}}`, want: []event.Pair{{Name: "b", Value: "1"}}},
		{name: "numbers as written", answer: `{"headers":{"n":1.0,"e":1e3},"multiValueHeaders":{"m":[1,true]}}`, want: []event.Pair{{Name: "m", Value: "1"}, {Name: "m", Value: "true"}, {Name: "n", Value: "1.0"}, {Name: "e", Value: "1e3"}}},
		{
			name:   "cookies stay apart",
			answer: `{"headers":{"Set-Cookie":"c=3"},"multiValueHeaders":{"Set-Cookie":["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT","b=2"]}}`,
			want: []event.Pair{
				{Name: "Set-Cookie", Value: "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"}, {Name: "Set-Cookie", Value: "b=2"}, {Name: "Set-Cookie", Value: "c=3"},
			},
		},
		{name: "multi-value headers come first, wherever they stand", answer: `{"headers":{"a":"2"},"multiValueHeaders":{"b":["1"]}}`, want: []event.Pair{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}}},
		{name: "a value twice in its own list stays", answer: `{"multiValueHeaders":{"a":["1","1"]}}`, want: []event.Pair{{Name: "a", Value: "1"}, {Name: "a", Value: "1"}}},
		{name: "names in two spellings stay", answer: `{"headers":{"X-A":"1","x-a":"1"}}`, want: []event.Pair{{Name: "X-A", Value: "1"}, {Name: "x-a", Value: "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := event.ParseResponse([]byte(tt.answer), "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Headers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMalformedResponse(t *testing.T) {
	t.Parallel()
	tests := []struct{ answer, want string }{
		{answer: `{"StatusCode":200}`, want: `key "StatusCode" is none of statusCode, headers, multiValueHeaders, body and isBase64Encoded`},
		{answer: `{"statusCode":200,"base64Encoded":true}`, want: `key "base64Encoded" is none of statusCode, headers, multiValueHeaders, body and isBase64Encoded (SAM CLI takes it; AWS does not)`},
		{answer: `{"errorMessage":"boom","errorType":"Error"}`, want: `key "errorMessage" is none of statusCode, headers, multiValueHeaders, body and isBase64Encoded (an error object returned as an answer)`},
		{answer: `{"statusCode":"OK"}`, want: `statusCode "OK" is not a number`},
		{answer: `{"statusCode":700}`, want: `statusCode 700 is outside 200 to 599`},
		{answer: `{"headers":[]}`, want: `headers is a list, not an object`},
		{answer: `{"headers":{"a":["b"]}}`, want: `header "a" is a list, not text`},
		{answer: `{"multiValueHeaders":"a"}`, want: `multiValueHeaders is text, not an object`},
		{answer: `{"multiValueHeaders":{"a":{}}}`, want: `multiValueHeaders "a" is an object, not a list`},
		{answer: `{"multiValueHeaders":{"a":[null]}}`, want: `multiValueHeaders "a" holds null, not text`},
		{answer: `{"body":["a"]}`, want: `body is a list; it must be text, so encode it as JSON first`},
		{answer: `{"isBase64Encoded":"yes"}`, want: `isBase64Encoded "yes" is not a boolean`},
		{answer: `{"isBase64Encoded":1}`, want: `isBase64Encoded 1 is not a boolean`},
		{answer: `{"isBase64Encoded":{}}`, want: `isBase64Encoded {} is not a boolean`},
		{answer: `{"statusCode":200}{}`, want: `something follows the JSON object`},
	}
	for _, tt := range tests {
		t.Run(tt.answer, func(t *testing.T) {
			t.Parallel()
			if got, err := event.ParseResponse([]byte(tt.answer), "", nil); err == nil {
				t.Errorf("read as %+v", got)
			} else if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func FuzzParseResponse(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"c":["d",1]},"body":"x","isBase64Encoded":true}`), "image/png")
	f.Add([]byte(`{"statusCode":"201","body":"AAH/","isBase64Encoded":"true"}`), "image/png;q=0.8, text/html")
	f.Add([]byte(`{"statusCode":204.0,"body":12e3}`), "*/*")
	f.Add([]byte(`{"statusCode":-1}`), "")
	f.Add([]byte(`{"statusCode":"+201"}`), "")
	f.Add([]byte(`{"headers":{"Transfer-Encoding":"chunked","":"","a b":"\r\n"}}`), "")
	f.Add([]byte(`null`), "")
	f.Fuzz(func(t *testing.T, answer []byte, accept string) {
		got, err := event.ParseResponse(answer, accept, event.MediaTypes{"image/png", "application/*"})
		if err != nil {
			if err.Error() == "" || got.Status != 0 || got.Headers != nil || got.Body != nil {
				t.Errorf("error %q with the response %+v", err, got)
			}
			return
		}
		if got.Status < 200 || got.Status > 599 {
			t.Errorf("status %d cannot be sent", got.Status)
		}
		again, err := event.ParseResponse(answer, accept, nil)
		if err != nil || !cmp.Equal(again.Headers, got.Headers) {
			t.Errorf("without binary media types the answer has the headers %q, not %q (%v)", again.Headers, got.Headers, err)
		}
	})
}

func BenchmarkParseResponse(b *testing.B) {
	answer := []byte(`{"statusCode":200,"headers":{"Content-Type":"application/json","Cache-Control":"no-store"},"body":"{\"pets\":[{\"id\":1,\"name\":\"Rex\"}]}"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := event.ParseResponse(answer, "application/json", nil); err != nil {
			b.Fatal(err)
		}
	}
}
