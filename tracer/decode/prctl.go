package decode

import "github.com/gotrace/gotrace/tracer/event"

// prctl, arch_prctl, personality.
var prctlCalls = []Call{
	{Name: "prctl", Args: []Arg{in("option", enumArg(xPrctlOptions)), in("arg2", prctlArg), in("arg3", prctlArg), in("arg4", prctlArg), in("arg5", prctlArg)}, Aux: prctlAux, RetFn: prctlRet},
	{Name: "arch_prctl", Args: []Arg{in("option", enumArg(xArchPrctlCodes)), in("arg2", archPrctlArg)}, RetFn: archPrctlRet, Aux: archPrctlAux},
	{Name: "personality", Args: []Arg{in("personality", personalityArg)}, Ret: RetHex, Aux: personalityAux},
}

// prctlOpt says what an option's arguments are. Those that it does not have are not
// shown; hex shows those from the number of args on, as for an unknown option.
type prctlOpt struct {
	code uint64
	args []Decoder
	hex  bool
	ret  func(c *Ctx) event.Value // how the return value is shown, if not in decimal
	aux  func(c *Ctx) event.Value // what it means
}

// prctlOpts ascends by code, as prctlFind expects.
var prctlOpts = []prctlOpt{
	{code: 1, args: []Decoder{prctlSigArg}},                          // PR_SET_PDEATHSIG
	{code: 2, args: []Decoder{outArg(sigPtrArg)}},                    // PR_GET_PDEATHSIG
	{code: 3, aux: prctlAuxEnum(xPrctlDumpable)},                     // PR_GET_DUMPABLE
	{code: 4, args: []Decoder{enumLongArg(xPrctlDumpable)}},          // PR_SET_DUMPABLE
	{code: 5, args: []Decoder{outArg(prctlFlagsPtr(xPrctlUnalign))}}, // PR_GET_UNALIGN
	{code: 6, args: []Decoder{flagsArg(xPrctlUnalign)}},              // PR_SET_UNALIGN
	{code: 7},                            // PR_GET_KEEPCAPS
	{code: 8, args: []Decoder{ulongArg}}, // PR_SET_KEEPCAPS
	{code: 9, args: []Decoder{outArg(uintPtrArg)}},       // PR_GET_FPEMU
	{code: 10, args: []Decoder{ulongArg}},                // PR_SET_FPEMU
	{code: 11, args: []Decoder{outArg(uintPtrArg)}},      // PR_GET_FPEXC
	{code: 12, args: []Decoder{ulongArg}},                // PR_SET_FPEXC
	{code: 13},                                           // PR_GET_TIMING
	{code: 14, args: []Decoder{ulongArg}},                // PR_SET_TIMING
	{code: 15, args: []Decoder{prctlNameArg}},            // PR_SET_NAME
	{code: 16, args: []Decoder{outArg(prctlNameOutArg)}}, // PR_GET_NAME
	{code: 19, args: []Decoder{outArg(uintPtrArg)}},      // PR_GET_ENDIAN
	{code: 20, args: []Decoder{ulongArg}},                // PR_SET_ENDIAN
	{code: 21},                                           // PR_GET_SECCOMP
	{code: 22, args: []Decoder{enumLongArg(xSeccompModes), prctlSeccompArg, prctlSeccompRest, prctlSeccompRest}}, // PR_SET_SECCOMP
	{code: 23, args: []Decoder{enumLongArg(xCaps)}},                                                              // PR_CAPBSET_READ
	{code: 24, args: []Decoder{enumLongArg(xCaps)}},                                                              // PR_CAPBSET_DROP
	{code: 25, args: []Decoder{outArg(prctlTscPtr)}},                                                             // PR_GET_TSC
	{code: 26, args: []Decoder{enumArg(xPrctlTsc)}},                                                              // PR_SET_TSC
	{code: 27, ret: prctlRetHex, aux: prctlAuxFlags(xSecureBits)},                                                // PR_GET_SECUREBITS
	{code: 28, args: []Decoder{flagsLongArg(xSecureBits)}},                                                       // PR_SET_SECUREBITS
	{code: 29, args: []Decoder{longArg}},                                                                         // PR_SET_TIMERSLACK
	{code: 30},                                                                                                   // PR_GET_TIMERSLACK
	{code: 31},                                                                                                   // PR_TASK_PERF_EVENTS_DISABLE
	{code: 32},                                                                                                   // PR_TASK_PERF_EVENTS_ENABLE
	{code: 33, args: []Decoder{enumLongArg(xPrctlMceKill), prctlMceArg}, hex: true},                              // PR_MCE_KILL
	{code: 34, hex: true, aux: prctlAuxEnum(xPrctlMceKillPolicy)},                                                // PR_MCE_KILL_GET
	{code: 35, args: []Decoder{enumArg(xPrctlSetMm)}, hex: true},                                                 // PR_SET_MM
	{code: 36, args: []Decoder{ulongArg}},                                                                        // PR_SET_CHILD_SUBREAPER
	{code: 37, args: []Decoder{outArg(uintPtrArg)}},                                                              // PR_GET_CHILD_SUBREAPER
	{code: 38, args: []Decoder{ulongArg}, hex: true},                                                             // PR_SET_NO_NEW_PRIVS
	{code: 39, hex: true},                                                                                        // PR_GET_NO_NEW_PRIVS
	{code: 40, args: []Decoder{outArg(addrPtrArg)}},                                                              // PR_GET_TID_ADDRESS
	{code: 41, args: []Decoder{ulongArg}, hex: true},                                                             // PR_SET_THP_DISABLE
	{code: 42, hex: true},                                                                                        // PR_GET_THP_DISABLE
	{code: 43, hex: true},                                                                                        // PR_MPX_ENABLE_MANAGEMENT
	{code: 44, hex: true},                                                                                        // PR_MPX_DISABLE_MANAGEMENT
	{code: 45, args: []Decoder{flagsArg(xPrctlFpMode)}},                                                          // PR_SET_FP_MODE
	{code: 46, ret: prctlRetHex, aux: prctlAuxFlags(xPrctlFpMode)},                                               // PR_GET_FP_MODE
	{code: 47, args: []Decoder{enumLongArg(xPrctlCapAmbient), prctlAmbientArg}, hex: true},                       // PR_CAP_AMBIENT
	{code: 50, args: []Decoder{prctlVLArg(xPrctlSveFlags)}, ret: prctlRetHex, aux: prctlAuxVL(xPrctlSveFlags)}, // PR_SVE_SET_VL
	{code: 51, ret: prctlRetHex, aux: prctlAuxVL(xPrctlSveFlags)},                                              // PR_SVE_GET_VL
	{code: 52, args: []Decoder{enumLongArg(xPrctlSpec)}, ret: prctlRetSpec, aux: prctlAuxSpec},                 // PR_GET_SPECULATION_CTRL
	{code: 53, args: []Decoder{enumLongArg(xPrctlSpec), prctlSpecArg}},                                         // PR_SET_SPECULATION_CTRL
	{code: 54, args: []Decoder{flagsLongArg(xPrctlPacKeys)}, hex: true},                                        // PR_PAC_RESET_KEYS
	{code: 55, args: []Decoder{prctlTaggedArg}, hex: true},                                                     // PR_SET_TAGGED_ADDR_CTRL
	{code: 56, hex: true, ret: prctlRetHex, aux: prctlAuxTagged},                                               // PR_GET_TAGGED_ADDR_CTRL
	{code: 57, args: []Decoder{ulongArg}, hex: true},                                                           // PR_SET_IO_FLUSHER
	{code: 58, hex: true}, // PR_GET_IO_FLUSHER
	{code: 59, args: []Decoder{enumLongArg(xPrctlDispatch), hexArg, hexArg, addrArg}},                              // PR_SET_SYSCALL_USER_DISPATCH
	{code: 60, args: []Decoder{flagsLongArg(xPrctlPacEnabledKeys), flagsLongArg(xPrctlPacEnabledKeys)}, hex: true}, // PR_PAC_SET_ENABLED_KEYS
	{code: 61, hex: true, ret: prctlRetHex, aux: prctlAuxFlags(xPrctlPacEnabledKeys)},                              // PR_PAC_GET_ENABLED_KEYS
	{code: 62, args: []Decoder{enumArg(xPrctlSchedCore), pidArg, prctlPidTypeArg, prctlCookieArg}},                 // PR_SCHED_CORE
	{code: 63, args: []Decoder{prctlVLArg(xPrctlSmeFlags)}, ret: prctlRetHex, aux: prctlAuxVL(xPrctlSmeFlags)},     // PR_SME_SET_VL
	{code: 64, ret: prctlRetHex, aux: prctlAuxVL(xPrctlSmeFlags)},                                                  // PR_SME_GET_VL
	{code: prSetVMA, args: []Decoder{enumLongArg(xPrctlVma), prctlVMAArg, prctlVMAArg, prctlVMAArg}},
	{code: 0x59616d61, args: []Decoder{prctlTracerArg}}, // PR_SET_PTRACER
}

