package ptrace

import (
	"encoding/hex"
	"testing"
)

// TestLoadedAddress takes code and addresses from objdump.
func TestLoadedAddress(t *testing.T) {
	for _, c := range []struct {
		from func([]byte, uintptr) (uintptr, bool)
		code string
		pc   uintptr
		want uintptr // zero: none is loaded
	}{
		{ripAddress, "488d0d10000000cc", 0x1000, 0x1017},
		{ripAddress, "4c8d35f0ffffffcc", 0x1000, 0xff7},
		{ripAddress, "488d4c2410000000", 0x1000, 0},
		{adrpAddress, "6432009084800591", 0x7156c, 0x6bd160},
		{adrpAddress, "463200f0c6801f91", 0x71584, 0x6bc7e0},
		{adrpAddress, "462e00d0c6001291", 0x71590, 0x63b480},
		{adrpAddress, "e4ffffb084000091", 0x71590, 0x6e000},
		{adrpAddress, "643200908400059a", 0x7156c, 0},
		{adrpAddress, "64320090a5800591", 0x7156c, 0}, // another register
		{adrpAddress, "6432009084800591", 0x7156e, 0},
	} {
		code, err := hex.DecodeString(c.code)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := c.from(code, c.pc); got != c.want || ok != (c.want != 0) {
			t.Errorf("%s at %#x: %#x %v, want %#x", c.code, c.pc, got, ok, c.want)
		}
	}
}
