package procfd

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// diag asks the kernel about sockets, see sock_diag(7), and keeps what it has learnt.
type diag struct {
	tried bool // there is a socket, or -1
	fd    int
	seq   uint32
	cache []socketText // by the low bits of the inode
	buf   []byte
	req   [128]byte
}

// socketText is what is kept of a socket: its description without what went before it.
type socketText struct {
	inode    uint32
	nlProto  int
	text     []byte
	from, to int
}

const cacheSize = 1024

// kept is what is known of a socket. A description stays, even when the socket gets
// another peer: the numbers of inodes come round only after billions of sockets.
func (d *diag) kept(inode uint32) *socketText {
	if d.cache == nil {
		return nil
	}
	if s := &d.cache[inode%cacheSize]; s.inode == inode && s.text != nil {
		return s
	}
	return nil
}

func (d *diag) keep(q *query) {
	if d.cache == nil {
		d.cache = make([]socketText, cacheSize)
	}
	s := &d.cache[q.inode%cacheSize]
	*s = socketText{inode: q.inode, nlProto: q.nlProto, text: append(s.text[:0], q.text...), from: q.from, to: q.to}
}

// open makes the socket for questions.
func (d *diag) open() bool {
	if d.tried {
		return d.fd >= 0
	}
	d.tried = true
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		d.fd = -1
		return false
	}
	// The kernel answers at once; a bound guards against one that does not.
	tv := unix.NsecToTimeval(int64(time.Second))
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv)
	d.fd = fd
	d.buf = make([]byte, 32<<10)
	return true
}

func (d *diag) close() {
	if d.tried && d.fd >= 0 {
		unix.Close(d.fd)
	}
	d.tried = false
}

const (
	sockDiagByFamily = 20
	nlmsgHdr         = unix.SizeofNlMsghdr
)

// ask sends a question whose body stands in d.req behind the header, and hands each part of
// the answer to f until that returns true. It reports whether f did, and whether the
// kernel could be asked at all.
func (d *diag) ask(size int, flags uint16, f func(body []byte) bool) (found, ok bool) {
	if !d.open() {
		return false, false
	}
	d.seq++
	le := binary.NativeEndian
	le.PutUint32(d.req[0:], uint32(nlmsgHdr+size))
	le.PutUint16(d.req[4:], sockDiagByFamily)
	le.PutUint16(d.req[6:], unix.NLM_F_REQUEST|flags)
	le.PutUint32(d.req[8:], d.seq)
	le.PutUint32(d.req[12:], 0)
	if err := unix.Sendto(d.fd, d.req[:nlmsgHdr+size], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, false
	}
	for {
		l, _, err := unix.Recvfrom(d.fd, d.buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil || l == 0 {
			return found, false
		}
		end, failed := d.messages(d.buf[:l], flags, func(body []byte) {
			found = found || f(body)
		})
		if end {
			return found, !failed
		}
	}
}

// messages goes through a datagram; end tells that the answer is complete. Answers to
// earlier questions are passed over.
func (d *diag) messages(b []byte, flags uint16, f func(body []byte)) (end, failed bool) {
	le := binary.NativeEndian
	for len(b) >= nlmsgHdr {
		size := int(le.Uint32(b))
		if size < nlmsgHdr || size > len(b) {
			return true, true
		}
		kind, seq := le.Uint16(b[4:]), le.Uint32(b[8:])
		body := b[nlmsgHdr:size]
		b = b[min(len(b), (size+3)&^3):]
		if seq != d.seq {
			continue
		}
		switch kind {
		case unix.NLMSG_DONE:
			return true, len(body) >= 4 && int32(le.Uint32(body)) < 0
		case unix.NLMSG_ERROR:
			// ENOENT is an answer: no such socket.
			return true, len(body) < 4 || unix.Errno(-int32(le.Uint32(body))) != unix.ENOENT
		case sockDiagByFamily:
			f(body)
			if flags&unix.NLM_F_DUMP == 0 {
				return true, false
			}
		}
	}
	return false, false
}

// body clears and returns the space for a question of n bytes.
func (d *diag) body(n int) []byte {
	b := d.req[nlmsgHdr : nlmsgHdr+n]
	clear(b)
	return b
}

// askInet looks for a socket of the internet protocols among all: the kernel does not
// find them by inode.
func askInet(d *diag, q *query) bool {
	const reqSize, msgSize = 56, 72
	b := d.body(reqSize)
	b[0], b[1] = q.p.family, q.p.proto
	binary.NativeEndian.PutUint32(b[4:], ^uint32(0)) // in every state
	found, ok := d.ask(reqSize, unix.NLM_F_DUMP, func(m []byte) bool {
		if len(m) < msgSize || binary.NativeEndian.Uint32(m[68:]) != q.inode {
			return false
		}
		q.inet(inetEnd(m[0], m[8:24], m[4:6]), inetEnd(m[0], m[24:40], m[6:8]))
		return true
	})
	if !ok && !found {
		return procInet(q)
	}
	return found
}

// inetEnd is one end of a connection.
func inetEnd(family uint8, addr, port []byte) netip.AddrPort {
	p := binary.BigEndian.Uint16(port)
	if family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr[:4])), p)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(addr)), p)
}

