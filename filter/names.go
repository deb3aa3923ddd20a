package filter

import (
	"maps"
	"slices"
)

// QualifierNames lists the names that can stand before = in an expression.
func QualifierNames() []string {
	return slices.Compact(slices.Sorted(maps.Values(qualifiers)))
}

// StatementNames lists the words that statements of the rule language begin with.
func StatementNames() []string { return slices.Clone(statements) }

// ClassNames lists the classes of system calls, with their %.
func ClassNames() []string {
	var names []string
	for c := range classes {
		names = append(names, "%"+c)
	}
	slices.Sort(names)
	return names
}

// InClass reports whether a class, given with its %, holds a call.
func InClass(name, call string) bool {
	if name == "" || name[0] != '%' {
		return false
	}
	names, _ := class(name[1:])
	_, ok := slices.BinarySearch(names, call)
	return ok
}

// Values lists what can be an element of a qualifier's set, as far as it has names.
func Values(qualifier string, u *Universe) []string {
	var flags map[string]uint8
	switch qualifiers[qualifier] {
	case "trace", "abbrev", "verbose", "raw", "inject", "fault":
		names := map[string]bool{}
		for _, abi := range u.ABIs {
			for _, n := range abi.Names {
				if n != "" {
					names[n] = true
				}
			}
		}
		return append(append([]string{"all", "none"}, ClassNames()...), slices.Sorted(maps.Keys(names))...)
	case "status":
		flags = statusNames
	case "quiet":
		flags = quietNames
	case "decode-fds":
		flags = decodeFDNames
	case "decode-pids":
		flags = decodePIDNames
	case "kvm":
		return []string{"vcpu"}
	}
	return append([]string{"all", "none"}, slices.Sorted(maps.Keys(flags))...)
}
