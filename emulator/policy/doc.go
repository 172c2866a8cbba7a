// Package policy decides by IAM policies as API Gateway does for execute-api,
// and says why.
//
// A Lambda authorizer answers with a policy document. [Parse] compiles it once,
// [Policy.Decide] evaluates it for each request:
//
//	p, err := policy.Parse(document)
//	if err != nil {
//		// a *SyntaxError; API Gateway answers 500, AuthorizerConfigurationException
//	}
//	verdict, statement := p.Decide(&policy.Request{Resource: methodARN, Context: context})
//
// Decide is for the hot path: it does not allocate and stops where the verdict
// is known. [Policy.Explain] comes to the same verdict, but accounts for each
// element of each statement: which pattern came nearest, at which byte it parts
// from the ARN, how every condition came out and by which [Rule].
// [Policy.Findings] lists what is accepted but can hardly be meant.
//
// # Statements
//
// A statement applies when its Action, its Resource and all of its Condition
// match. Any applying Deny makes an explicit deny, else any applying Allow
// allows, else the deny is implicit; the order of statements does not matter.
//
// # Resources
//
// In a Resource a star is any run of characters, slashes included, and a
// question mark is one character; nothing else is special, and case counts. In
// the first five fields of an ARN wildcards stay in their field, but a star
// that ends its field may run on past the colon, so arn:aws:execute-api:*
// covers every method ARN. An ARN's path is the one that was requested, so
// pets/{id} covers no request.
//
// # Conditions
//
// All of IAM's operators are there, with IfExists, ForAllValues and
// ForAnyValue. The keys are the request's [Context]; which ones exist is the
// caller's to say. A key that is absent makes an operator fail, a negated one
// hold.
//
// # Resource policies
//
// The policy of an API itself, where each statement has a Principal, is read
// with [ParseResourcePolicy]; [Combine] joins its verdict and an authorizer's.
//
// # Certainty
//
// Not all of what AWS does is documented. Rules cited as iam-policy C72 and the
// like are the project's own description of the language; each [Rule] of an
// explanation says whether AWS documents it, somebody observed it, or it is
// inferred.
//
// The package implements
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html.
package policy
