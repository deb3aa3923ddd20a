package procfd

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The tables of /proc/PID/net, for kernels and containers in which sock_diag cannot be asked.

// eachLine calls f for the blank-separated fields of each line but the first, until it
// returns true.
func eachLine(task int32, table string, f func(w [][]byte) bool) bool {
	file, err := os.Open("/proc/" + strconv.Itoa(int(task)) + "/net/" + table)
	if err != nil {
		return false
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Scan()
	for s.Scan() {
		if f(bytes.Fields(s.Bytes())) {
			return true
		}
	}
	return false
}

func parseUint32(b []byte, base int) (uint32, bool) {
	n, err := strconv.ParseUint(string(b), base, 32)
	return uint32(n), err == nil
}

func procInet(q *query) bool {
	table := strings.ToLower(strings.TrimSuffix(q.p.name, "v6"))
	if q.p.family == unix.AF_INET6 {
		table += "6"
	}
	const local, remote, inode = 1, 2, 9
	return eachLine(q.task, table, func(w [][]byte) bool {
		if len(w) <= inode {
			return false
		}
		if n, ok := parseUint32(w[inode], 10); !ok || n != q.inode {
			return false
		}
		from, ok1 := hexAddrPort(w[local])
		to, ok2 := hexAddrPort(w[remote])
		if !ok1 || !ok2 {
			return false
		}
		q.inet(from, to)
		return true
	})
}

// hexAddrPort reads 0100007F:0016: words in the machine's byte order, and a port.
func hexAddrPort(b []byte) (netip.AddrPort, bool) {
	addr, port, ok := bytes.Cut(b, []byte(":"))
	if !ok {
		return netip.AddrPort{}, false
	}
	var raw [16]byte
	if len(addr) != 8 && len(addr) != 32 {
		return netip.AddrPort{}, false
	}
	n, err := hex.Decode(raw[:], addr)
	p, perr := strconv.ParseUint(string(port), 16, 16)
	if err != nil || perr != nil {
		return netip.AddrPort{}, false
	}
	for i := 0; i < n; i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	if n == 4 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[:4])), uint16(p)), true
	}
	return netip.AddrPortFrom(netip.AddrFrom16(raw), uint16(p)), true
}

// procUnix cannot tell the peer.
func procUnix(q *query) bool {
	const inode, path = 6, 7
	return eachLine(q.task, "unix", func(w [][]byte) bool {
		if len(w) <= path {
			return false
		}
		if n, ok := parseUint32(w[inode], 10); !ok || n != q.inode {
			return false
		}
		name := w[path]
		if name[0] == '@' {
			name = append([]byte{0}, name[1:]...)
		}
		return q.unix(0, name)
	})
}

func procNetlink(q *query) bool {
	const proto, port, inode = 1, 2, 9
	return eachLine(q.task, "netlink", func(w [][]byte) bool {
		if len(w) <= inode {
			return false
		}
		if n, ok := parseUint32(w[inode], 10); !ok || n != q.inode {
			return false
		}
		p, ok1 := parseUint32(w[proto], 10)
		id, ok2 := parseUint32(w[port], 10)
		if !ok1 || !ok2 || p > 255 || id == 0 {
			return false
		}
		q.netlink(uint8(p), id)
		return true
	})
}
