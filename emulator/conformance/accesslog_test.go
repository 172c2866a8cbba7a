package conformance_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewayd/emulator/emulatortest"
)

func TestAccessLog(t *testing.T) {
	t.Parallel()
	runCases(t, "accesslog")
}

// logged returns the newest line of the access log, access.log beside the route file, and how many lines there are. The ids of
// the response are replaced by their names.
func (r *runner) logged(got emulatortest.Response) (line string, count int) {
	r.Helper()
	if err := r.gateway.Close(r.Context()); err != nil { // which waits for the line
		r.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(r.file), "access.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	count = len(lines) - 1
	if count == 0 {
		return "", 0
	}
	ids := strings.NewReplacer(got.Trace.RequestID, "<requestId>", got.Header.Get("X-Amz-Apigw-Id"), "<extendedRequestId>")
	return ids.Replace(strings.TrimSuffix(lines[count-1], "\n")), count
}
