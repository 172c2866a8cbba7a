package authpolicy_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"gatewayd/handlers/authpolicy"
)

func Example() {
	policy, err := authpolicy.ForMethod("user|a1b2c3d4", "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets")
	if err != nil {
		fmt.Println(err)
		return
	}
	policy.AllowMethod(http.MethodGet, "/pets/*")
	policy.DenyMethod(http.MethodGet, "/pets/internal")
	policy.Context = map[string]any{"tenant": "acme"}
	response, err := policy.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := json.MarshalIndent(response, "", "  ")
	fmt.Println(string(text))
	// Output:
	// {
	//   "principalId": "user|a1b2c3d4",
	//   "policyDocument": {
	//     "Version": "2012-10-17",
	//     "Statement": [
	//       {
	//         "Action": "execute-api:Invoke",
	//         "Effect": "Allow",
	//         "Resource": [
	//           "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets/*"
	//         ]
	//       },
	//       {
	//         "Action": "execute-api:Invoke",
	//         "Effect": "Deny",
	//         "Resource": [
	//           "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets/internal"
	//         ]
	//       }
	//     ]
	//   },
	//   "context": {
	//     "tenant": "acme"
	//   }
	// }
}

func ExampleNew() {
	policy := authpolicy.New("user|a1b2c3d4", "123456789012")
	policy.AllowAllMethods()
	response, _ := policy.Build()
	fmt.Println(response.PolicyDocument.Statement[0].Resource)
	// Output: [arn:aws:execute-api:*:123456789012:*/*/*/*]
}

func ExampleAuthPolicy_AllowMethodWithConditions() {
	policy := authpolicy.New("user|a1b2c3d4", "123456789012")
	policy.AllowMethodWithConditions(http.MethodPost, "/pets", authpolicy.Conditions{
		"IpAddress": {"aws:SourceIp": {"192.0.2.0/24"}},
	})
	response, _ := policy.Build()
	text, _ := json.Marshal(response.PolicyDocument.Statement[0].Condition)
	fmt.Println(string(text))
	// Output: {"IpAddress":{"aws:SourceIp":["192.0.2.0/24"]}}
}

func ExampleAuthPolicy_Build() {
	policy := authpolicy.New("user|a1b2c3d4", "123456789012")
	policy.AllowMethod("get", "/pets")
	policy.DenyMethod(http.MethodDelete, "/pets/{petId}")
	_, err := policy.Build()
	fmt.Println(err)
	// Output:
	// verb "get": verb is not an HTTP method of API Gateway
	// path "/pets/{petId}": resource path may hold only letters, digits and / . - *
}
