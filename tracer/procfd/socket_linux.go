package procfd

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
)

// socketInode takes the inode out of socket:[123].
func socketInode(link []byte) (uint32, bool) {
	rest, ok := bytes.CutPrefix(link, []byte("socket:["))
	if !ok {
		return 0, false
	}
	rest, ok = bytes.CutSuffix(rest, []byte("]"))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(string(rest), 10, 32)
	return uint32(n), err == nil
}

// protocol is a kind of sockets: the kernel's name for it, and how its sockets are asked for.
type protocol struct {
	name          string
	ask           func(d *diag, q *query) bool
	family, proto uint8
}

var protocols = [...]protocol{
	{"UNIX-STREAM", askUnix, 0, 0},
	{"UNIX", askUnix, 0, 0},
	{"TCP", askInet, unix.AF_INET, unix.IPPROTO_TCP},
	{"UDP", askInet, unix.AF_INET, unix.IPPROTO_UDP},
	{"TCPv6", askInet, unix.AF_INET6, unix.IPPROTO_TCP},
	{"UDPv6", askInet, unix.AF_INET6, unix.IPPROTO_UDP},
	{"NETLINK", askNetlink, 0, 0},
	{"UDPLITE", askInet, unix.AF_INET, unix.IPPROTO_UDPLITE},
	{"DCCP", askInet, unix.AF_INET, unix.IPPROTO_DCCP},
	{"SCTP", askInet, unix.AF_INET, unix.IPPROTO_SCTP},
	{"L2TP/IP", askInet, unix.AF_INET, unix.IPPROTO_L2TP},
	{"PING", askInet, unix.AF_INET, unix.IPPROTO_ICMP},
	{"RAW", askNot, 0, 0},
	{"UDPLITEv6", askInet, unix.AF_INET6, unix.IPPROTO_UDPLITE},
	{"DCCPv6", askInet, unix.AF_INET6, unix.IPPROTO_DCCP},
	{"SCTPv6", askInet, unix.AF_INET6, unix.IPPROTO_SCTP},
	{"L2TP/IPv6", askInet, unix.AF_INET6, unix.IPPROTO_L2TP},
	{"PINGv6", askInet, unix.AF_INET6, unix.IPPROTO_ICMP},
	{"RAWv6", askNot, 0, 0},
}

// netlink is the protocol of netlink sockets.
var netlink = &protocols[6]

// query is one question about a socket. The answer is appended to text.
type query struct {
	inode    uint32
	p        *protocol
	task     int32 // whose network namespace the tables of /proc are read in
	text     []byte
	from, to int // the path in text
	nlProto  int // of a netlink socket; -1: not known
}

// disguised are protocols whose sockets are told of as if they were others.
var disguised = [...]string{"UDP-Lite", "MPTCP", "MPTCPv6", "SMC", "SMC6"}

// protocolOf is the protocol of the socket at a path of /proc; nil if it is none of protocols,
// but maybe one in disguise.
func protocolOf(path string) (p *protocol, maybe bool) {
	var b [64]byte
	l, err := unix.Getxattr(path, "system.sockprotoname", b[:])
	if err != nil || l <= 0 {
		return nil, true
	}
	name := untilNUL(b[:l])
	for i := range protocols {
		if p := &protocols[i]; p.name == string(name) {
			return p, true
		}
	}
	for _, d := range disguised {
		if d == string(name) {
			return nil, true
		}
	}
	return nil, false
}

func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// socket describes a socket by its protocol and addresses: TCP:[127.0.0.1:1->127.0.0.1:2].
func (n *Namer) socket(buf []byte, t event.Task, path string, link []byte, inode uint32) decode.FDInfo {
	if s := n.diag.kept(inode); s != nil {
		return decode.FDInfo{Detail: append(buf, s.text...), From: s.from, To: s.to, Quoted: true}
	}
	q := query{inode: inode, task: t.TID, text: buf, nlProto: -1}
	p, maybe := protocolOf(path)
	if maybe && n.diag.find(&q, p) {
		n.diag.keep(&q)
		return decode.FDInfo{Detail: q.text, From: q.from, To: q.to, Quoted: true}
	}
	if p == nil {
		return decode.FDInfo{Detail: append(buf, link...)}
	}
	b := append(append(buf, p.name...), ":["...)
	b = strconv.AppendUint(b, uint64(inode), 10)
	return decode.FDInfo{Detail: append(b, ']')}
}

// askNot is for protocols of which strace knows nothing but the name.
func askNot(*diag, *query) bool { return false }

// find asks for a socket of a protocol, or of any where that is not known.
func (d *diag) find(q *query, p *protocol) bool {
	if p != nil {
		q.p = p
		return p.ask(d, q)
	}
	for i := range protocols {
		q.p = &protocols[i]
		if q.p.ask(d, q) {
			return true
		}
	}
	return false
}

// Netlink reports whether a descriptor is a netlink socket and its protocol, which is
// known once the socket has an address.
func (n *Namer) Netlink(t event.Task, fd int32) (proto int, ok bool) {
	path := n.proc(t.TID, "/fd", fd)
	if p, _ := protocolOf(path); p != netlink {
		return -1, false
	}
	link, ok := n.readlink(path)
	if !ok {
		return -1, true
	}
	inode, ok := socketInode(link)
	if !ok {
		return -1, true
	}
	if s := n.diag.kept(inode); s != nil {
		return s.nlProto, true
	}
	q := query{inode: inode, task: t.TID, nlProto: -1, p: netlink}
	if askNetlink(&n.diag, &q) {
		n.diag.keep(&q)
	}
	return q.nlProto, true
}
