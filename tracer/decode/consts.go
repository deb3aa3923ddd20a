package decode

import (
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Consts is the constants of an architecture's kernel that decoders know by name.
type Consts map[string]int64

// NewConsts lists them. Of a name that stands for several numbers the first table counts.
func NewConsts(a *arch.Arch) Consts {
	c := Consts{"AT_FDCWD": atFDCWD} // it is in no table
	for _, t := range tables {
		for _, e := range t.For(a.Name).Entries {
			if _, ok := c[e.Name]; !ok {
				c[e.Name] = int64(e.Val)
			}
		}
	}
	return c
}

// Names lists the names in order.
func (c Consts) Names() []string {
	names := make([]string, 0, len(c))
	for n := range c {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Constants finds a table of the kernel's constants by its name; nil: there is none.
func Constants(table string) *event.Table {
	for _, t := range tables {
		if t.Name == table {
			return t
		}
	}
	return nil
}
