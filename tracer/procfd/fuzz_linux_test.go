package procfd

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzText reads the texts of /proc that tell what a descriptor or a task is.
func FuzzText(f *testing.F) {
	f.Add([]byte("socket:[4026531840]"))
	f.Add([]byte("0100007F:0016"))
	f.Add([]byte("00000000000000000000000001000000:1F90"))
	f.Add([]byte("12:cpu,cpuacct:/a\n0::/b:c\n"))
	f.Add([]byte("Name:\tx\nPid:\t12\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := socketInode(b); ok && !bytes.HasPrefix(b, []byte("socket:[")) {
			t.Errorf("%q is socket %d", b, n)
		}
		if a, ok := hexAddrPort(b); ok && !a.IsValid() {
			t.Errorf("%q is an address without a family", b)
		}
		for _, part := range [][]byte{cgroupOf(b), field(b, "Pid:"), untilNUL(b)} {
			if !bytes.Contains(b, part) {
				t.Errorf("%q is not of %q", part, b)
			}
		}
	})
}

// FuzzDiag reads datagrams of sock_diag and the attributes in them.
func FuzzDiag(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, sockDiagByFamily, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0}, true)
	f.Add([]byte{20, 0, 0, 0, unix.NLMSG_ERROR, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, false)
	f.Fuzz(func(t *testing.T, b []byte, dump bool) {
		d := &diag{}
		if len(b) >= nlmsgHdr {
			d.seq = binary.NativeEndian.Uint32(b[8:])
		}
		flags := uint16(0)
		if dump {
			flags = unix.NLM_F_DUMP
		}
		total := 0
		end, failed := d.messages(b, flags, func(body []byte) {
			total += nlmsgHdr + len(body)
			attrs(body, func(_ uint16, data []byte) {
				if len(data) > len(body) {
					t.Errorf("an attribute of %d bytes in %d", len(data), len(body))
				}
			})
		})
		if total > len(b) || failed && !end {
			t.Errorf("%d bytes of messages in %d, failed %v, ended %v", total, len(b), failed, end)
		}
	})
}
