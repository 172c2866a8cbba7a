package trace_test

import (
	"fmt"
	"os"
	"time"

	"gatewayd/emulator/trace"
)

func ExampleExecutionLog() {
	tr := trace.Trace{
		RequestID: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", Time: time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC),
		Status: 401, Code: trace.IdentityMissing, GatewayResponse: "UNAUTHORIZED",
		Steps: []trace.Step{{
			Name: "identity", Code: trace.IdentityMissing,
			Detail: trace.IdentityDetail{Authorizer: "jwt", Type: "REQUEST", Sources: []trace.IdentitySource{
				{Source: "method.request.header.X-Tenant", Value: "a longer tenant", Found: true}, {Source: "method.request.querystring.key"},
			}},
		}},
	}
	if err := trace.ExecutionLog(os.Stdout, tr); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Execution log for request c6af9ac6-7b61-11e6-9a41-93e8deadbeef
	// Fri Jan 01 12:00:00 UTC 2027 : Starting authorizer: jwt for request: c6af9ac6-7b61-11e6-9a41-93e8deadbeef
	// Fri Jan 01 12:00:00 UTC 2027 : Incoming identity: {method.request.header.X-Tenant=********tenant, method.request.querystring.key=}
	// Fri Jan 01 12:00:00 UTC 2027 : Unauthorized request: c6af9ac6-7b61-11e6-9a41-93e8deadbeef
	// Fri Jan 01 12:00:00 UTC 2027 : Gateway response type: UNAUTHORIZED with status code: 401
}