const prSetVMA = 0x53564d41

// prctlFind returns what is known of the call's option, or nil.
func prctlFind(c *Ctx) *prctlOpt {
	code := uint64(uint32(c.Arg(0)))
	lo, hi := 0, len(prctlOpts)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if prctlOpts[m].code < code {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(prctlOpts) && prctlOpts[lo].code == code {
		return &prctlOpts[lo]
	}
	return nil
}

func prctlArg(c *Ctx, i int) event.Value {
	o := prctlFind(c)
	switch {
	case o == nil:
		return hexArg(c, i)
	case i-1 < len(o.args):
		return o.args[i-1](c, i)
	case o.hex:
		return hexArg(c, i)
	}
	return absent()
}

func prctlRet(c *Ctx) event.Value {
	if o := prctlFind(c); o != nil && o.ret != nil {
		return o.ret(c)
	}
	return c.plainRet(RetUint)
}

func prctlAux(c *Ctx) event.Value {
	if o := prctlFind(c); o != nil && o.aux != nil && !c.Failed() {
		return o.aux(c)
	}
	return absent()
}

func prctlRetHex(c *Ctx) event.Value { return hexV(uint64(c.Ret)) }

func prctlAuxEnum(t *event.Table) func(c *Ctx) event.Value {
	return func(c *Ctx) event.Value {
		name := t.Find(uint64(c.Ret))
		if name == "" {
			return absent()
		}
		v := symV(name, uint64(c.Ret))
		v.Flags = event.FlagWord
		return v
	}
}

func prctlAuxFlags(t *event.Table) func(c *Ctx) event.Value {
	return func(c *Ctx) event.Value {
		if t.Known(uint64(c.Ret)) == 0 {
			return absent()
		}
		return auxFlags(c.flagsV(t, uint64(c.Ret)))
	}
}

// auxFlags marks flags that are named whatever -X says, or not shown at all.
func auxFlags(v event.Value) event.Value {
	v.Flags |= event.FlagWord
	return v
}

// prctlSigArg is a signal's number in an unsigned long.
func prctlSigArg(c *Ctx, i int) event.Value { return sigOrUintV(c.Arg(i)) }

func sigPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(signalV(int32(r.S32()))) })
}

