package corefile

import "testing"

func FuzzMaps(f *testing.F) {
	f.Add([]byte("555555554000-555555556000 r-xp 00001000 fe:00 1234    /bin/a b\\012c\nSize: 8 kB\nAnonymous: 0 kB\nVmFlags: rd ex mr sh\n"))
	f.Add([]byte("7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0    [stack]\nSwap:  4 kB\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, m := range parseMaps(text) {
			if m.end < m.start {
				t.Errorf("%q: a mapping from %#x to %#x", text, m.start, m.end)
			}
		}
	})
}
