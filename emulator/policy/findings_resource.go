package policy

import (
	"strings"
	"unicode/utf8"
)

// longestARN is how many characters an ARN of an authorizer's policy may have
// (iam-policy L2).
const longestARN = 512

func (l *linter) resources(at path, s *statement) {
	if len(s.resources.entries) == 0 {
		l.add(EmptyResourceList, at, "%s", s.resources.covers())
	}
	l.each(at, &s.resources, func(at path, p *pattern) {
		switch text := p.text; {
		case p.strategy == matchNever && strings.HasPrefix(text, shorthand):
			l.add(ResourceShorthand, at, "%q is completed in resource policies only; in an authorizer's policy it covers nothing", text)
		case p.strategy == matchNever && strings.HasPrefix(text, "arn:"):
			l.add(ShortARN, at, "%q has fewer than six fields and does not end in a star, so it covers nothing", text)
		case p.strategy == matchNever:
			l.add(ResourceNotARN, at, "%q is neither an ARN nor *, so it covers nothing", text)
		case !stars(text):
			l.arn(at, p)
			l.resourcePath(at, s, p)
		}
	})
}

// arn looks at what comes before the resource part.
func (l *linter) arn(at path, p *pattern) {
	text := p.text
	if n := utf8.RuneCountInString(text); n > longestARN {
		l.add(ARNTooLong, at, "the ARN has %d characters; API Gateway allows %d", n, longestARN)
	}
	if fields := strings.SplitN(text, ":", 4); len(fields) > 2 {
		switch service := fields[2]; {
		case strings.ContainsAny(service, "*?"):
			l.add(ServiceWildcard, at, "the service field %q has a wildcard, which IAM does not allow", service)
		case service != "execute-api":
			l.add(ServiceOther, at, "the service is %q, but method ARNs are of execute-api", service)
		}
	}
	l.variables(at, p)
	if part := resourcePart(text); l.policy.variables() && strings.Contains(text[:part], "${") {
		l.placement(at, "the first five fields of an ARN")
	}
}

// variables looks at the variables of a Resource or of a condition's value.
func (l *linter) variables(at path, p *pattern) {
	switch {
	case !strings.Contains(p.text, "${"):
	case !l.policy.variables():
		l.add(VariableVersion, at, "policy variables need Version %q; here ${ is plain text", version2012)
	case p.fault != "":
		l.add(VariableMalformed, at, "a variable in %q is plain text: %s", p.text, string(p.fault))
	}
}

// variables reports whether the version of the policy has variables.
func (p *Policy) variables() bool {
	return p.version != nil && *p.version == version2012
}

// resourcePath looks at API_ID/STAGE/METHOD/PATH.
func (l *linter) resourcePath(at path, s *statement, p *pattern) {
	part := p.text[resourcePart(p.text):]
	segments := strings.SplitN(part, "/", 4)
	if len(segments) < 3 {
		return
	}
	rest := strings.Join(segments[2:], "/")
	if strings.Contains(segments[0]+segments[1], "*") && strings.Trim(rest, "*/") != "" {
		l.add(StarBeforeMethod, at,
			"a star takes slashes, too: one before the method lets a request's path supply %q, whatever its method", rest)
	}
	method := segments[2]
	if len(segments) == 3 {
		if isVerb(method) {
			l.add(MethodWithoutPath, at, "no path follows %s; the root is %q, everything %q", method, method+"/", method+"/*")
		}
		return
	}
	requested := segments[3]
	switch {
	case strings.Contains(method, "*") && strings.Trim(requested, "*/") != "":
		l.add(StarAsMethod, at,
			"a star takes slashes, too: one as the method lets a longer path that ends in %q through", requested)
	case method == "ANY":
		l.add(MethodAny, at, "ANY is not a wildcard: the ARN has the request's own method; write *")
	case method != strings.ToUpper(method) && isVerb(strings.ToUpper(method)):
		l.add(MethodCase, at, "methods are in capitals and case counts: write %s", strings.ToUpper(method))
	}
	l.requestedPath(at, requested)
	l.children(at, s, p, requested)
}

func isVerb(method string) bool {
	switch method {
	case "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return true
	}
	return false
}

// requestedPath looks at the path: as requested, without the leading slash and
// without the query string.
func (l *linter) requestedPath(at path, requested string) {
	switch {
	case strings.HasPrefix(requested, "/"):
		l.add(PathLeadingSlash, at, "the path comes without its leading slash: write %q", strings.TrimLeft(requested, "/"))
	case strings.Contains(requested, "//"):
		l.add(PathDoubleSlash, at, "the path %q has an empty segment; only a request with one, too, is covered", requested)
	}
	if trimmed := strings.TrimRight(requested, "/"); trimmed != "" && trimmed != requested {
		l.add(PathTrailingSlash, at, "%q does not cover %q", requested, trimmed)
	}
	if name, found := template(requested); found {
		l.add(PathTemplate, at, "the path is the requested one, with parameters filled in: %q only covers itself; write *", name)
	}
	if _, query, found := strings.Cut(requested, "?"); found && strings.Contains(query, "=") {
		l.add(PathQuery, at, "the ARN has no query string, and ? is any one character")
	}
}

// template finds {id}, which is not the variable ${id}.
func template(requested string) (string, bool) {
	for rest := requested; ; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			return "", false
		}
		end := strings.IndexByte(rest[open:], '}')
		if end < 0 {
			return "", false
		}
		if open == 0 || rest[open-1] != '$' {
			return rest[open : open+end+1], true
		}
		rest = rest[open+end+1:]
	}
}

// children looks for pets/* where pets is not covered, and for a Deny of pets
// that leaves out pets/*. An Allow of one exact path is the ordinary answer,
// and so is a Deny where nothing allows what is below anyway; a resource policy
// leaves that to the authorizer's.
func (l *linter) children(at path, s *statement, p *pattern, requested string) {
	if s.resources.not {
		return
	}
	base, starred := strings.CutSuffix(requested, "/*")
	switch last := base[strings.LastIndexByte(base, '/')+1:]; {
	case last == "" || strings.ContainsAny(last, "*?$"):
	case starred && !l.covered(s.effect, strings.TrimSuffix(p.text, "/*")):
		l.add(ChildrenWithoutPath, at, "%q does not cover %q", requested, base)
	case !starred && s.effect == EffectDeny && p.strategy == matchExact && !l.covered(EffectDeny, p.text+"/") &&
		(l.policy.resource || l.covered(EffectAllow, p.text+"/")):
		l.add(PathWithoutChildren, at, "%q denies neither %q nor what is below", requested, requested+"/")
	}
}

// covered reports whether a statement of the effect is about the resource.
func (l *linter) covered(effect Effect, resource string) bool {
	for i := range l.policy.statements {
		if s := &l.policy.statements[i]; s.effect == effect && s.resources.applies(resource, nil) {
			return true
		}
	}
	return false
}