// inet describes a socket by its ends: TCP:[127.0.0.1:1->127.0.0.1:2].
func (q *query) inet(from, to netip.AddrPort) {
	b := append(append(q.text, q.p.name...), ":["...)
	b = from.AppendTo(b)
	if to.Port() != 0 || !to.Addr().IsUnspecified() {
		b = to.AppendTo(append(b, "->"...))
	}
	q.text = append(b, ']')
}

// Attributes of sockets of AF_UNIX, <linux/unix_diag.h>.
const (
	unixDiagName = 0
	unixDiagPeer = 2
	udiagShow    = 0x1 | 0x4 // name, peer
)

// askUnix looks for a socket of AF_UNIX.
func askUnix(d *diag, q *query) bool {
	const reqSize, msgSize = 24, 16
	b := d.body(reqSize)
	b[0] = unix.AF_UNIX
	le := binary.NativeEndian
	le.PutUint32(b[4:], ^uint32(0))
	le.PutUint32(b[8:], q.inode)
	le.PutUint32(b[12:], udiagShow)
	le.PutUint32(b[16:], ^uint32(0)) // whatever its cookie
	le.PutUint32(b[20:], ^uint32(0))
	found, ok := d.ask(reqSize, 0, func(m []byte) bool {
		if len(m) < msgSize || le.Uint32(m[4:]) != q.inode {
			return false
		}
		var path []byte
		peer := uint32(0)
		attrs(m[msgSize:], func(kind uint16, data []byte) {
			switch {
			case kind == unixDiagName:
				path = data
			case kind == unixDiagPeer && len(data) >= 4:
				peer = le.Uint32(data)
			}
		})
		return q.unix(peer, path)
	})
	if !ok && !found {
		return procUnix(q)
	}
	return found
}

// attrs goes through netlink attributes.
func attrs(b []byte, f func(kind uint16, data []byte)) {
	const hdr = 4
	for len(b) >= hdr {
		size := int(binary.NativeEndian.Uint16(b))
		if size < hdr || size > len(b) {
			return
		}
		f(binary.NativeEndian.Uint16(b[2:]), b[hdr:size])
		b = b[min(len(b), (size+3)&^3):]
	}
}

// unix describes a socket by its peer and path: UNIX:[12->13,"/tmp/s"]. One that has
// neither is not worth the words.
func (q *query) unix(peer uint32, path []byte) bool {
	if peer == 0 && len(path) == 0 {
		return false
	}
	b := append(append(q.text, q.p.name...), ":["...)
	b = strconv.AppendUint(b, uint64(q.inode), 10)
	if peer != 0 {
		b = strconv.AppendUint(append(b, "->"...), uint64(peer), 10)
	}
	if len(path) > 0 {
		b = append(b, ',')
		if path[0] == 0 {
			b, path = append(b, '@'), path[1:]
		}
		b = append(b, '"')
		q.from = len(b)
		b = append(b, untilNUL(path)...)
		q.to = len(b)
		b = append(b, '"')
	}
	q.text = append(b, ']')
	return true
}

// askNetlink looks for a netlink socket; those without an address are not told of.
func askNetlink(d *diag, q *query) bool {
	const reqSize, msgSize = 20, 28
	b := d.body(reqSize)
	b[0], b[1] = unix.AF_NETLINK, 255 // NDIAG_PROTO_ALL
	le := binary.NativeEndian
	le.PutUint32(b[4:], q.inode)
	found, ok := d.ask(reqSize, unix.NLM_F_DUMP, func(m []byte) bool {
		if len(m) < msgSize || le.Uint32(m[16:]) != q.inode {
			return false
		}
		q.netlink(m[2], le.Uint32(m[4:]))
		return true
	})
	if !ok && !found {
		return procNetlink(q)
	}
	return found
}

var netlinkProtocols = [...]string{
	"ROUTE", "UNUSED", "USERSOCK", "FIREWALL", "SOCK_DIAG", "NFLOG", "XFRM", "SELINUX", "ISCSI", "AUDIT", "FIB_LOOKUP",
	"CONNECTOR", "NETFILTER", "IP6_FW", "DNRTMSG", "KOBJECT_UEVENT", "GENERIC", "", "SCSITRANSPORT", "ECRYPTFS", "RDMA", "CRYPTO", "SMC",
}

// netlink describes a socket by its protocol and address: NETLINK:[ROUTE:123].
func (q *query) netlink(proto uint8, port uint32) {
	q.nlProto = int(proto)
	b := append(append(q.text, q.p.name...), ":["...)
	if int(proto) < len(netlinkProtocols) && netlinkProtocols[proto] != "" {
		b = append(b, netlinkProtocols[proto]...)
	} else {
		b = strconv.AppendUint(b, uint64(proto), 10)
	}
	b = strconv.AppendUint(append(b, ':'), uint64(port), 10)
	q.text = append(b, ']')
}
