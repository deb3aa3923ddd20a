package symbol

import "strings"

// glob reports whether a shell pattern of *, ? and [] matches the whole of a name. Unlike
// path.Match it lets * match slashes, and takes a [ without its ] for itself. It goes back
// to the last star only, so that no pattern takes more than len(pattern)*len(name) steps.
func glob(pattern, name string) bool {
	p, n := 0, 0
	star, from := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, n
			p++
			continue
		}
		if size, ok := globOne(pattern[p:], name[n]); ok {
			p += size
			n++
			continue
		}
		if star < 0 {
			return false
		}
		from++
		p, n = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// globOne matches one byte with the first element of a pattern, and gives the element's size.
func globOne(p string, c byte) (size int, ok bool) {
	switch {
	case p == "":
		return 0, false
	case p[0] == '?':
		return 1, true
	case p[0] == '[':
		if end := strings.IndexByte(p, ']'); end > 1 {
			return end + 1, globClass(p[1:end], c)
		}
	}
	return 1, p[0] == c
}

// globClass reports whether a class such as a-z0 or !a-z has a byte.
func globClass(set string, c byte) bool {
	not := len(set) > 1 && (set[0] == '!' || set[0] == '^')
	if not {
		set = set[1:]
	}
	for i := 0; i < len(set); i++ {
		lo, hi := set[i], set[i]
		if i+2 < len(set) && set[i+1] == '-' {
			hi = set[i+2]
			i += 2
		}
		if lo <= c && c <= hi {
			return !not
		}
	}
	return not
}
