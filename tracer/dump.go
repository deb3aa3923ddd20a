package tracer

import (
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
)

// dump collects the data that a call moved through a descriptor, for -e read= and -e write=.
func (s *Session) dump(t *task) {
	c := t.ctx
	const moves = decode.ReadsData | decode.WritesData | decode.ReadsVec | decode.WritesVec
	if c.Call.Flags&moves == 0 || c.Errno != 0 {
		return
	}
	fd := int32(c.Arg(0))
	read, write := t.needs.Dump(t.id, fd)
	isWrite := c.Call.Flags&(decode.WritesData|decode.WritesVec) != 0
	if isWrite && !write || !isWrite && !read {
		return
	}
	limit := uint64(c.Ret)
	if c.Call.Flags&(decode.ReadsData|decode.WritesData) != 0 {
		if isWrite {
			limit = c.Arg(2)
		}
		if b, ok := c.Read(c.Arg(1), int(min(limit, 16<<20))); ok && len(b) > 0 {
			t.sys.Dump = append(t.sys.Dump, event.Dump{Write: isWrite, FD: fd, Data: b})
		}
		return
	}
	c.EachIovec(c.Arg(1), c.Arg(2), func(i int, base, n uint64) bool {
		if !isWrite {
			n = min(n, limit)
			limit -= n
		}
		if n == 0 {
			return isWrite
		}
		if b, ok := c.Read(base, int(min(n, 16<<20))); ok {
			t.sys.Dump = append(t.sys.Dump, event.Dump{Write: isWrite, FD: fd, Data: b, Note: i + 1})
		}
		return true
	})
}
