package trace_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/trace"
)

// secret is what must not be readable in a trace.
const secret = "hunter2-hunter2-hunter2-tail99"

func TestMask(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, secret, want string }{
		{name: "nothing", secret: "", want: ""},
		{name: "a character", secret: "a", want: "********"},
		{name: "eleven", secret: "abcdefghijk", want: "********"},
		{name: "twelve", secret: "abcdefghijkl", want: "********ghijkl"},
		{name: "many", secret: strings.Repeat("a", 5000) + "ghijkl", want: "********ghijkl"},
		{name: "characters, not bytes", secret: "ääääääöööööö", want: "********öööööö"},
		{name: "few characters of many bytes", secret: "äääääöööööö", want: "********"},
		{name: "no UTF-8", secret: strings.Repeat("\xff", 12), want: "********" + strings.Repeat("\ufffd", 6)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := trace.Mask(tt.secret)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if again := trace.Mask(got); again != got {
				t.Errorf("masked again it is %q", again)
			}
		})
	}
}

func TestMaskedMembers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, event, want string }{
		{name: "a TOKEN event", event: `{"type":"TOKEN","authorizationToken":"Bearer 0123456789"}`, want: `{"authorizationToken":"********456789","type":"TOKEN"}`},
		{
			name:  "headers in any spelling",
			event: `{"headers":{"aUThorization":"Bearer 0123456789","Cookie":"session=0123456789","X-API-Key":"0123456789abcdef","Proxy-Authorization":"Basic 0123456789","Accept":"*/*"}}`,
			want:  `{"headers":{"Accept":"*/*","Cookie":"********456789","Proxy-Authorization":"********456789","X-API-Key":"********abcdef","aUThorization":"********456789"}}`,
		},
		{
			name:  "multi-value headers",
			event: `{"multiValueHeaders":{"Authorization":["Bearer 0123456789","short"],"Set-Cookie":["a=0123456789ab"],"Accept":["*/*"]}}`,
			want:  `{"multiValueHeaders":{"Accept":["*/*"],"Authorization":["********456789","********"],"Set-Cookie":["********6789ab"]}}`,
		},
		{
			name:  "query parameters",
			event: `{"queryStringParameters":{"token":"0123456789abcdef","page":"0123456789abcdef"},"multiValueQueryStringParameters":{"access_token":["0123456789abcdef"]}}`,
			want:  `{"multiValueQueryStringParameters":{"access_token":["********abcdef"]},"queryStringParameters":{"page":"0123456789abcdef","token":"********abcdef"}}`,
		},
		{
			name:  "the caller's key and the authorizer's context",
			event: `{"requestContext":{"identity":{"apiKey":"0123456789abcdef","sourceIp":"192.0.2.1"},"authorizer":{"jwt_token":"0123456789abcdef","principalId":"user"}},"usageIdentifierKey":"0123456789abcdef"}`,
			want:  `{"requestContext":{"authorizer":{"jwt_token":"********abcdef","principalId":"user"},"identity":{"apiKey":"********abcdef","sourceIp":"192.0.2.1"}},"usageIdentifierKey":"********abcdef"}`,
		},
		{name: "a secret of any type", event: `{"password":12345678901234,"token":{"a":1},"cookie":null,"apiKey":[1,"x"]}`, want: `{"apiKey":["********","********"],"cookie":null,"password":"********","token":"********"}`},
		{name: "one name in three spellings", event: `{"refresh_token":"0123456789abcdef","refreshToken":"0123456789abcdef","Refresh-Token":"0123456789abcdef"}`, want: `{"Refresh-Token":"********abcdef","refreshToken":"********abcdef","refresh_token":"********abcdef"}`},
		{
			name:  "names that say so in any way",
			event: `{"newPassword":"0123456789abcdef","db_passwd":"0123456789abcdef","clientSecret":"0123456789abcdef","X-Amz-Security-Token":"0123456789abcdef","X-Amz-Signature":"0123456789abcdef","AWS_ACCESS_KEY_ID":"0123456789abcdef"}`,
			want:  `{"AWS_ACCESS_KEY_ID":"********abcdef","X-Amz-Security-Token":"********abcdef","X-Amz-Signature":"********abcdef","clientSecret":"********abcdef","db_passwd":"********abcdef","newPassword":"********abcdef"}`,
		},
		{
			name:  "variables of the environment, as stage variables",
			event: `{"stageVariables":{"DATABASE_PASSWORD":"0123456789abcdef","table":"production-table"}}`,
			want:  `{"stageVariables":{"DATABASE_PASSWORD":"********abcdef","table":"production-table"}}`,
		},
		{name: "what tells of a secret, and not the secret", event: `{"apiKeyId":"0123456789abcdef","apiKeyRequired":true,"hasPassword":false,"tokenType":"0123456789abcdef"}`, want: `{"apiKeyId":"0123456789abcdef","apiKeyRequired":true,"hasPassword":false,"tokenType":"0123456789abcdef"}`},
		{
			name:  "a form in base64",
			event: `{"body":"` + base64.StdEncoding.EncodeToString([]byte("user=me&password=0123456789abcdef")) + `","isBase64Encoded":true}`,
			want:  `{"body":"` + base64.StdEncoding.EncodeToString([]byte("user=me&password=********abcdef")) + `","isBase64Encoded":true}`,
		},
		{name: "a form", event: `{"body":"user=me&password=0123456789abcdef&x=y"}`, want: `{"body":"user=me\u0026password=********abcdef\u0026x=y"}`},
		{name: "in a list", event: `[{"password":"0123456789abcdef"}]`, want: `[{"password":"********abcdef"}]`},
		{name: "a JSON body", event: `{"body":"{\"user\":\"a\",\"password\":\"0123456789abcdef\"}"}`, want: `{"body":"{\"password\":\"********abcdef\",\"user\":\"a\"}"}`},
		{name: "a JSON body that is a list", event: `{"body":"[{\"token\":\"0123456789abcdef\"}]"}`, want: `{"body":"[{\"token\":\"********abcdef\"}]"}`},
		{name: "a body that is text", event: `{"body":"password"}`, want: `{"body":"password"}`},
		{name: "a body that is quoted text", event: `{"body":"\"password\""}`, want: `{"body":"\"password\""}`},
		{name: "no body", event: `{"body":null,"isBase64Encoded":false}`, want: `{"body":null,"isBase64Encoded":false}`},
		{
			name:  "a JSON body in base64",
			event: `{"body":"` + base64.StdEncoding.EncodeToString([]byte(`{"password":"0123456789abcdef"}`)) + `","isBase64Encoded":true}`,
			want:  `{"body":"` + base64.StdEncoding.EncodeToString([]byte(`{"password":"********abcdef"}`)) + `","isBase64Encoded":true}`,
		},
		{name: "a picture in base64", event: `{"body":"iVBORw0KGgo=","isBase64Encoded":true}`, want: `{"body":"iVBORw0KGgo=","isBase64Encoded":true}`},
		{name: "what is no base64", event: `{"body":"%%%","isBase64Encoded":true}`, want: `{"body":"%%%","isBase64Encoded":true}`},
		{name: "numbers as they are", event: `{"n":12345678901234567890,"f":1.50}`, want: `{"f":1.50,"n":12345678901234567890}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for where, detail := range map[string]trace.Detail{
				"event":  trace.NewInvocationDetail("f", []byte(tt.event), nil, nil),
				"answer": trace.NewInvocationDetail("f", nil, []byte(tt.event), nil),
			} {
				want := `{"function":"f","` + where + `":` + tt.want + `}`
				if diff := cmp.Diff(want, detailOf(t, detail)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// Reading a trace must not change what it keeps: it is read more than once.
func TestMaskingLeavesTheBytes(t *testing.T) {
	t.Parallel()
	event := []byte(`{"password":"` + secret + `"}`)
	before := string(event)
	d := trace.NewInvocationDetail("f", event, nil, nil)
	if first, again := detailOf(t, d), detailOf(t, d); first != again {
		t.Errorf("read again it is %s, not %s", again, first)
	}
	if string(event) != before {
		t.Errorf("the event has become %s", event)
	}
}

// What is cut is masked before, wherever the secret stands: an excerpt is no JSON that could be masked when it is read.
func TestClipNeverLeaks(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(`{"a":"` + strings.Repeat("b", 100) + `","password":"` + secret + `"}`)
	if err != nil {
		t.Fatal(err)
	}
	members := []string{
		`"authorizationToken":"` + secret + `"`,
		`"headers":{"Authorization":"` + secret + `"}`,
		`"multiValueHeaders":{"cookie":["` + secret + `"]}`,
		`"body":` + string(body),
		`"body":"` + base64.StdEncoding.EncodeToString([]byte(`{"token":"`+secret+`"}`)) + `","isBase64Encoded":true`,
	}
	hidden := []string{secret[:24], base64.StdEncoding.EncodeToString([]byte(`{"token":"` + secret))[:30]}
	const limit = 64 << 10
	for _, member := range members {
		// The member stands before, across and behind the place of the cut.
		for _, padding := range []int{0, limit - 200, limit - 40, limit - 20, limit - 1, limit, limit + 1, 3 * limit} {
			event := fmt.Sprintf(`{"a":%q,%s,"z":%q}`, strings.Repeat("x", padding), member, strings.Repeat("y", limit))
			got := detailOf(t, trace.NewInvocationDetail("f", []byte(event), nil, nil))
			for _, text := range hidden {
				if strings.Contains(got, text) {
					t.Errorf("%.30s behind %d bytes: the trace has %q", member, padding, text)
				}
			}
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	tests := []struct {
		name, data string
		want       string // what the trace has, but for a note on the size
		note       bool
	}{
		{name: "as much as is kept", data: strings.Repeat("x", limit), want: strings.Repeat("x", limit)},
		{name: "one byte more", data: strings.Repeat("x", limit+1), want: strings.Repeat("x", limit), note: true},
		{name: "characters of two bytes", data: "x" + strings.Repeat("é", limit), want: "x" + strings.Repeat("é", (limit-1)/2), note: true},
		{name: "characters of three bytes", data: strings.Repeat("東", limit), want: strings.Repeat("東", limit/3), note: true},
		{name: "characters of four bytes", data: "xy" + strings.Repeat("😀", limit), want: "xy" + strings.Repeat("😀", (limit-2)/4), note: true},
		{name: "no text", data: strings.Repeat("\x80", 2*limit), want: strings.Repeat("\ufffd", limit-4), note: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got struct{ Event string }
			if err := json.Unmarshal([]byte(detailOf(t, trace.NewInvocationDetail("f", []byte(tt.data), nil, nil))), &got); err != nil {
				t.Fatal(err)
			}
			text, note, found := strings.Cut(got.Event, "… ")
			if text != tt.want {
				t.Errorf("%d bytes are left of %d, want %d", len(text), len(tt.data), len(tt.want))
			}
			if want := fmt.Sprintf("(%d bytes in all)", len(tt.data)); found != tt.note || found && note != want {
				t.Errorf("the note is %q, want %q: %t", note, want, tt.note)
			}
		})
	}
}

// A member with a secret's name never shows more of it than its end, whatever stands around it.
func FuzzMaskedEvent(f *testing.F) {
	f.Add([]byte(`{"headers":{}}`), "Authorization", 0)
	f.Add([]byte(`[1,{"body":"{}"}]`), "password", 70_000)
	f.Add([]byte(`"text"`), "set-cookie", 65_500)
	f.Add([]byte("null"), "JWT_Token", 65_536)
	f.Fuzz(func(t *testing.T, around []byte, name string, padding int) {
		switch strings.ToLower(name) {
		case "authorization", "password", "set-cookie", "jwt_token":
		default:
			name = "token"
		}
		if !json.Valid(around) || !utf8.Valid(around) || strings.Contains(string(around), "hunter2") {
			return
		}
		padding = max(0, min(padding, 100_000))
		event := fmt.Sprintf(`{"a":%s,"b":%q,%q:[{"x":%q},%q],"body":%q}`,
			around, strings.Repeat("b", padding), name, secret, secret, `{"c":{"`+name+`":"`+secret+`"}}`)
		got := detailOf(t, trace.NewInvocationDetail("f", []byte(event), []byte(event), nil))
		if strings.Contains(got, "hunter2") {
			t.Errorf("the trace has the secret: %s", got)
		}
	})
}

func BenchmarkNewInvocationDetail(b *testing.B) {
	event := []byte(`{"headers":{"Authorization":"Bearer ` + secret + `"},"body":"{}"}`)
	b.ReportAllocs()
	for b.Loop() {
		trace.NewInvocationDetail("f", event, event, nil)
	}
}
