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
	return c.direntsV(c.Arg(i), uint64(uint32(c.Arg(i+1))), direntLayout{word: w, header: 2*w + 2, tail: true})
}

func getdents64Arg(c *Ctx, i int) event.Value {
	return c.direntsV(c.Arg(i), uint64(uint32(c.Arg(i+1))), direntLayout{word: 8, header: 19})
}

// direntBuf is the part of a buffer of entries that is still to be decoded.
type direntBuf struct {
	b    []byte // what of it can be read
	size int    // what there is of it, readable or not
	addr uint64
}

func (d *direntBuf) skip(n int) {
	d.b = d.b[min(n, len(d.b)):]
	d.size -= n
	d.addr += uint64(n)
}

func (c *Ctx) direntsV(addr, room uint64, l direntLayout) event.Value {
	const most = 16 << 20
	if !c.Verbose || c.Failed() || c.Ret < 0 || uint64(c.Ret) > room {
		return addrV(addr)
	}
	d := direntBuf{size: int(min(c.Ret, most)), addr: addr}
	d.b = c.readUpTo(addr, d.size)
	if c.Abbrev {
		return c.Note(addrV(addr), c.countDirents(d, l))
	}
	if d.size > 0 && d.size < l.header {
		return c.hexBytesV(&d)
	}
	if d.size > 0 && len(d.b) < l.header {
		return addrV(addr)
	}
	list := event.Value{Form: event.FormArray}
	elems := c.Vals(min(d.size/l.header, 64))[:0]
	for d.size > 0 {
		if d.size < l.header {
			elems = append(elems, c.hexBytesV(&d))
			break
		}
		if len(d.b) < l.header {
			v := addrV(d.addr)
			v.Flags |= event.FlagMoreAddr
			elems = append(elems, v)
			break
		}
		v, n, ok := c.direntV(&d, l)
		elems = append(elems, v)
		if n == 0 {
			break
		}
		if d.skip(n); !ok {
			if d.size > 0 {
				list.Flags |= event.FlagCut
			}
			break
		}
	}
	list.Elem = elems
	return list
}

// readUpTo lends what can be read of n bytes. It does not trust n: memory is taken as
// there proves to be something to read.
func (c *Ctx) readUpTo(addr uint64, n int) []byte {
	const first = 32 << 10
	b := c.Bytes(min(n, first))
	done, _ := c.Mem.ReadAt(b, addr)
	for done == len(b) && done < n {
		more := c.Bytes(min(n, 4*len(b)))
		copy(more, b)
		k, _ := c.Mem.ReadAt(more[done:], addr+uint64(done))
		b, done = more, done+k
	}
	return b[:done]
}

// countDirents is the comment that stands for the entries where they are not shown.
func (c *Ctx) countDirents(d direntBuf, l direntLayout) []byte {
	note := c.Bytes(96)[:0]
	n, more := 0, false
	for d.size > 0 {
		if len(d.b) < l.header {
			more = true
			break
		}
		n++
		reclen := l.reclen(d.b)
		if reclen < l.header {
			note = appendReclen(append(note, "d_reclen "...), l.header-reclen, " underflow */ /* ")
			more = d.size > l.header
			break
		}
		if reclen > d.size {
			note = appendReclen(append(note, "d_reclen "...), reclen-d.size, " overflow */ /* ")
			break
		}
		d.skip(reclen)
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

// direntV is the entry that d begins with, its length, which is 0 if it cannot be
// right, and whether all of it could be read.
func (c *Ctx) direntV(d *direntBuf, l direntLayout) (v event.Value, n int, ok bool) {
	r := c.Rd(d.b)
	f := c.Vals(5)[:0]
	reclen := l.reclen(d.b)
	recV := event.F("d_reclen", uintV(uint64(reclen)))
	if l.word == 4 {
		f = append(f, event.F("d_ino", uintV(r.U32())), event.F("d_off", uintV(r.U32())))
	} else {
		f = append(f, event.F("d_ino", uintV(r.U64())), event.F("d_off", uintV(r.U64())))
	}
	n, end := reclen, reclen
	switch {
	case reclen < l.header:
		recV.Note = appendReclen(c.Bytes(48)[:0], l.header-reclen, " underflow")
		n, end = 0, l.header
	case reclen > d.size:
		recV.Note = appendReclen(c.Bytes(48)[:0], reclen-d.size, " overflow")
		n, end = d.size, d.size
	}
	f = append(f, recV)
	ok = true
	typeAt := l.header - 1
	if l.tail {
		end--
		typeAt = end
	}
	var name, typ event.Value
	if end > l.header {
		name, ok = c.fixedStrV(d, l.header, end)
		name = event.F("d_name", name)
	}
	switch {
	case l.tail && typeAt < l.header:
	case typeAt >= len(d.b):
		typ, ok = event.F("d_type", addrV(d.addr+uint64(typeAt))), false
	default:
		typ = event.F("d_type", c.enumV(xDirentTypes, uint64(d.b[typeAt])))
	}
	if l.tail {
		name, typ = typ, name
	}
	for _, v := range [...]event.Value{typ, name} {
		if !v.Absent() {
			f = append(f, v)
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}, n, ok
}

// fixedStrV is a string in a field of fixed size, not limited by -s. Without a NUL its
// last character is left out.
func (c *Ctx) fixedStrV(d *direntBuf, from, to int) (event.Value, bool) {
	v := event.Value{Form: event.FormString, Flags: event.FlagPath}
	b := d.b[min(from, len(d.b)):min(to, len(d.b))]
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		if to > len(d.b) {
			return addrV(d.addr + uint64(from)), false
		}
		n = len(b) - 1
		v.Flags |= event.FlagCut
	}
	v.Data = b[:n]
	return v, true
}

// hexBytesV is bytes that should have been a structure.
func (c *Ctx) hexBytesV(d *direntBuf) event.Value {
	if len(d.b) < d.size {
		return addrV(d.addr)
	}
	return event.Value{Form: event.FormString, Flags: event.FlagHexStr, Data: d.b[:d.size]}
}
