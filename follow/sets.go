package follow

import (
	"embed"
	"io/fs"
	"strings"
)

// The canonical rule sets are files in the rule language.
//
//go:embed sets/*.rules
var setFiles embed.FS

// CanonicalSets lists the names of the canonical rule sets, in order.
func CanonicalSets() []string {
	files, _ := fs.Glob(setFiles, "sets/*.rules") // the pattern is well formed
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, "sets/"), ".rules"))
	}
	return names
}

// CanonicalSet is the text of a canonical rule set.
func CanonicalSet(name string) (string, bool) {
	b, err := setFiles.ReadFile("sets/" + name + ".rules")
	return string(b), err == nil
}
