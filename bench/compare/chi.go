package main

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"gatewayd/bench"
)

// chiCommand makes this program the chi server of the comparison.
const chiCommand = "serve-chi"

func serveChi(address string) error {
	server := &http.Server{Addr: address, Handler: bench.Chi(), ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
