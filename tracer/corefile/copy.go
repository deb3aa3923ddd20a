package corefile

import "io"

// chunk is how much memory is read at a time: a multiple of every page size.
const chunk = 1 << 20

// copier copies memory into the file. What it leaves out reads as zeros there.
type copier struct {
	w    io.WriterAt
	src  Source
	page uint64
	buf  []byte
	end  uint64 // of what has been written, in the file
}

func (c *copier) copy(m *mapping) error {
	addr, end := m.start, m.start+m.dump
	for addr < end {
		to := end
		if m.anonymous() {
			if addr, to = c.src.Resident(addr, end); addr >= end {
				return nil
			}
		}
		for addr < to {
			b := c.buf[:min(to-addr, chunk)]
			n, _ := c.src.ReadAt(b, addr)
			if n = min(n, len(b)); n == 0 {
				addr += c.page // unreadable
				continue
			}
			if err := c.write(b[:n], m.at+addr-m.start); err != nil {
				return err
			}
			addr = (addr + uint64(n)) / c.page * c.page
			if uint64(n) < c.page {
				addr += c.page // a file's last page, cut short
			}
		}
	}
	return nil
}

// write writes runs of pages that are not zero.
func (c *copier) write(b []byte, at uint64) error {
	for len(b) > 0 {
		n := 0
		for n < len(b) && !zero(b[n:min(n+int(c.page), len(b))]) {
			n = min(n+int(c.page), len(b))
		}
		if n > 0 {
			if _, err := c.w.WriteAt(b[:n], int64(at)); err != nil {
				return err
			}
			c.end = at + uint64(n)
		} else {
			n = min(int(c.page), len(b))
		}
		b, at = b[n:], at+uint64(n)
	}
	return nil
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
