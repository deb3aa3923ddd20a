package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to virtual machines and their processors, see linux/kvm.h.

var kvmIoctls = []ioctlDec{
	{0xae03, enumLongArg(xKvmCapabilities), nil}, // KVM_CHECK_EXTENSION
	{0xae41, uintArg, nil},                       // KVM_CREATE_VCPU
	{0x4020ae46, structArg(32, field{"slot", u32}, field{"flags", flags32(xKvmMemoryFlags)}, field{"guest_phys_addr", x64},
		field{"memory_size", u64}, field{"userspace_addr", x64}), nil}, // KVM_SET_USER_MEMORY_REGION
	{0x4090ae82, ptr(144, kvmRegs), nil},         // KVM_SET_REGS
	{0x8090ae81, ioOut(ptr(144, kvmRegs)), nil},  // KVM_GET_REGS
	{0x4138ae84, ptr(312, kvmSregs), nil},        // KVM_SET_SREGS
	{0x8138ae83, ioOut(ptr(312, kvmSregs)), nil}, // KVM_GET_SREGS
	{0x4008ae90, kvmCPUIDArg, nil},               // KVM_SET_CPUID2
	{0xc008ae05, ioOut(kvmCPUIDArg), nil},        // KVM_GET_SUPPORTED_CPUID
	{0xc008ae09, ioOut(kvmCPUIDArg), nil},        // KVM_GET_EMULATED_CPUID
}

// kvmRegs is the general registers of an amd64 guest; an abbreviation has some of them.
func kvmRegs(c *Ctx, r *Rd) event.Value {
	more := func(*Ctx, *Rd) event.Value { return event.Value{Form: event.FormMore} }
	if c.Abbrev {
		return event.Value{Form: event.FormStruct, Elem: c.fieldsV(r, nil, []field{{"rax", x64}, {"", more}, at(48), {"rsp", x64},
			{"rbp", x64}, {"", more}, at(128), {"rip", x64}, {"rflags", x64}})}
	}
	return event.Value{Form: event.FormStruct, Elem: c.fieldsV(r, nil, []field{{"rax", x64}, {"rbx", x64}, {"rcx", x64}, {"rdx", x64},
		{"rsi", x64}, {"rdi", x64}, {"rsp", x64}, {"rbp", x64}, {"r8", x64}, {"r9", x64}, {"r10", x64}, {"r11", x64},
		{"r12", x64}, {"r13", x64}, {"r14", x64}, {"r15", x64}, {"rip", x64}, {"rflags", x64}})}
}

var (
	kvmSegment = structOf(0, field{"base", x64}, field{"limit", u32}, field{"selector", u16}, field{"type", u8}, field{"present", u8},
		field{"dpl", u8}, field{"db", u8}, field{"s", u8}, field{"l", u8}, field{"g", u8}, field{"avl", u8}, skip(2))
	kvmTable = structOf(0, field{"base", x64}, field{"limit", u16}, skip(6))
)

// kvmSregs is the special registers of an amd64 guest.
var kvmSregs = structOf(1, field{"cs", kvmSegment}, field{"ds", kvmSegment}, field{"es", kvmSegment}, field{"fs", kvmSegment},
	field{"gs", kvmSegment}, field{"ss", kvmSegment}, field{"tr", kvmSegment}, field{"ldt", kvmSegment}, field{"gdt", kvmTable},
	field{"idt", kvmTable}, field{"cr0", u64}, field{"cr2", u64}, field{"cr3", u64}, field{"cr4", u64}, field{"cr8", u64},
	field{"efer", u64}, field{"apic_base", x64}, field{"interrupt_bitmap", list(4, x64)})

// kvmCPUIDArg is what cpuid instructions of a guest answer; an abbreviation has their count.
func kvmCPUIDArg(c *Ctx, i int) event.Value {
	const head, entry = 8, 40
	return c.ptrV(c.Arg(i), head, func(c *Ctx, r *Rd) event.Value {
		n := r.U32()
		entries := event.Value{Form: event.FormArray, Flags: event.FlagCut}
		switch {
		case !c.Abbrev:
			entries = c.arrayV(c.Arg(2)+head, n, entry, structOf(0, field{"function", x32}, field{"index", x32}, field{"flags", flags32(xKvmCpuidFlags)},
				field{"eax", x32}, field{"ebx", x32}, field{"ecx", x32}, field{"edx", x32}))
		case n == 0:
			entries.Flags = 0
		}
		return c.Struct(event.F("nent", uintV(n)), event.F("entries", entries))
	})
}
