package emulator

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client finds out who a request comes from.
type client struct {
	fixed   string
	trusted []netip.Prefix // proxies that say for whom they ask
}

const forwardedFor = "X-Forwarded-For"

// seen returns the request as it would be had the client been asked itself: its address is the connection's, and
// X-Forwarded-For has what came before it. API Gateway then adds that address, as for any request.
func (c client) seen(r *http.Request) *http.Request {
	if c.fixed != "" {
		direct := *r
		direct.RemoteAddr = net.JoinHostPort(c.fixed, "0")
		return &direct
	}
	if len(c.trusted) == 0 || !c.trusts(remoteAddress(r)) {
		return r
	}
	hops := addresses(r.Header.Values(forwardedFor))
	// The nearest address that is no proxy of ours; what is further away anybody may have written.
	for i, hop := range slices.Backward(hops) {
		if _, err := netip.ParseAddr(hop); err != nil {
			return r
		}
		if i > 0 && c.trusts(hop) {
			continue
		}
		direct := *r
		direct.RemoteAddr = net.JoinHostPort(hop, "0")
		direct.Header = r.Header.Clone()
		direct.Header.Del(forwardedFor)
		if i > 0 {
			direct.Header.Set(forwardedFor, strings.Join(hops[:i], ", "))
		}
		return &direct
	}
	return r
}

func (c client) trusts(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(c.trusted, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

func addresses(lines []string) []string {
	var all []string
	for _, line := range lines {
		for hop := range strings.SplitSeq(line, ",") {
			if hop = strings.TrimSpace(hop); hop != "" {
				all = append(all, hop)
			}
		}
	}
	return all
}

// remoteAddress is the address of the client's end of the connection.
func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
