package step

import (
	"encoding/hex"
	"testing"
)

func TestInExclusive(t *testing.T) {
	// nop; ldxr x1, [x2]; add x1, x2, #1; stxr w0, x1, [x2]; cbnz w0; ret
	code, err := hex.DecodeString("1f2003d5" + "417c5fc8" + "41040091" + "417c00c8" + "a0ffff35" + "c0035fd6")
	if err != nil {
		t.Fatal(err)
	}
	want := []bool{false, false, true, true, false, false}
	for i, w := range want {
		if got := InExclusive(code, 0x401000, 0x401000+uint64(4*i)); got != w {
			t.Errorf("instruction %d: %v, want %v", i, got, w)
		}
	}
	if InExclusive(code, 0x401000, 0x400000) || InExclusive(code, 0x401000, 0x500000) {
		t.Error("outside of the function")
	}
}
