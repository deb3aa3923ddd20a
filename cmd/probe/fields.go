package probe

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// fieldSet makes fields anew: those of two events are never the same.
type fieldSet func() []*follow.Field

// field is one with a single value.
func field(name string, t filter.Type, doc string, get func(*event.Event) filter.Val) *follow.Field {
	return &follow.Field{
		Spec: &filter.Field{Name: name, Type: t, Doc: doc},
		Get: func(x *follow.Env, _ *filter.Ref, i int) filter.Val {
			if i > 0 || x.Event.Site == nil {
				return filter.Val{}
			}
			return get(x.Event)
		},
	}
}

// atExit is one that is known when a function is over.
func atExit(f *follow.Field) *follow.Field {
	f.Spec.At = filter.Exit
	return f
}

func number(n uint64) filter.Val { return filter.Val{Num: int64(n), OK: true} }

// word is a text; "" is absent.
func word(s string) filter.Val { return filter.Val{Str: []byte(s), OK: s != ""} }

func places() []*follow.Field {
	return []*follow.Field{
		field("pc", filter.Int, "the address: of the instruction, of the function that is called or has returned", func(ev *event.Event) filter.Val { return number(ev.Site.PC) }),
		field("func", filter.String, "the function there", func(ev *event.Event) filter.Val { return word(ev.Site.Place.Func) }),
		field("module", filter.String, "the program or library, without its directory", func(ev *event.Event) filter.Val { return word(ev.Site.Place.Module) }),
		field("file", filter.String, "the source file, as the compiler was given it", func(ev *event.Event) filter.Val { return word(ev.Site.Place.File) }),
		field("line", filter.Int, "the line in it", func(ev *event.Event) filter.Val {
			n := ev.Site.Place.Line
			return filter.Val{Num: int64(n), OK: n > 0}
		}),
	}
}

func arguments() []*follow.Field {
	return []*follow.Field{{
		Spec: &filter.Field{Name: "arg", Type: filter.Any, Index: filter.ArgIndex, Free: true, Max: 64, Doc: "an argument, by its position from 1 or its name"},
		Get:  follow.Argument,
	}}
}

func result() []*follow.Field {
	return []*follow.Field{
		atExit(field("ret", filter.Any, "what the function gave; absent if it was left without a return", func(ev *event.Event) filter.Val {
			if !ev.Site.HasRet {
				return filter.Val{}
			}
			return follow.ValueOf(&ev.Site.Ret)
		})),
		atExit(field("dur", filter.Duration, "how long it ran", func(ev *event.Event) filter.Val { return number(uint64(ev.Dur)) })),
		field("caller", filter.String, "the function that it returns to", func(ev *event.Event) filter.Val { return word(ev.Site.Target.Func) }),
	}
}

// returned is the result that a uprobe of a return has.
func returned() []*follow.Field {
	return []*follow.Field{field("ret", filter.Any, "of FUNC%return: what the function gave", func(ev *event.Event) filter.Val {
		if !ev.Site.HasRet {
			return filter.Val{}
		}
		return follow.ValueOf(&ev.Site.Ret)
	})}
}

func memory() []*follow.Field {
	return []*follow.Field{
		field("addr", filter.Int, "the memory's address", func(ev *event.Event) filter.Val { return number(ev.Site.Addr) }),
		field("len", filter.Int, "how many bytes are watched", func(ev *event.Event) filter.Val { return number(uint64(len(ev.Site.New))) }),
		field("old", filter.Int, "what was there, as a number; absent where that is not known", func(ev *event.Event) filter.Val { return bytesVal(ev.Site.Old) }),
		field("new", filter.Int, "what is there now", func(ev *event.Event) filter.Val { return bytesVal(ev.Site.New) }),
	}
}

// bytesVal is up to 8 bytes as a number, which is without a sign if they are fewer.
func bytesVal(b []byte) filter.Val {
	var whole [8]byte
	copy(whole[:], b)
	return filter.Val{Num: int64(binary.LittleEndian.Uint64(whole[:])), OK: len(b) > 0 && len(b) <= 8}
}

func instruction() []*follow.Field {
	return []*follow.Field{
		field("insn", filter.String, "the instruction's text", func(ev *event.Event) filter.Val {
			return word(Insn(ev.ABI, ev.Site.Insn, ev.Site.PC))
		}),
	}
}

// Insn is the text of an instruction; "" if the bytes are none.
func Insn(abi *arch.ABI, code []byte, pc uint64) string {
	if abi == nil {
		return ""
	}
	in, err := disasm.Decode(abi.Arch, code, pc)
	if err != nil {
		return ""
	}
	p := disasm.Printer{Arch: abi.Arch}
	return p.Text(in, code, pc)
}

func jump() []*follow.Field {
	return append(level(),
		field("target", filter.String, "the function that control went to", func(ev *event.Event) filter.Val { return word(ev.Site.Target.Func) }),
		field("taken", filter.String, "call, ret or jmp", func(ev *event.Event) filter.Val { return word(ev.Site.Taken) }),
	)
}

func level() []*follow.Field {
	return []*follow.Field{field("level", filter.Int, "how many calls deep, from 0", func(ev *event.Event) filter.Val { return number(uint64(ev.Site.Depth)) })}
}

func sampled() []*follow.Field {
	return []*follow.Field{field("period", filter.Int, "how much was counted", func(ev *event.Event) filter.Val { return number(uint64(ev.Num)) })}
}
