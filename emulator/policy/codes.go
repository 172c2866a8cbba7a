package policy

// A Code names a kind of finding. Codes are stable.
type Code string

// The kinds of findings: what is accepted but can hardly be meant.
const (
	// The document.

	MissingVersion     Code = "missing-version"      // no Version, so no policy variables (iam-policy D1)
	DocumentTooLong    Code = "document-too-long"    // over 8192 characters (L3, L4)
	EmptyStatementList Code = "empty-statement-list" // allows nothing (V13)
	DuplicateSid       Code = "duplicate-sid"        // IAM refuses it (V18)
	SidCharacters      Code = "sid-characters"       // IAM allows letters and digits (G7)
	NullInList         Code = "null-in-list"         // matches nothing (V22)

	// Principal.

	PrincipalIgnored   Code = "principal-ignored"    // in an authorizer's policy (D11)
	PrincipalNamed     Code = "principal-named"      // somebody other than everyone: needs AWS_IAM (T4)
	PrincipalWildcard  Code = "principal-wildcard"   // part of a name as a wildcard (G8)
	NotPrincipalAllows Code = "not-principal-allows" // discouraged by AWS (G8)

	// Action and NotAction.

	EmptyActionList Code = "empty-action-list" // covers nothing (V12)
	ActionFormat    Code = "action-format"     // not service:name (V14)
	ActionUnknown   Code = "action-unknown"    // covers no action of execute-api (V15)
	ActionSpace     Code = "action-space"      // a space around the name (A6)

	// Resource and NotResource.

	EmptyResourceList   Code = "empty-resource-list"   // covers nothing (V11)
	ResourceNotARN      Code = "resource-not-arn"      // neither an ARN nor * (V16)
	ResourceShorthand   Code = "resource-shorthand"    // for resource policies only (R7)
	ShortARN            Code = "short-arn"             // fields missing, no star instead (D5)
	ARNTooLong          Code = "arn-too-long"          // over 512 characters (L2)
	ServiceWildcard     Code = "service-wildcard"      // IAM does not allow it (V23)
	ServiceOther        Code = "service-other"         // not execute-api
	StarBeforeMethod    Code = "star-before-method"    // the path can supply the rest (W5)
	StarAsMethod        Code = "star-as-method"        // the path can supply the rest (W5)
	MethodAny           Code = "method-any"            // ANY is not a wildcard (R4)
	MethodCase          Code = "method-case"           // methods are in capitals (W7)
	MethodWithoutPath   Code = "method-without-path"   // the root's ARN ends in a slash (R3)
	PathLeadingSlash    Code = "path-leading-slash"    // the path has none (R2)
	PathDoubleSlash     Code = "path-double-slash"     // matched as it stands (R2)
	PathTrailingSlash   Code = "path-trailing-slash"   // another path than without (R2)
	PathTemplate        Code = "path-template"         // {id}: the path is the requested one (R2)
	PathQuery           Code = "path-query"            // the ARN has no query string (R2)
	PathWithoutChildren Code = "path-without-children" // a Deny of pets but not of pets/* (W1)
	ChildrenWithoutPath Code = "children-without-path" // pets/* but not pets (W1)

	// Policy variables.

	VariableMalformed Code = "variable-malformed" // stays plain text (V20)
	VariableVersion   Code = "variable-version"   // needs Version 2012-10-17 (X7)
	VariablePlacement Code = "variable-placement" // where variables are plain text (X1, D2)

	// Condition.

	EmptyCondition       Code = "empty-condition"        // no condition at all (V4, C9)
	EmptyConditionValues Code = "empty-condition-values" // a list of no values (C8)
	DuplicateKey         Code = "duplicate-key"          // the same but for capitals (V19)
	KeyAbsent            Code = "key-absent"             // API Gateway does not set the key here (K1)
	KeyOperator          Code = "key-operator"           // an operator that the key is not for (9.1)
	ValueType            Code = "value-type"             // the wrong type; it never matches (V21)
	WildcardWithoutLike  Code = "wildcard-without-like"  // * in StringEquals is a star (C11)
	AddressPrivate       Code = "address-private"        // AWS sees public addresses only (C53)
	AddressPrefix        Code = "address-prefix"         // IPv6 without a prefix length (D10)
	AddressHostBits      Code = "address-host-bits"      // bits after the mask (C51)
	ForAllValuesAllows   Code = "for-all-values-allows"  // allows when the key is absent (C70)
	NullQualified        Code = "null-qualified"         // a set operator before Null (C73)
)
