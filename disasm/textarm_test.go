package disasm

import (
	"debug/elf"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// armLib is the code of a library of Debian's libc6-arm64-cross and its like.
func armLib(t *testing.T, name string) []byte {
	t.Helper()
	f, err := elf.Open("/usr/aarch64-linux-gnu/lib/" + name)
	skipOn(t, "no arm64 "+name, err != nil)
	defer f.Close()
	code, err := f.Section(".text").Data()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestTextARM64 holds whole lines against objdump.
func TestTextARM64(t *testing.T) {
	for _, lib := range []string{"libc.so.6", "libm.so.6", "libstdc++.so.6"} {
		t.Run(lib, func(t *testing.T) {
			code := armLib(t, lib)
			if !*whole {
				code = code[:min(len(code), 300<<10)]
			}
			compareTexts(t, arch.ARM64, GNU, nil, code, 1)
		})
	}
}

// TestTemplatesARM64 draws words for every template.
func TestTemplatesARM64(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var code []byte
	for _, row := range armTemplates {
		for range 20 {
			code = binary.LittleEndian.AppendUint32(code, row.value|r.Uint32()&^row.mask)
		}
	}
	compareTexts(t, arch.ARM64, GNU, nil, code, 1)
}
