// Package orderstat keeps numbers in order while they arrive: a [Multiset]
// tells ranks, order statistics and quantiles at any time, each in O(log n).
package orderstat

import "math"

// A Multiset is a collection of numbers, equal ones included. The zero value is
// empty and ready to use. What it answers depends on the numbers in it alone,
// not on the order in which they came. It is not safe for concurrent use.
//
// It is a treap (Aragon and Seidel, "Randomized search trees", Algorithmica 16
// (1996), 464–497, doi:10.1007/BF01940876) with subtree sizes: a search tree by
// number that is also a heap by priority. A node's priority is a hash of its
// place in the array, so the shape is as random as the hash and the same on
// every run, and the expected depth is below 2 ln n.
type Multiset struct {
	nodes []node
	root  int32 // index into nodes plus one; 0: no node
}

type node struct {
	value       float64
	left, right int32 // as root
	size        int32 // of the subtree
}

// Len returns how many numbers there are.
func (m *Multiset) Len() int { return len(m.nodes) }

// Insert adds a number, ±Inf included. NaN has no place in an order: Insert
// panics.
func (m *Multiset) Insert(v float64) {
	if math.IsNaN(v) {
		panic("orderstat: Insert of NaN")
	}
	m.nodes = append(m.nodes, node{value: v, size: 1})
	m.root = m.insert(m.root, int32(len(m.nodes)))
}

// insert puts node n into the subtree at t and returns the subtree's new root.
func (m *Multiset) insert(t, n int32) int32 {
	if t == 0 {
		return n
	}
	at := &m.nodes[t-1]
	at.size++
	if m.nodes[n-1].value < at.value {
		at.left = m.insert(at.left, n)
		if l := at.left; priority(l) > priority(t) { // rotate right
			at.left = m.nodes[l-1].right
			m.nodes[l-1].right = t
			return m.lift(l, t)
		}
		return t
	}
	at.right = m.insert(at.right, n)
	if r := at.right; priority(r) > priority(t) { // rotate left
		at.right = m.nodes[r-1].left
		m.nodes[r-1].left = t
		return m.lift(r, t)
	}
	return t
}

// lift gives top, which has taken the place of its parent below, the right size
// and returns it.
func (m *Multiset) lift(top, below int32) int32 {
	b := &m.nodes[below-1]
	m.nodes[top-1].size = b.size
	b.size = 1 + m.sizeOf(b.left) + m.sizeOf(b.right)
	return top
}

func (m *Multiset) sizeOf(t int32) int32 {
	if t == 0 {
		return 0
	}
	return m.nodes[t-1].size
}

// priority is the finaliser of MurmurHash3, a bijection: no two nodes tie.
func priority(t int32) uint32 {
	x := uint32(t)
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}

// Below returns how many numbers are less than v.
func (m *Multiset) Below(v float64) int {
	count := int32(0)
	for t := m.root; t != 0; {
		n := &m.nodes[t-1]
		if n.value < v {
			count += m.sizeOf(n.left) + 1
			t = n.right
		} else {
			t = n.left
		}
	}
	return int(count)
}

// Above returns how many numbers are greater than v.
func (m *Multiset) Above(v float64) int {
	count := int32(0)
	for t := m.root; t != 0; {
		n := &m.nodes[t-1]
		if n.value > v {
			count += m.sizeOf(n.right) + 1
			t = n.left
		} else {
			t = n.right
		}
	}
	return int(count)
}

// Select returns the number at place k, 0 ≤ k < Len, in rising order. It panics
// when there is no such place.
func (m *Multiset) Select(k int) float64 {
	if k < 0 || k >= len(m.nodes) {
		panic("orderstat: Select out of range")
	}
	for t := m.root; ; {
		n := &m.nodes[t-1]
		left := int(m.sizeOf(n.left))
		switch {
		case k < left:
			t = n.left
		case k == left:
			return n.value
		default:
			k -= left + 1
			t = n.right
		}
	}
}

// Quantile returns the q-quantile, 0 ≤ q ≤ 1, by linear interpolation between
// the two nearest order statistics: type 7 of Hyndman and Fan, "Sample quantiles
// in statistical packages", Am. Stat. 50 (1996), 361–365, which is NumPy's
// default; finite numbers are combined by the same arithmetic as there. Between
// a finite and an infinite number the quantile is infinite, between −Inf and
// +Inf it is NaN. An empty set has the quantile NaN.
func (m *Multiset) Quantile(q float64) float64 {
	n := len(m.nodes)
	if n == 0 {
		return math.NaN()
	}
	at := float64(n-1) * q
	k := int(at)
	if k >= n-1 {
		return m.Select(n - 1)
	}
	return lerp(m.Select(k), m.Select(k+1), at-float64(k))
}

// lerp returns the point at 0 ≤ t < 1 on the way from a to b.
func lerp(a, b, t float64) float64 {
	if t == 0 || a == b {
		return a
	}
	d := b - a
	switch {
	case math.IsInf(d, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0):
		return a*(1-t) + b*t // the difference overflows, the result does not
	case math.IsInf(d, 0) && math.IsInf(a, 0) && !math.IsInf(b, 0):
		return a
	case t < 0.5:
		return a + d*t
	case math.IsInf(b, 0) && !math.IsInf(a, 0):
		return b
	}
	return b - d*(1-t)
}
