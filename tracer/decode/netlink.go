package decode

import "github.com/gotrace/gotrace/tracer/event"

// nlmsgHdrLen is sizeof(struct nlmsghdr).
const nlmsgHdrLen = 16

// netlinkV is a sequence of netlink messages, n bytes, of a protocol or of one unknown, -1.
func (c *Ctx) netlinkV(proto int, addr, n uint64) event.Value {
	return c.bytesV(addr, n)
}
