package proto

import (
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

//go:embed lib/*.proto
var embedded embed.FS

// Description is the functions of libraries, in the language that lib/README.md describes.
type Description struct{ name, text string }

// ParseDescription checks a description, whose file has a name. The error is a *SyntaxError.
// tables is as in Options.
func ParseDescription(name, text string, tables func(string) *event.Table) (Description, error) {
	_, err := parse(name, text, arch.AMD64, tables, baseTypes(arch.AMD64, tables))
	return Description{name, text}, err
}

const baseFile = "lib/base.proto"

// baseTypes is the types that every description may use.
func baseTypes(a *arch.Arch, tables func(string) *event.Table) *library {
	text, err := embedded.ReadFile(baseFile)
	if err != nil {
		return nil
	}
	lib, err := parse(baseFile, string(text), a, tables, nil)
	if err != nil {
		return nil
	}
	return lib
}

// embeddedDescriptions are those of the libraries that most programs use.
func embeddedDescriptions() []Description {
	var out []Description
	files, _ := embedded.ReadDir("lib")
	for _, f := range files {
		name := "lib/" + f.Name()
		if text, err := embedded.ReadFile(name); err == nil && name != baseFile {
			out = append(out, Description{name, string(text)})
		}
	}
	return out
}

// readLibraries reads descriptions for an architecture. Those with mistakes, of which
// ParseDescription tells, are left out.
func readLibraries(ds []Description, a *arch.Arch, tables func(string) *event.Table) []*library {
	base := baseTypes(a, tables)
	var out []*library
	for _, d := range ds {
		if lib, err := parse(d.name, d.text, a, tables, base); err == nil {
			out = append(out, lib)
		}
	}
	return out
}

// describes reports whether a description is of a file of that name. One without patterns is
// of all files.
func (l *library) describes(file string) bool {
	return len(l.patterns) == 0 || slices.ContainsFunc(l.patterns, func(p string) bool {
		ok, _ := path.Match(p, file)
		return ok
	})
}

// innerPrefixes are those that glibc gives to other names of its functions.
var innerPrefixes = []string{"__libc_", "__GI___libc_", "__GI_", "_IO_", "__isoc99_", "__isoc23_", "__pthread_", "__"}

// find looks a function up by its symbol; nil: it is not described.
func (l *library) find(symbol string) *prototype {
	symbol, _, _ = strings.Cut(symbol, "@")
	if p := l.named(symbol); p != nil {
		return p
	}
	for _, prefix := range innerPrefixes {
		rest, ok := strings.CutPrefix(symbol, prefix)
		if !ok {
			continue
		}
		if prefix == "__pthread_" {
			rest = "pthread_" + rest
		}
		if p := l.named(rest); p != nil {
			return p
		}
	}
	return nil
}

func (l *library) named(name string) *prototype {
	if to, ok := l.aliases[name]; ok {
		name = to
	}
	return l.funcs[name]
}
