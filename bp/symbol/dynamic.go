package symbol

import "debug/elf"

// dynamicSymbols reads the dynamic symbol table of a file without section headers, which
// the dynamic linker does not need, by its dynamic segment (gABI, Dynamic Section).
func (f *File) dynamicSymbols() []sym {
	tags := f.dynamic()
	names, size := tags[elf.DT_STRTAB], tags[elf.DT_STRSZ]
	strs := f.bytesAt(names, size)
	n := f.countSymbols(tags)
	raw := f.bytesAt(tags[elf.DT_SYMTAB], n*uint64(f.symSize()))
	return f.readSymbols(raw, string(strs))
}

// dynamic is the entries of the dynamic segment.
func (f *File) dynamic() map[elf.DynTag]uint64 {
	tags := map[elf.DynTag]uint64{}
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_DYNAMIC {
			continue
		}
		c := cursor{b: f.bytesAt(p.Vaddr, min(p.Filesz, 1<<16)), order: f.elf.ByteOrder, ptr: f.ptrSize()}
		for {
			tag, value := elf.DynTag(c.address()), c.address()
			if c.bad || tag == elf.DT_NULL {
				break
			}
			tags[tag] = value
		}
		break
	}
	return tags
}

// bytesAt is what the file has at an address. The dynamic linker adds the bias to addresses
// in the dynamic segment, which shows where the file is read from memory.
func (f *File) bytesAt(addr, size uint64) []byte {
	off, ok := f.Offset(addr)
	if !ok {
		if off, ok = f.Offset(addr - f.bias); !ok {
			return nil
		}
	}
	const most = 1 << 28
	b := make([]byte, 0, min(size, 1<<16))
	for uint64(len(b)) < min(size, most) {
		chunk := make([]byte, min(size-uint64(len(b)), 1<<20))
		n, _ := f.r.ReadAt(chunk, int64(off)+int64(len(b)))
		b = append(b, chunk[:n]...)
		if n < len(chunk) {
			break
		}
	}
	return b
}

// countSymbols finds how many symbols there are: only the hash tables tell.
func (f *File) countSymbols(tags map[elf.DynTag]uint64) uint64 {
	if at := tags[elf.DT_HASH]; at != 0 {
		c := cursor{b: f.bytesAt(at, 8), order: f.elf.ByteOrder}
		c.u32()
		return uint64(c.u32())
	}
	at := tags[elf.DT_GNU_HASH]
	if at == 0 {
		return 0
	}
	c := cursor{b: f.bytesAt(at, 16), order: f.elf.ByteOrder}
	buckets, first, bloom := uint64(c.u32()), uint64(c.u32()), uint64(c.u32())
	at += 16 + bloom*uint64(f.ptrSize())
	c = cursor{b: f.bytesAt(at, buckets*4), order: f.elf.ByteOrder}
	var last uint64
	for !c.bad && c.pos < uint64(len(c.b)) {
		last = max(last, uint64(c.u32()))
	}
	if last < first {
		return first
	}
	return f.endOfChain(at+buckets*4, first, last)
}

// endOfChain is the number after the last symbol of a chain, whose value has its low bit set.
func (f *File) endOfChain(chains, first, last uint64) uint64 {
	const longest = 1 << 16
	c := cursor{b: f.bytesAt(chains+(last-first)*4, longest*4), order: f.elf.ByteOrder}
	for n := last; !c.bad; n++ {
		if c.u32()&1 != 0 {
			return n + 1
		}
	}
	return last
}
