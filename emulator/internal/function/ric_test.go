//go:build unix

package function_test

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

// The Python runtime answers and reports byte for byte what AWS's own does, where that is installed (PYTHONPATH counts).
func TestPythonAsAWS(t *testing.T) {
	t.Parallel()
	interpreter(t, "python3")
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import awslambdaric").Run(); err != nil {
		t.Skip("awslambdaric is not installed: pip install awslambdaric")
	}
	host, _ := hostOf(t, function.HostOptions{})
	for _, tt := range []struct{ handler, event string }{
		{"app.lambda_handler", `{"a":[1,2.50,null,true,"é\u2028"]}`},
		{"app.lambda_handler", `{"do":"numbers"}`},
		{"app.lambda_handler", `{"do":"bytes"}`},
		{"app.lambda_handler", `{"do":"raise"}`},
		{"app.lambda_handler", `{"do":"bare"}`},
		{"app.lambda_handler", `{"do":"unencodable"}`},
		{"app.lambda_handler", `{"do":"exit","n":4}`},
		{"app.lambda_handler", `{"do":"crash","n":0}`},
		{"shop.orders.lambda_handler", `{}`},
		{"src/mod.fn", `{}`},
		{"authorizer.lambda_handler", `{"headers":{}}`},
		{"authorizer.lambda_handler", `{"headers":{"Authorization":"Bearer x"},"methodArn":"a/b/c"}`},
		{"authorizer.lambda_handler", `null`},
		{"absent.lambda_handler", `{}`},
		{"imports.lambda_handler", `{}`},
		{"syntax_error.lambda_handler", `{}`},
		{"raises.lambda_handler", `{}`},
		{"app.nothing", `{}`},
		{"app", `{}`},
		{"sys.exit", `{}`},
	} {
		t.Run(tt.handler+" "+tt.event, func(t *testing.T) {
			ours := pythonSpec(t, tt.handler)
			theirs := ours
			theirs.Runtime, theirs.Command = "", []string{"python3", "-m", "awslambdaric", tt.handler}
			var got [2]string
			for i, spec := range []function.ProcessSpec{theirs, ours} {
				answer, raised := invoke(t, processOf(t, host, spec), tt.event)
				got[i] = string(answer)
				if raised != nil {
					got[i] = string(raised.Payload)
				}
			}
			if diff := cmp.Diff(got[0], got[1]); diff != "" {
				t.Errorf("(-awslambdaric +gatewayd):\n%s", diff)
			}
		})
	}
}
