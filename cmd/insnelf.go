package cmd

import (
	"debug/elf"
	"errors"
	"io/fs"
	"sort"
	"strconv"

	"github.com/gotrace/gotrace/arch"
)

// elfFile is an ELF file of an architecture that can be decoded, with its functions.
type elfFile struct {
	*elf.File
	arch  *arch.Arch
	funcs []elf.Symbol // by address
}

func openELF(name string) (*elfFile, error) {
	f, err := elf.Open(name)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			return nil, plainf("Can't open '%s': %v", name, path.Err)
		}
		return nil, plainf("%s: %v", name, err)
	}
	machines := map[elf.Machine]*arch.Arch{elf.EM_X86_64: arch.AMD64, elf.EM_386: arch.I386, elf.EM_AARCH64: arch.ARM64}
	e := &elfFile{File: f, arch: machines[f.Machine]}
	if e.arch == nil {
		f.Close()
		return nil, plainf("%s: no decoder for %v", name, f.Machine)
	}
	static, _ := f.Symbols() // none in a stripped file
	dynamic, _ := f.DynamicSymbols()
	for _, s := range append(static, dynamic...) {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF {
			e.funcs = append(e.funcs, s)
		}
	}
	sort.SliceStable(e.funcs, func(i, j int) bool { return e.funcs[i].Value < e.funcs[j].Value })
	return e, nil
}

// symbol names the function around addr.
func (e *elfFile) symbol(addr uint64) (string, uint64) {
	i := sort.Search(len(e.funcs), func(i int) bool { return e.funcs[i].Value > addr })
	for i--; i >= 0; i-- {
		s := &e.funcs[i]
		if addr == s.Value || addr-s.Value < s.Size {
			return s.Name, s.Value
		}
		if i > 0 && e.funcs[i-1].Value != s.Value {
			break
		}
	}
	return "", 0
}

// find returns address and size (0 where it is not known) of a symbol or number.
func (e *elfFile) find(at string) (addr, size uint64, err error) {
	if at == "" {
		return e.Entry, 0, nil
	}
	for _, s := range e.funcs {
		if s.Name == at {
			return s.Value, s.Size, nil
		}
	}
	addr, err = strconv.ParseUint(at, 0, 64)
	if err != nil {
		return 0, 0, plainf("no function is called '%s'", at)
	}
	return addr, 0, nil
}

// fileCode reads n bytes of a file's code, or all of a symbol.
func fileCode(name, at string, n int) (insnCode, error) {
	e, err := openELF(name)
	if err != nil {
		return insnCode{}, err
	}
	defer e.Close()
	addr, size, err := e.find(at)
	if err != nil {
		return insnCode{}, err
	}
	if size > 0 {
		n = int(min(size, 1<<30))
	}
	for _, p := range e.Progs {
		if p.Type != elf.PT_LOAD || addr < p.Vaddr || addr-p.Vaddr >= p.Filesz {
			continue
		}
		code := make([]byte, min(uint64(n), p.Filesz-(addr-p.Vaddr)))
		if _, err := p.ReadAt(code, int64(addr-p.Vaddr)); err != nil {
			return insnCode{}, plainf("%s: %v", name, err)
		}
		return insnCode{arch: e.arch, code: code, addr: addr, whole: size > 0, symbol: e.symbol}, nil
	}
	return insnCode{}, plainf("%s has nothing at %#x", name, addr)
}
