package event

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// ClientCert is a client's certificate as events and context variables have it (rest-gateway 12).
type ClientCert struct {
	PEM                 string
	SubjectDN, IssuerDN string
	SerialNumber        string
	NotBefore, NotAfter string
}

// NewClientCert tells of a certificate.
func NewClientCert(c *x509.Certificate) *ClientCert {
	const layout = "Jan _2 15:04:05 2006 GMT"
	when := func(t time.Time) string { return t.UTC().Format(layout) }
	return &ClientCert{
		PEM:       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		SubjectDN: distinguishedName(c.RawSubject), IssuerDN: distinguishedName(c.RawIssuer),
		SerialNumber: serialNumber(c.SerialNumber.Bytes()),
		NotBefore:    when(c.NotBefore), NotAfter: when(c.NotAfter),
	}
}

// serialNumber is in hexadecimal, byte by byte; a number of one byte has no zero in front, as in AWS's examples.
func serialNumber(number []byte) string {
	if len(number) <= 1 {
		var value uint64
		for _, b := range number {
			value = uint64(b)
		}
		return strconv.FormatUint(value, 16)
	}
	parts := make([]string, len(number))
	for i, b := range number {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, ":")
}

// distinguishedName writes a name in the order of the certificate, C=US,…,CN=name: the other way around from RFC 4514, and from
// crypto/x509.
func distinguishedName(raw []byte) string {
	var sequence pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &sequence); err != nil {
		return "" // crypto/x509 has read it
	}
	names := make([]string, len(sequence))
	for i, set := range sequence {
		names[i] = pkix.RDNSequence{set}.String()
	}
	return strings.Join(names, ",")
}

// variable is a context variable of the certificate; there is none without one.
func (c *ClientCert) variable(name string) (string, bool) {
	if c == nil {
		return "", false
	}
	switch name {
	case "clientCertPem":
		return c.PEM, true
	case "subjectDN":
		return c.SubjectDN, true
	case "issuerDN":
		return c.IssuerDN, true
	case "serialNumber":
		return c.SerialNumber, true
	case "validity.notBefore":
		return c.NotBefore, true
	case "validity.notAfter":
		return c.NotAfter, true
	}
	return "", false
}

// certStruct is what a Go function decodes it into.
func (c *ClientCert) certStruct() *events.APIGatewayCustomAuthorizerRequestTypeRequestIdentityClientCert {
	if c == nil {
		return nil
	}
	return &events.APIGatewayCustomAuthorizerRequestTypeRequestIdentityClientCert{
		ClientCertPem: c.PEM, SubjectDN: c.SubjectDN, IssuerDN: c.IssuerDN, SerialNumber: c.SerialNumber,
		Validity: events.APIGatewayCustomAuthorizerRequestTypeRequestIdentityClientCertValidity{NotBefore: c.NotBefore, NotAfter: c.NotAfter},
	}
}
