package apigw

import "strings"

// AccessLog is the stage's access log: a line for each request.
type AccessLog struct {
	File     string // where the lines are appended
	Format   string // the template of a line, or the name of one of AWS's: CLF, JSON, XML or CSV
	Position Position
}

// DefaultLogFormat is what lines look like unless the file says it.
const DefaultLogFormat = "JSON"

// LogFormats are the formats that AWS's console offers, by their names.
func LogFormats() map[string]string {
	return map[string]string{
		"CLF": `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] ` +
			`"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength ` +
			`$context.requestId $context.extendedRequestId`,
		"JSON": `{ "requestId":"$context.requestId", "extendedRequestId":"$context.extendedRequestId", "ip":"$context.identity.sourceIp", ` +
			`"caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", ` +
			`"httpMethod":"$context.httpMethod", "resourcePath":"$context.resourcePath", "status":"$context.status", ` +
			`"protocol":"$context.protocol", "responseLength":"$context.responseLength" }`,
		"XML": `<request id="$context.requestId"> <extendedRequestId>$context.extendedRequestId</extendedRequestId> ` +
			`<ip>$context.identity.sourceIp</ip> <caller>$context.identity.caller</caller> <user>$context.identity.user</user> ` +
			`<requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> ` +
			`<resourcePath>$context.resourcePath</resourcePath> <status>$context.status</status> ` +
			`<protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>`,
		"CSV": `$context.identity.sourceIp,$context.identity.caller,$context.identity.user,$context.requestTime,` +
			`$context.httpMethod,$context.resourcePath,$context.protocol,$context.status,$context.responseLength,` +
			`$context.requestId,$context.extendedRequestId`,
	}
}

// Template is the template of a line.
func (l *AccessLog) Template() string {
	if format, ok := LogFormats()[l.Format]; ok {
		return format
	}
	return l.Format
}

func (v *validator) checkAccessLog() {
	l := v.api.AccessLog
	if l == nil {
		return
	}
	template := l.Template()
	switch {
	case l.File == "":
		v.report(l.Position, "accessLog needs a file")
	case strings.ContainsAny(template, "\r\n"):
		v.report(l.Position, "accessLog: a format is one line; YAML's > folds several into one")
	case !strings.Contains(template, "$context.requestId") && !strings.Contains(template, "$context.extendedRequestId"):
		// rest-gateway 8.3.
		v.report(l.Position, "accessLog: a format must have $context.requestId or $context.extendedRequestId")
	}
}
