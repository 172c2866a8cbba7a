package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ask sends a request to the control listener at a URL, its body as JSON if there is one, and decodes the answer.
func ask(ctx context.Context, url, method, path string, body, answer any) error {
	const most = 1 << 20
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(url, "/")+path, content)
	if err != nil {
		return err
	}
	// No proxy: a container's HTTP_PROXY does not know this machine's own addresses.
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(io.LimitReader(response.Body, most))
	if response.StatusCode != http.StatusOK {
		var refusal struct {
			Error string `json:"error"`
		}
		if decoder.Decode(&refusal) == nil && refusal.Error != "" {
			return fmt.Errorf("it answers %s: %s", response.Status, refusal.Error)
		}
		return fmt.Errorf("it answers %s", response.Status)
	}
	if err := decoder.Decode(answer); err != nil {
		return fmt.Errorf("its answer is not a gatewayd's: %w", err)
	}
	return nil
}

// health is the answer of GET /_gatewayd/health, as far as it is of use here.
type health struct {
	Status string `json:"status"`
	Routes int    `json:"routes"`
	API    string `json:"api"`
}

func askHealth(ctx context.Context, url string) (health, error) {
	var answer health
	if err := ask(ctx, url, http.MethodGet, "/_gatewayd/health", nil, &answer); err != nil {
		return health{}, err
	}
	if answer.Status != "ok" {
		return health{}, fmt.Errorf("its status is %q", answer.Status)
	}
	return answer, nil
}
