package accounts_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/handlers/accounts"
)

// A program deploys one of the functions: lambda.Start(functions.LogIn).
func Example() {
	directory, err := os.MkdirTemp("", "accounts")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(directory) }()
	environment := map[string]string{
		"DATABASE_URL": "file:" + filepath.Join(directory, "users.db"),
		"SECRET_KEY":   "hello-world",
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	functions := accounts.New(ctx, func(name string) string { return environment[name] }, time.Now)

	created, _ := functions.CreateUser(ctx, events.APIGatewayProxyRequest{
		Body: `{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.com","password":"correct horse"}`,
	})
	fmt.Println(created.StatusCode, created.Body)
	refused, _ := functions.LogIn(ctx, events.APIGatewayProxyRequest{
		Body: `{"email":"ada@example.com","password":"wrong horse"}`,
	})
	fmt.Println(refused.StatusCode, refused.Body)
	incomplete, _ := functions.LogIn(ctx, events.APIGatewayProxyRequest{Body: `{"email":"ada"}`})
	fmt.Println(incomplete.StatusCode, incomplete.Body)
	users, _ := functions.ListUsers(ctx, events.APIGatewayProxyRequest{})
	fmt.Println(users.StatusCode, users.Body)
	// Output:
	// 201 {"message":"Registered Successfully","data":{}}
	// 400 {"message":{"_schema":["The password is invalid."]}}
	// 400 {"message":"Error !","data":{"email":["Not a valid email address."],"password":["Missing data for required field."]}}
	// 200 {"message":"Success","data":[{"id":"1","first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"}]}
}
