package routing

import (
	"cmp"
	"hash/maphash"
)

// ordered is a sorted set: members by score, then by name. Changes and counting
// take steps in the log of its size.
type ordered struct {
	root   *node
	scores map[string]float64
	seed   maphash.Seed
}

// A node of a search tree by (score, member) that is a heap by weight, which is
// as good as random: the tree is as deep as the log of its size.
type node struct {
	score       float64
	member      string
	weight      uint64
	size        int // of the tree that begins here
	left, right *node
}

func newOrdered() *ordered { return &ordered{scores: map[string]float64{}, seed: maphash.MakeSeed()} }

func (o *ordered) len() int { return len(o.scores) }

// set adds a member or gives it another score.
func (o *ordered) set(score float64, member string) {
	if had, known := o.scores[member]; known {
		if had == score {
			return
		}
		o.root = o.root.without(had, member)
	}
	o.scores[member] = score
	o.root = o.root.with(&node{score: score, member: member, weight: maphash.String(o.seed, member), size: 1})
}

func (o *ordered) remove(member string) {
	if score, known := o.scores[member]; known {
		delete(o.scores, member)
		o.root = o.root.without(score, member)
	}
}

// level says whether all scores are equal.
func (o *ordered) level() bool {
	if o.root == nil {
		return true
	}
	first, last := o.root, o.root
	for first.left != nil {
		first = first.left
	}
	for last.right != nil {
		last = last.right
	}
	return first.score == last.score
}

// before counts the members that lie before a bound; below tells of each
// whether it does, and of those in order first says yes, then no.
func (o *ordered) before(below func(score float64, member string) bool) int {
	count := 0
	for n := o.root; n != nil; {
		if below(n.score, n.member) {
			count += n.left.len() + 1
			n = n.right
		} else {
			n = n.left
		}
	}
	return count
}

// each calls f for the members from one rank on up to another, that excluded.
func (o *ordered) each(from, to int, f func(score float64, member string)) { o.root.each(from, to, f) }

func (n *node) len() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *node) compare(score float64, member string) int {
	return cmp.Or(cmp.Compare(score, n.score), cmp.Compare(member, n.member))
}

func (n *node) resized() *node {
	n.size = n.left.len() + n.right.len() + 1
	return n
}

func (n *node) with(leaf *node) *node {
	if n == nil {
		return leaf
	}
	if n.compare(leaf.score, leaf.member) < 0 {
		n.left = n.left.with(leaf)
		if n.left.weight > n.weight {
			up := n.left
			n.left, up.right = up.right, n
			n.resized()
			return up.resized()
		}
		return n.resized()
	}
	n.right = n.right.with(leaf)
	if n.right.weight > n.weight {
		up := n.right
		n.right, up.left = up.left, n
		n.resized()
		return up.resized()
	}
	return n.resized()
}

func (n *node) without(score float64, member string) *node {
	if n == nil {
		return nil
	}
	switch c := n.compare(score, member); {
	case c < 0:
		n.left = n.left.without(score, member)
	case c > 0:
		n.right = n.right.without(score, member)
	default:
		return joined(n.left, n.right)
	}
	return n.resized()
}

// joined is one tree of two, the first of which lies before the second.
func joined(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.weight > b.weight:
		a.right = joined(a.right, b)
		return a.resized()
	}
	b.left = joined(a, b.left)
	return b.resized()
}

func (n *node) each(from, to int, f func(score float64, member string)) {
	if n == nil || from >= to || to <= 0 || from >= n.size {
		return
	}
	mine := n.left.len()
	n.left.each(from, min(to, mine), f)
	if from <= mine && mine < to {
		f(n.score, n.member)
	}
	n.right.each(max(0, from-mine-1), to-mine-1, f)
}
