package handlers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-lambda-go/events"
)

// The store is in memory and anybody may write to it: it holds so many pets, of types so long in bytes.
const (
	maxPets    = 1000
	maxPetType = 64
)

type pet struct {
	ID    int     `json:"id"`
	Type  string  `json:"type"`
	Price float64 `json:"price"`
}

// pets is the backend of the PetStore API that the API Gateway console offers as its example:
//
//	GET /pets          every pet
//	GET /pets/{petId}  one pet, or 404
//	POST /pets         creates {"type": "dog", "price": 249.99}; 201, or 400, or 507 when the store is full
//
// Whether a request is about one pet is told by the path parameter petId. Any other method is answered with 405.
type pets struct {
	mu  sync.Mutex
	all []pet
}

func newPets() *pets {
	return &pets{all: []pet{{1, "dog", 249.99}, {2, "cat", 124.99}, {3, "fish", 0.99}}}
}

func (p *pets) serve(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	id, one := event.PathParameters["petId"]
	switch {
	case event.HTTPMethod == http.MethodGet && one:
		return p.get(id)
	case event.HTTPMethod == http.MethodGet:
		return p.list()
	case event.HTTPMethod == http.MethodPost && !one:
		return p.create(event)
	default:
		return reply(http.StatusMethodNotAllowed, message{"method not allowed"})
	}
}

type message struct {
	Message string `json:"message"`
}

func (p *pets) list() (events.APIGatewayProxyResponse, error) {
	p.mu.Lock()
	all := slices.Clone(p.all)
	p.mu.Unlock()
	return reply(http.StatusOK, all)
}

func (p *pets) get(id string) (events.APIGatewayProxyResponse, error) {
	n, err := strconv.Atoi(id)
	p.mu.Lock()
	known := err == nil && 1 <= n && n <= len(p.all)
	var found pet
	if known {
		found = p.all[n-1]
	}
	p.mu.Unlock()
	if !known {
		return reply(http.StatusNotFound, message{"pet not found"})
	}
	return reply(http.StatusOK, found)
}

func (p *pets) create(event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		if err != nil {
			return reply(http.StatusBadRequest, message{"body is not base64"})
		}
		body = decoded
	}
	var created pet
	if err := json.Unmarshal(body, &created); err != nil {
		return reply(http.StatusBadRequest, message{"body is not a pet in JSON"})
	}
	if created.Type == "" || len(created.Type) > maxPetType || created.Price < 0 {
		return reply(http.StatusBadRequest, message{"a pet has a type of up to 64 bytes and a price of at least 0"})
	}

	p.mu.Lock()
	full := len(p.all) >= maxPets
	if !full {
		created.ID = len(p.all) + 1
		p.all = append(p.all, created)
	}
	p.mu.Unlock()
	if full {
		return reply(http.StatusInsufficientStorage, message{"the store is full"})
	}
	return reply(http.StatusCreated, created)
}