func prctlFlagsPtr(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value {
		return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.flagsV(t, r.U32())) })
	}
}

func prctlTscPtr(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.enumV(xPrctlTsc, r.U32())) })
}

// commSize is the size of a task's name, its NUL included.
const commSize = 16

func prctlNameArg(c *Ctx, i int) event.Value { return c.nameV(c.Arg(i), commSize-1) }

func prctlNameOutArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.nameV(c.Arg(i), commSize)
}

// nameV is a string of at most limit bytes, and of no more than -s says.
func (c *Ctx) nameV(addr uint64, limit int) event.Value {
	if addr == 0 {
		return addrV(0)
	}
	s, nul, ok := c.CString(addr, limit)
	if !ok {
		return addrV(addr)
	}
	v := dataV(s)
	if n := c.Opts.StrLen; len(s) > n {
		v.Data, nul = s[:n], false
	}
	if !nul {
		v.Flags |= event.FlagCut
	}
	return v
}

const seccompModeStrict, seccompModeFilter = 1, 2

// prctlSeccompArg is the filter of PR_SET_SECCOMP.
func prctlSeccompArg(c *Ctx, i int) event.Value {
	switch c.Arg(1) {
	case seccompModeStrict:
		return absent()
	case seccompModeFilter:
		return c.seccompFprogV(c.Arg(i))
	}
	return hexArg(c, i)
}

