package authorizer

import (
	"sync"

	"gatewayd/emulator/policy"
)

// maxPolicyText bounds the documents that are kept compiled, in bytes of their text.
const maxPolicyText = 4 << 20

// policies keeps compiled policies by the text of their documents: most callers get one of few, whose results then share it.
type policies struct {
	mu       sync.Mutex
	compiled map[string]*policy.Policy
	text     int // bytes
}

func (p *policies) parse(document []byte) (*policy.Policy, error) {
	if known := p.find(document); known != nil {
		return known, nil
	}
	compiled, err := policy.Parse(document)
	if err == nil {
		p.keep(document, compiled)
	}
	return compiled, err
}

func (p *policies) find(document []byte) *policy.Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.compiled[string(document)]
}

// keep makes room by beginning anew: what is in use will soon be there again.
func (p *policies) keep(document []byte, compiled *policy.Policy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text += len(document)
	if p.compiled == nil || p.text > maxPolicyText {
		p.compiled, p.text = map[string]*policy.Policy{}, len(document)
	}
	p.compiled[string(document)] = compiled
}
