package decode

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

var numaCalls = []Call{
	{Name: "mbind", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("mode", mpolModeLongArg), in("nmask", nodemaskArg(4)), in("maxnode", ulongArg), in("flags", flagsArg(xMbindFlags))}},
	{Name: "set_mempolicy", Args: []Arg{in("mode", mpolModeArg), in("nmask", nodemaskArg(2)), in("maxnode", ulongArg)}},
	{Name: "get_mempolicy", Args: []Arg{out("policy", mpolPtrArg), out("nmask", nodemaskArg(2)), in("maxnode", ulongArg), in("addr", addrArg), in("flags", flagsLongArg(xGetMempolicyFlags))}},
	{Name: "set_mempolicy_home_node", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("home_node", ulongArg), in("flags", hexArg)}},
	{Name: "migrate_pages", Args: []Arg{in("pid", pidArg), in("maxnode", ulongArg), in("old_nodes", nodemaskArg(1)), in("new_nodes", nodemaskArg(1))}},
	{Name: "move_pages", Args: []Arg{in("pid", pidArg), in("nr_pages", ulongArg), in("pages", pagesArg), in("nodes", nodesArg), out("status", pageStatusArg), in("flags", flagsArg(xMovePagesFlags))}},
}

// nodemaskArg is a mask of nodes whose length in bits, plus one, is argument n.
func nodemaskArg(n int) Decoder {
	return func(c *Ctx, i int) event.Value {
		w := uint64(c.Word())
		words := (c.Arg(n) - 1 + 8*w - 1) / (8 * w)
		if c.Arg(n) == 0 {
			words = 0
		} else if words == 0 {
			return addrV(c.Arg(i))
		}
		return c.arrayV(c.Arg(i), words, int(w), func(c *Ctx, r *Rd) event.Value {
			v := event.Value{Form: event.FormHexPad, Num: r.ULong()}
			if !c.Is32() {
				v.Form = event.FormHexPad16
			}
			return v
		})
	}
}

func mpolModeArg(c *Ctx, i int) event.Value     { return c.mpolModeV(uint64(uint32(c.Arg(i)))) }
func mpolModeLongArg(c *Ctx, i int) event.Value { return c.mpolModeV(c.Arg(i)) }

// mpolModeV is a policy, one of a list, with flags beside it.
func (c *Ctx) mpolModeV(n uint64) event.Value {
	const all = 0x8000 | 0x4000 | 0x2000
	mode, flags := c.enumV(xMpolModes, n&^all), c.restV(xMpolModeFlags, n&all)
	switch {
	case flags.Absent():
		return mode
	case mode.Table.Find(mode.Num) == "":
		return c.flagsV(xMpolModeFlags, n)
	}
	v := c.Or(mode, flags)
	v.Num = n
	return v
}

func mpolPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.enumV(xMpolModes, r.U32())) })
}

func pagesArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), c.Arg(1), c.Word(), func(c *Ctx, r *Rd) event.Value { return addrV(r.ULong()) })
}

func nodesArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), c.Arg(1), 4, func(c *Ctx, r *Rd) event.Value { return intV(r.S32()) })
}

// pageStatusArg holds for each page its node, or an error as a negative number.
func pageStatusArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), c.Arg(1), 4, func(c *Ctx, r *Rd) event.Value { return negErrnoV(r.S32()) })
}

// negErrnoV is a number that stands for an error when it is negative: -ENOENT.
func negErrnoV(n int64) event.Value {
	v := event.Value{Form: event.FormEnumDec, Flags: event.FlagSigned, Num: uint64(n)}
	if n < 0 && n > -int64(len(negErrnos)) {
		v.Str = negErrnos[-n]
	}
	return v
}

// negErrnos holds the names of errors with a minus before them.
var negErrnos = func() (names [600]string) {
	for i := range names {
		if s := arch.ErrnoName(i); s != "" {
			names[i] = "-" + s
		}
	}
	return names
}()
