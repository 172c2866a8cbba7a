package trace_test

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden file of rendered traces")
	os.Exit(m.Run())
}
