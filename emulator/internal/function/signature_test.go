package function_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

type event struct {
	Name string `json:"name"`
}

type greeting struct {
	Text string `json:"text"`
}

type refusal struct{}

func (*refusal) Error() string { return "refused" }

// namedReader has JSON of its own, so aws-lambda-go answers with that instead of reading it.
type namedReader struct {
	io.Reader `json:"-"`
	Name      string
}

// unencodable has no JSON at all.
type unencodable struct {
	*strings.Reader
	Channel chan int
}

// TestOfAnswersAsLambdaStart compares every kind of function with what aws-lambda-go's own handler makes of it.
func TestOfAnswersAsLambdaStart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fn      any
		payload string
		want    string
		wantErr string
	}{
		{name: "nothing", fn: func() {}, payload: `{}`, want: `null`},
		{name: "nothing, no payload", fn: func() {}, want: `null`},
		{name: "error", fn: func() error { return errors.New("boom") }, payload: `{}`, wantErr: "boom"},
		{name: "nil error", fn: func() error { return nil }, payload: `{}`, want: `null`},
		{name: "error of another type", fn: func() *refusal { return &refusal{} }, payload: `{}`, wantErr: "refused"},
		{name: "typed nil error", fn: func() *refusal { return nil }, payload: `{}`, wantErr: "refused"},
		{name: "answer", fn: func() (greeting, error) { return greeting{"hi"}, nil }, payload: `{}`, want: `{"text":"hi"}`},
		{name: "answer and error", fn: func() (greeting, error) { return greeting{"hi"}, errors.New("boom") }, payload: `{}`, wantErr: "boom"},
		{name: "event", fn: func(event) {}, payload: `{"name":"a"}`, want: `null`},
		{name: "event, error", fn: func(e event) error { return errors.New(e.Name) }, payload: `{"name":"a"}`, wantErr: "a"},
		{name: "event, answer", fn: func(e event) (greeting, error) { return greeting{e.Name}, nil }, payload: `{"name":"a"}`, want: `{"text":"a"}`},
		{name: "any event", fn: func(e any) (any, error) { return e, nil }, payload: `{"b":[1,2.5,null]}`, want: `{"b":[1,2.5,null]}`},
		{name: "pointer event", fn: func(e *event) (*greeting, error) { return &greeting{e.Name}, nil }, payload: `{"name":"a"}`, want: `{"text":"a"}`},
		{name: "null for a pointer", fn: func(e *event) (bool, error) { return e == nil, nil }, payload: `null`, want: `true`},
		{name: "context", fn: func(context.Context) {}, payload: `{}`, want: `null`},
		{name: "context, error", fn: func(ctx context.Context) error { return ctx.Err() }, payload: `{}`, want: `null`},
		{name: "context, answer", fn: func(context.Context) (int, error) { return 1, nil }, payload: `{}`, want: `1`},
		{name: "context, event", fn: func(context.Context, event) {}, payload: `{}`, want: `null`},
		{name: "context, event, error", fn: func(_ context.Context, e event) error { return errors.New(e.Name) }, payload: `{"name":"a"}`, wantErr: "a"},
		{name: "context, event, answer", fn: hello, payload: `{"name":"a"}`, want: `{"text":"a"}`},
		{name: "named function type", fn: namedFunc(hello), payload: `{"name":"a"}`, want: `{"text":"a"}`},
		{name: "scalars", fn: func(n int) (string, error) { return strings.Repeat("x", n), nil }, payload: `3`, want: `"xxx"`},
		{name: "raw JSON in and out", fn: func(r json.RawMessage) (json.RawMessage, error) { return r, nil }, payload: `{"a" : 1}`, want: `{"a":1}`},
		{name: "bytes", fn: func(b []byte) ([]byte, error) { return b, nil }, payload: `"aGk="`, want: `"aGk="`},
		{name: "no HTML escapes", fn: func(s string) (string, error) { return s, nil }, payload: `"<&>"`, want: `"<&>"`},
		{name: "nil answer", fn: func() (*greeting, error) { return nil, nil }, payload: `{}`, want: `null`},
		{name: "trailing bytes", fn: func(n int) (int, error) { return n, nil }, payload: `1 rubbish`, want: `1`},
		{name: "empty payload", fn: func(event) {}, wantErr: "EOF"},
		{name: "short payload", fn: func(event) {}, payload: `{"name":`, wantErr: "unexpected EOF"},
		{name: "rubbish payload", fn: func(event) {}, payload: `<xml>`, wantErr: "invalid character '<' looking for beginning of value"},
		{
			name: "wrong type in payload", fn: func(event) {}, payload: `{"name":1}`,
			wantErr: "json: cannot unmarshal number into Go struct field event.name of type string",
		},
		{name: "unencodable answer", fn: func() (any, error) { return make(chan int), nil }, payload: `{}`, wantErr: "json: unsupported type: chan int"},
		{name: "reader", fn: func() (io.Reader, error) { return strings.NewReader("plain text"), nil }, payload: `{}`, want: "plain text"},
		{name: "buffer", fn: func() (*bytes.Buffer, error) { return bytes.NewBufferString(`{"a":1}`), nil }, payload: `{}`, want: `{"a":1}`},
		{name: "nil reader", fn: func() (io.Reader, error) { return nil, nil }, payload: `{}`, want: `null`},
		{
			name:    "reader with JSON of its own",
			fn:      func() (any, error) { return namedReader{strings.NewReader("unread"), "n"}, nil },
			payload: `{}`, want: `{"Name":"n"}`,
		},
		{
			name:    "reader that does not encode",
			fn:      func() (any, error) { return unencodable{strings.NewReader("read"), nil}, nil },
			payload: `{}`, want: "read",
		},
		{
			name:    "broken reader",
			fn:      func() (io.Reader, error) { return io.MultiReader(strings.NewReader("x"), brokenReader{}), nil },
			payload: `{}`, wantErr: "broken",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ours, err := function.Of(test.fn)
			if err != nil {
				t.Fatal(err)
			}
			for name, handler := range map[string]lambda.Handler{"Of": ours, "lambda.NewHandler": lambda.NewHandler(test.fn)} {
				got, err := handler.Invoke(t.Context(), []byte(test.payload))
				if gotErr := message(err); gotErr != test.wantErr {
					t.Errorf("%s: error %q, want %q", name, gotErr, test.wantErr)
				}
				if diff := cmp.Diff(test.want, string(got)); diff != "" {
					t.Errorf("%s: answer (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestOfRefusesOtherSignatures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fn   any
		want string
	}{
		{"nil", nil, "handler is nil"},
		{"nil function", (func())(nil), "handler is nil"},
		{"not a function", 1, "handler is of type int, not a function"},
		{"variadic", func(...string) {}, "handler func(...string) is variadic"},
		{"interface that is no context", func(io.Reader) {}, "handler func(io.Reader) takes an interface that is not context.Context"},
		{"two without a context", func(int, int) {}, "handler func(int, int) takes two arguments, but the first is not context.Context"},
		{"three arguments", func(context.Context, int, int) {}, "handler func(context.Context, int, int) takes more than two arguments"},
		{"one result, no error", func() int { return 0 }, "handler func() int returns a last value that is not an error"},
		{"two results, no error", func() (error, int) { return nil, 0 }, "handler func() (error, int) returns a last value that is not an error"}, //nolint:staticcheck // that is the point
		{"three results", func() (int, int, error) { return 0, 0, nil }, "handler func() (int, int, error) returns more than two values"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := function.Of(test.fn)
			if diff := cmp.Diff(test.want, message(err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfHandlerIsTheHandler(t *testing.T) {
	t.Parallel()
	want := lambda.NewHandler(hello)
	got, err := function.Of(want)
	if err != nil || got != want {
		t.Errorf("Of(handler) = %v, %v", got, err)
	}
}

func TestFuncAnswersAsOf(t *testing.T) {
	t.Parallel()
	of, err := function.Of(hello)
	if err != nil {
		t.Fatal(err)
	}
	typed := function.Func(hello)
	for _, payload := range []string{`{"name":"a"}`, `null`, ``, `{"name":1}`, `{"name":"fail"}`, `{"name":"<&>"} x`} {
		want, wantErr := of.Invoke(t.Context(), []byte(payload))
		got, gotErr := typed.Invoke(t.Context(), []byte(payload))
		if string(got) != string(want) || message(gotErr) != message(wantErr) {
			t.Errorf("%s: Func = %s, %v; Of = %s, %v", payload, got, gotErr, want, wantErr)
		}
	}
}

func TestReaderIsClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(path, []byte(`{"from":"file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var file *os.File
	handler := function.Func(func(context.Context, any) (_ io.Reader, err error) {
		file, err = os.Open(path)
		return file, err
	})
	got, err := handler.Invoke(t.Context(), []byte(`{}`))
	if err != nil || string(got) != `{"from":"file"}` {
		t.Fatalf("answer %s, %v", got, err)
	}
	if err := file.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closing again: %v, want os.ErrClosed", err)
	}
}

type namedFunc func(context.Context, event) (greeting, error)

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func hello(_ context.Context, e event) (greeting, error) {
	if e.Name == "fail" {
		return greeting{}, errors.New("failed")
	}
	return greeting{Text: e.Name}, nil
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