func prctlSeccompRest(c *Ctx, i int) event.Value {
	if m := c.Arg(1); m == seccompModeStrict || m == seccompModeFilter {
		return absent()
	}
	return hexArg(c, i)
}

func prctlMceArg(c *Ctx, i int) event.Value {
	const set = 1
	if c.Arg(1) == set {
		return c.enumV(xPrctlMceKillPolicy, c.Arg(i))
	}
	return hexArg(c, i)
}

func prctlAmbientArg(c *Ctx, i int) event.Value {
	const isSet, lower = 1, 3
	if op := c.Arg(1); op >= isSet && op <= lower {
		return c.enumV(xCaps, c.Arg(i))
	}
	return hexArg(c, i)
}

// prctlVLArg is a vector length with flags above it.
func prctlVLArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.vlV(t, c.Arg(i)) }
}

func prctlAuxVL(t *event.Table) func(c *Ctx) event.Value {
	return func(c *Ctx) event.Value {
		const mask = 0xffff
		if uint64(c.Ret)&^mask == 0 {
			return absent()
		}
		return c.vlV(t, uint64(c.Ret))
	}
}

func (c *Ctx) vlV(t *event.Table, n uint64) event.Value {
	const mask = 0xffff
	if n&^mask == 0 {
		return hexV(n)
	}
	v := c.Or(c.flagsV(t, n&^mask), hexV(n&mask))
	v.Num = n
	return v
}

func prctlRetSpec(c *Ctx) event.Value {
	if xPrctlSpec.Find(c.Arg(1)) == "" {
		return c.plainRet(RetUint)
	}
	return hexV(uint64(c.Ret))
}

func prctlAuxSpec(c *Ctx) event.Value {
	if c.Ret == 0 {
		return symV("PR_SPEC_NOT_AFFECTED", 0)
	}
	if xPrctlSpecGet.Known(uint64(c.Ret)) == 0 {
		return absent()
	}
	return auxFlags(c.flagsV(xPrctlSpecGet, uint64(c.Ret)))
}

func prctlSpecArg(c *Ctx, i int) event.Value {
	if xPrctlSpec.Find(c.Arg(1)) == "" {
		return hexArg(c, i)
	}
	return c.enumV(xPrctlSpecSet, c.Arg(i))
}

func prctlTaggedArg(c *Ctx, i int) event.Value { return c.taggedAddrV(c.Arg(i)) }

func prctlAuxTagged(c *Ctx) event.Value { return auxFlags(c.taggedAddrV(uint64(c.Ret))) }

// taggedAddrV is the tagged address control of arm64: on or off, how tag check
// faults are reported, and the mask of tags that are generated.
func (c *Ctx) taggedAddrV(n uint64) event.Value {
	const enable, tcf, tagShift, tag = 1, 0x6, 3, 0xffff << 3
	on := symV("PR_TAGGED_ADDR_ENABLE", enable)
	if n&enable == 0 {
		on = symV("!PR_TAGGED_ADDR_ENABLE", 0)
	}
	mode := c.enumV(xPrctlMteTcf, n&tcf)
	var tags, rest event.Value
	if m := n & tag; m != 0 {
		tags = event.Value{Form: event.FormShift, Num: m, Elem: c.list2(hexV(m>>tagShift), symV("PR_MTE_TAG_SHIFT", tagShift))}
	}
	if m := n &^ (enable | tcf | tag); m != 0 {
		rest = hexV(m)
	}
	v := c.Or(on, mode, tags, rest)
	v.Num, v.Flags = n, event.FlagZero
	return v
}

