package tracer

import (
	"strings"

	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
)

// maxDump is how much of one buffer is shown.
const maxDump = 16 << 20

// dump collects the data that a call moved through a descriptor, for -e read= and -e write=.
func (s *Session) dump(t *task) {
	c := t.ctx
	const writes = decode.WritesData | decode.WritesVec | decode.WritesMsg
	const moves = writes | decode.ReadsData | decode.ReadsVec | decode.ReadsMsg
	if c.Call.Flags&moves == 0 || c.Errno != 0 {
		return
	}
	d := dumper{t: t, fd: int32(c.Arg(0)), write: c.Call.Flags&writes != 0}
	read, write := t.needs.Dump(t.id, d.fd)
	if d.write && !write || !d.write && !read {
		return
	}
	ret := uint64(c.Ret)
	switch c.Call.Flags & moves {
	case decode.ReadsData:
		d.buffer(c.Arg(1), ret, event.Dump{})
	case decode.WritesData:
		d.buffer(c.Arg(1), c.Arg(2), event.Dump{})
	case decode.ReadsVec, decode.WritesVec:
		d.vector(c.Arg(1), c.Arg(2), ret, 0)
	default:
		if strings.Contains(c.Call.Name, "mmsg") {
			d.messages(c.Arg(1), ret)
		} else {
			d.message(c.Arg(1), ret)
		}
	}
}

// dumper collects what one call moved.
type dumper struct {
	t     *task
	fd    int32
	write bool
}

func (d *dumper) buffer(addr, n uint64, as event.Dump) {
	if n == 0 {
		return
	}
	if b, ok := d.t.ctx.Read(addr, int(min(n, maxDump))); ok {
		as.Write, as.FD, as.Data = d.write, d.fd, b
		d.t.sys.Dump = append(d.t.sys.Dump, as)
	}
}

// vector collects buffers: all of them if they were written, or as much as was read.
// message is the index plus one among several.
func (d *dumper) vector(addr, count, limit uint64, message int) {
	d.t.ctx.EachIovec(addr, count, func(i int, base, n uint64) bool {
		if !d.write {
			n = min(n, limit)
			limit -= n
		}
		as := event.Dump{Note: i + 1}
		if i == 0 && message > 0 {
			as.Vector, as.Buffers = message, int(count)
		}
		d.buffer(base, n, as)
		return n > 0 || d.write
	})
}

// message collects the buffers of a struct msghdr.
func (d *dumper) message(addr, limit uint64) {
	if iov, n, ok := d.t.ctx.MsgBuffers(addr); ok {
		d.vector(iov, n, limit, 0)
	}
}

// messages collects those of n structs mmsghdr.
func (d *dumper) messages(addr, n uint64) {
	d.t.ctx.EachMessage(addr, n, func(i int, iov, count, length uint64) bool {
		d.vector(iov, count, length, i+1)
		return true
	})
}
