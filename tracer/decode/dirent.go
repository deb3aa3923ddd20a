package decode

import (
	"bytes"
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Directory entries.

var direntCalls = []Call{
	{Name: "getdents", Args: []Arg{fd("fd"), out("dirent", getdentsArg), in("count", uintArg)}},
	{Name: "getdents64", Args: []Arg{fd("fd"), out("dirent", getdents64Arg), in("count", uintArg)}},
}

// direntLayout tells the two forms of an entry apart.
type direntLayout struct {
	word   int  // bytes of d_ino and of d_off
	header int  // bytes before d_name
	tail   bool // d_type is an entry's last byte, not the one before d_name
}

func getdentsArg(c *Ctx, i int) event.Value {
	w := c.Word()
	return c.direntsV(c.Arg(i), direntLayout{word: w, header: 2*w + 2, tail: true})
}

func getdents64Arg(c *Ctx, i int) event.Value {
	return c.direntsV(c.Arg(i), direntLayout{word: 8, header: 19})
}

func (c *Ctx) direntsV(addr uint64, l direntLayout) event.Value {
	if !c.Verbose || c.Failed() || c.Ret < 0 {
		return addrV(addr)
	}
	b, ok := c.Read(addr, int(min(c.Ret, 1<<30)))
	if !ok {
		return addrV(addr)
	}
	if len(b) > 0 && len(b) < l.header {
		return c.hexBytesV(b)
	}
	if c.Abbrev {
		return c.Note(addrV(addr), c.countDirents(b, l))
	}
	list := event.Value{Form: event.FormArray}
	elems := c.Vals(min(len(b)/l.header, 64))[:0]
	for len(b) > 0 {
		if len(b) < l.header {
			elems = append(elems, c.hexBytesV(b))
			break
		}
		v, n := c.direntV(b, l)
		elems = append(elems, v)
		if n == 0 {
			break
		}
		b = b[n:]
	}
	list.Elem = elems
	return list
}

// countDirents is the comment that stands for the entries where they are not shown.
func (c *Ctx) countDirents(b []byte, l direntLayout) []byte {
	note := c.Bytes(96)[:0]
	n, more := 0, false
	for len(b) > 0 {
		if len(b) < l.header {
			more = true
			break
		}
		n++
		reclen := l.reclen(b)
		if reclen < l.header {
			note = appendReclen(append(note, "d_reclen "...), l.header-reclen, " underflow */ /* ")
			more = true
			break
		}
		if reclen > len(b) {
			note = appendReclen(append(note, "d_reclen "...), reclen-len(b), " overflow */ /* ")
			break
		}
		b = b[reclen:]
	}
	note = strconv.AppendInt(note, int64(n), 10)
	if more {
		note = append(note, '+')
	}
	return append(note, " entries"...)
}

func appendReclen(note []byte, n int, what string) []byte {
	note = strconv.AppendInt(note, int64(n), 10)
	note = append(note, " bytes"...)
	return append(note, what...)
}

func (l direntLayout) reclen(b []byte) int {
	return int(b[2*l.word]) | int(b[2*l.word+1])<<8
}

// direntV is the entry that b begins with, and its length, which is 0 if it cannot be right.
func (c *Ctx) direntV(b []byte, l direntLayout) (event.Value, int) {
	r := c.Rd(b)
	f := c.Vals(5)[:0]
	reclen := l.reclen(b)
	recV := event.F("d_reclen", uintV(uint64(reclen)))
	if l.word == 4 {
		f = append(f, event.F("d_ino", uintV(r.U32())), event.F("d_off", uintV(r.U32())))
	} else {
		f = append(f, event.F("d_ino", uintV(r.U64())), event.F("d_off", intV(r.S64())))
	}
	n, end := reclen, reclen
	switch {
	case reclen < l.header:
		recV.Note = appendReclen(c.Bytes(48)[:0], l.header-reclen, " underflow")
		n, end = 0, l.header
	case reclen > len(b):
		recV.Note = appendReclen(c.Bytes(48)[:0], reclen-len(b), " overflow")
		n, end = len(b), len(b)
	}
	f = append(f, recV)
	var name, typ event.Value
	if l.tail {
		if end > l.header {
			end--
			typ = event.F("d_type", c.enumV(xDirentTypes, uint64(b[end])))
		}
	} else {
		typ = event.F("d_type", c.enumV(xDirentTypes, uint64(b[l.header-1])))
	}
	if end > l.header {
		name = event.F("d_name", c.fixedStrV(b[l.header:end]))
	}
	if l.tail {
		name, typ = typ, name
	}
	for _, v := range [...]event.Value{typ, name} {
		if !v.Absent() {
			f = append(f, v)
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}, n
}

// fixedStrV is a string in a field of fixed size, not limited by -s. Without a NUL its
// last character is left out.
func (c *Ctx) fixedStrV(b []byte) event.Value {
	v := event.Value{Form: event.FormString, Flags: event.FlagPath}
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		n = len(b) - 1
		v.Flags |= event.FlagCut
	}
	v.Data = b[:n]
	return v
}

// hexBytesV is bytes that should have been a structure.
func (c *Ctx) hexBytesV(b []byte) event.Value {
	return event.Value{Form: event.FormString, Flags: event.FlagHexStr, Data: b}
}
