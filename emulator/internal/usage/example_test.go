package usage_test

import (
	"fmt"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/usage"
)

func Example() {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	api := &apigw.API{
		Routes:     []apigw.Route{{Method: "GET", Path: "/pets", APIKeyRequired: true}},
		APIKeys:    []apigw.APIKey{{ID: "partner", Value: "0123456789abcdefghij"}},
		UsagePlans: []apigw.UsagePlan{{Name: "gold", APIKeys: []apigw.KeyReference{{Key: "partner"}}, Quota: &apigw.Quota{Limit: 1, Period: apigw.Day}}},
	}
	api.SetDefaults()
	meter := usage.NewMeter(func() time.Time { return now })
	stage := meter.Stage(api)

	key := stage.Key("0123456789abcdefghij")
	fmt.Println(key.ID, key.Plan)
	for range 2 {
		a := stage.Method(0).Admit(key, true)
		fmt.Println(a.Verdict == usage.Admitted, a.Quota.Left, a.Quota.Resets)
	}
	// Output:
	// partner gold
	// true 0 2026-11-29 00:00:00 +0000 UTC
	// false 0 2026-11-29 00:00:00 +0000 UTC
}
