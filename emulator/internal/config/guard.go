package config

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const maxDepth = 100

// guard makes the tree safe to decode, whatever is in it: it cuts what is nested too deep and aliases inside of what they
// stand for, and reports tags that nothing here resolves. An alias can refer only to what was begun before it, so a cycle
// always has an alias to one of its own ancestors.
func (d *decoder) guard(root *yaml.Node) {
	d.guardNode(root, make([]*yaml.Node, 0, maxDepth))
}

func (d *decoder) guardNode(n *yaml.Node, ancestors []*yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		if slices.Contains(ancestors, n.Alias) {
			d.report(n, "anchor %q contains itself", n.Value)
			cut(n)
		}
		return
	case n.Style&yaml.TaggedStyle != 0 && !plainTag(n.Tag):
		d.report(n, "tag %s means nothing in a route file%s", n.Tag, tagHint(n.Tag))
		cut(n)
		return
	case len(n.Content) > 0 && len(ancestors) == maxDepth:
		d.report(n, "nested over %d deep", maxDepth)
		cut(n)
		return
	}
	if len(n.Content) == 0 {
		return
	}
	ancestors = append(ancestors, n)
	for _, child := range n.Content {
		d.guardNode(child, ancestors)
	}
}

// cut replaces a node by one that was reported.
func cut(n *yaml.Node) {
	n.Kind, n.Tag, n.Alias, n.Content = yaml.ScalarNode, reported, nil, nil
}

func plainTag(tag string) bool {
	return slices.Contains([]string{"!!bool", "!!float", "!!int", "!!map", nullTag, "!!seq", "!!str"}, tag)
}

func tagHint(tag string) string {
	if strings.HasPrefix(tag, "!!") {
		return ""
	}
	return "; CloudFormation's functions are resolved by CloudFormation only"
}