func prctlPidTypeArg(c *Ctx, i int) event.Value {
	v := c.enumV(xPrctlPidTypes, uint64(uint32(c.Arg(i))))
	v.Flags |= event.FlagVerbose
	return v
}

// prctlCookieArg is where PR_SCHED_CORE_GET stores a cookie.
func prctlCookieArg(c *Ctx, i int) event.Value {
	if uint32(c.Arg(1)) != 0 {
		return addrArg(c, i)
	}
	if !c.Exit {
		return c.later()
	}
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value { return c.Array(hexV(r.U64())) })
}

func prctlVMAArg(c *Ctx, i int) event.Value {
	const anonName = 0
	const addr, size, name = 2, 3, 4
	switch {
	case c.Arg(1) != anonName || i == addr:
		return hexArg(c, i)
	case i == size:
		return ulongArg(c, i)
	}
	return strArg(c, i)
}

func prctlTracerArg(c *Ctx, i int) event.Value {
	if int32(c.Arg(i)) == -1 {
		return event.Value{Form: event.FormEnumDec, Flags: event.FlagSigned, Num: ^uint64(0), Str: "PR_SET_PTRACER_ANY"}
	}
	return pidArg(c, i)
}

// Codes of arch_prctl.
const (
	archGetFS             = 0x1003
	archGetGS             = 0x1004
	archGetCPUID          = 0x1011
	archGetXcompSupp      = 0x1021
	archGetXcompPerm      = 0x1022
	archReqXcompPerm      = 0x1023
	archGetXcompGuestPerm = 0x1024
	archReqXcompGuestPerm = 0x1025
)

func archPrctlArg(c *Ctx, i int) event.Value {
	switch uint32(c.Arg(0)) {
	case archGetFS, archGetGS:
		if !c.Exit {
			return c.later()
		}
		return c.ptrV(c.Arg(i), c.Word(), func(c *Ctx, r *Rd) event.Value { return c.Array(addrV(r.ULong())) })
	case archGetCPUID:
		return absent()
	case archGetXcompSupp, archGetXcompPerm, archGetXcompGuestPerm:
		if !c.Exit {
			return c.later()
		}
		return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
			v := c.flagsV(xXfeatureMasks, r.U64())
			v.Flags |= event.FlagVerbose
			return c.Array(v)
		})
	case archReqXcompPerm, archReqXcompGuestPerm:
		v := c.enumV(xXfeatures, c.Arg(i))
		v.Flags |= event.FlagVerbose
		return v
	}
	return hexArg(c, i)
}

func archReqXcomp(c *Ctx) bool {
	o := uint32(c.Arg(0))
	return o == archReqXcompPerm || o == archReqXcompGuestPerm
}

func archPrctlRet(c *Ctx) event.Value {
	if archReqXcomp(c) {
		return hexV(uint64(c.Ret))
	}
	return c.plainRet(RetUint)
}

func archPrctlAux(c *Ctx) event.Value {
	if !archReqXcomp(c) || c.Failed() || xXfeatureMasks.Known(uint64(c.Ret)) == 0 {
		return absent()
	}
	return auxFlags(c.flagsV(xXfeatureMasks, uint64(c.Ret)))
}

func personalityArg(c *Ctx, i int) event.Value { return c.personalityV(uint32(c.Arg(i))) }

func personalityAux(c *Ctx) event.Value {
	if c.Failed() {
		return absent()
	}
	return c.personalityV(uint32(c.Ret))
}

// personalityV is a personality: a kind in the low byte, and flags. All ones ask for
// the present one.
func (c *Ctx) personalityV(n uint32) event.Value {
	const ask = 0xffffffff
	if n == ask {
		return hexV(ask)
	}
	kind := c.enumV(xPersonalityTypes, uint64(n&0xff))
	if n&^0xff == 0 {
		return kind
	}
	v := c.Or(kind, c.flagsV(xPersonalityFlags, uint64(n&^0xff)))
	v.Num, v.Flags = uint64(n), event.FlagParts
	return v
}
