package decode

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Keys.
var keyCalls = []Call{
	{Name: "add_key", Args: []Arg{in("_type", strArg), in("_description", strArg), in("_payload", bufArg(3)), in("plen", ulongArg), in("ringid", keySerialArg)}},
	{Name: "request_key", Args: []Arg{in("_type", strArg), in("_description", strArg), in("_callout_info", strArg), in("destringid", keySerialArg)}},
	{Name: "keyctl", Args: []Arg{in("option", enumArg(xKeyctlCommands)), in("arg2", keyctlArg), in("arg3", keyctlArg), in("arg4", keyctlArg), in("arg5", keyctlArg)}},
}

// keySerialArg is the serial number of a key, or a name for one of the caller's own.
func keySerialArg(c *Ctx, i int) event.Value { return c.keySerialV(uint32(c.Arg(i))) }

func (c *Ctx) keySerialV(n uint32) event.Value {
	return event.Value{Form: event.FormEnumDec, Flags: event.FlagSigned, Num: uint64(int64(int32(n))), Table: xKeySpecial}
}

// keyctlCmds is what follows each command, at the index of its number.
var keyctlCmds = [...][]Decoder{
	{keySerialArg, intArg},                            // KEYCTL_GET_KEYRING_ID
	{strArg},                                          // KEYCTL_JOIN_SESSION_KEYRING
	{keySerialArg, bufArg(3), ulongArg},               // KEYCTL_UPDATE
	{keySerialArg},                                    // KEYCTL_REVOKE
	{keySerialArg, uidArg, uidArg},                    // KEYCTL_CHOWN
	{keySerialArg, flagsArg(xKeyPerms)},               // KEYCTL_SETPERM
	{keySerialArg, outArg(keyTextArg), ulongArg},      // KEYCTL_DESCRIBE
	{keySerialArg},                                    // KEYCTL_CLEAR
	{keySerialArg, keySerialArg},                      // KEYCTL_LINK
	{keySerialArg, keySerialArg},                      // KEYCTL_UNLINK
	{keySerialArg, strArg, strArg, keySerialArg},      // KEYCTL_SEARCH
	{keySerialArg, outArg(keyDataArg), ulongArg},      // KEYCTL_READ
	{keySerialArg, bufArg(3), ulongArg, keySerialArg}, // KEYCTL_INSTANTIATE
	{keySerialArg, uintArg, keySerialArg},             // KEYCTL_NEGATE
	{keyReqkeyArg},                                    // KEYCTL_SET_REQKEY_KEYRING
	{keySerialArg, uintArg},                           // KEYCTL_SET_TIMEOUT
	{keySerialArg},                                    // KEYCTL_ASSUME_AUTHORITY
	{keySerialArg, outArg(keyTextArg), ulongArg},      // KEYCTL_GET_SECURITY
	{}, // KEYCTL_SESSION_TO_PARENT
	{keySerialArg, uintArg, errnoArg, keySerialArg},   // KEYCTL_REJECT
	{keySerialArg, keyIovArg, ulongArg, keySerialArg}, // KEYCTL_INSTANTIATE_IOV
	{keySerialArg},         // KEYCTL_INVALIDATE
	{uidArg, keySerialArg}, // KEYCTL_GET_PERSISTENT
	{keyDHArg, outArg(keyDataArg), ulongArg, keyKDFArg},                   // KEYCTL_DH_COMPUTE
	{keySerialArg, keyAddrArg, strArg, outArg(keyQueryArg)},               // KEYCTL_PKEY_QUERY
	{keyPkeyArg("out_len"), strArg, keyPkeyDataArg(4), keyPkeyOutArg},     // KEYCTL_PKEY_ENCRYPT
	{keyPkeyArg("out_len"), strArg, keyPkeyDataArg(4), keyPkeyOutArg},     // KEYCTL_PKEY_DECRYPT
	{keyPkeyArg("out_len"), strArg, keyPkeyDataArg(4), keyPkeyOutArg},     // KEYCTL_PKEY_SIGN
	{keyPkeyArg("in2_len"), strArg, keyPkeyDataArg(4), keyPkeyDataArg(8)}, // KEYCTL_PKEY_VERIFY
	{keySerialArg, strArg, strArg},                                        // KEYCTL_RESTRICT_KEYRING
	{keySerialArg, keySerialArg, keySerialArg, flagsArg(xKeyMoveFlags)},   // KEYCTL_MOVE
	{outArg(keyCapsArg), ulongArg},                                        // KEYCTL_CAPABILITIES
}

func keyctlArg(c *Ctx, i int) event.Value {
	cmd := uint32(c.Arg(0))
	if int(cmd) >= len(keyctlCmds) {
		return hexArg(c, i)
	}
	if d := keyctlCmds[cmd]; i-1 < len(d) {
		return d[i-1](c, i)
	}
	return absent()
}

// keyTextArg is text that the kernel stored, with the NUL that it counts left out.
func keyTextArg(c *Ctx, i int) event.Value { return c.keyOutV(i, true) }

// keyDataArg is bytes that the kernel stored.
func keyDataArg(c *Ctx, i int) event.Value { return c.keyOutV(i, false) }

// keyOutV is a buffer that the kernel filled: it returns how long the whole was, and
// stores no more than the length that is the next argument.
func (c *Ctx) keyOutV(i int, text bool) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	v := c.bytesV(c.Arg(i), min(uint64(c.Ret), c.Arg(i+1)))
	if text && v.Form == event.FormString {
		v.Flags |= event.FlagTrimNUL
	}
	return v
}

func keyReqkeyArg(c *Ctx, i int) event.Value {
	return event.Value{Form: event.FormEnumDec, Flags: event.FlagSigned, Num: uint64(int64(int32(c.Arg(i)))), Table: xKeyReqkey}
}

func errnoArg(c *Ctx, i int) event.Value {
	n := uint32(c.Arg(i))
	if n > 0 && n < 1<<16 {
		if s := arch.ErrnoName(int(n)); s != "" {
			return event.Value{Form: event.FormEnumDec, Num: uint64(n), Str: s}
		}
	}
	return uintV(uint64(n))
}

func keyAddrArg(c *Ctx, i int) event.Value { return hexArg(c, i) }

// keyIovArg is the payload of a key in pieces.
func keyIovArg(c *Ctx, i int) event.Value {
	return c.iovecV(c.Arg(i), c.Arg(i+1), (*Ctx).bytesV)
}

// keyDHArg is a struct keyctl_dh_params.
func keyDHArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 12, func(c *Ctx, r *Rd) event.Value {
		priv, prime, base := c.keySerialV(uint32(r.U32())), c.keySerialV(uint32(r.U32())), c.keySerialV(uint32(r.U32()))
		return c.Struct(event.F("private", priv), event.F("prime", prime), event.F("base", base))
	})
}

// keyKDFArg is a struct keyctl_kdf_params, shown whatever -e verbose= says and even when
// the call failed.
func keyKDFArg(c *Ctx, i int) event.Value {
	w := c.Word()
	b, ok := []byte(nil), false
	if c.Arg(i) != 0 {
		b, ok = c.Read(c.Arg(i), 2*w+4+8*4)
	}
	if !ok {
		return addrArg(c, i)
	}
	r := c.Rd(b)
	hash, info, n := r.ULong(), r.ULong(), r.U32()
	f := c.Vals(4)[:0]
	f = append(f, event.F("hashname", c.strV(hash)), event.F("otherinfo", c.bytesV(info, n)), event.F("otherinfolen", uintV(n)))
	return event.Value{Form: event.FormStruct, Elem: c.appendSpare(f, &r, 8)}
}

// appendSpare appends n words that the kernel does not use yet, if any of them is set.
func (c *Ctx) appendSpare(f []event.Value, r *Rd, n int) []event.Value {
	spare := c.Vals(n)
	set := false
	for k := range spare {
		x := r.U32()
		spare[k] = hexV(x)
		set = set || x != 0
	}
	if !set {
		return f
	}
	v := event.Value{Form: event.FormArray, Elem: spare}
	if c.Abbrev && n > c.Opts.StrLen {
		v.Elem, v.Flags = spare[:c.Opts.StrLen], event.FlagCut
	}
	return append(f, event.F("__spare", v))
}

// inV is ptrV for a structure that the caller filled in, shown even when the call failed.
func inV(c *Ctx, addr uint64, n int, f func(c *Ctx, r *Rd) event.Value) event.Value {
	if addr == 0 || !c.Verbose {
		return addrV(addr)
	}
	b, ok := c.Read(addr, n)
	if !ok {
		return addrV(addr)
	}
	r := c.Rd(b)
	return f(c, &r)
}

// keyQueryArg is a struct keyctl_pkey_query.
func keyQueryArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 56, func(c *Ctx, r *Rd) event.Value {
		ops, size, data, sig, enc, dec := r.U32(), r.U32(), r.U16(), r.U16(), r.U16(), r.U16()
		f := c.Vals(7)[:0]
		f = append(f, event.F("supported_ops", c.flagsV(xKeyctlPkeySupports, ops)), event.F("key_size", uintV(size)),
			event.F("max_data_size", uintV(data)), event.F("max_sig_size", uintV(sig)),
			event.F("max_enc_size", uintV(enc)), event.F("max_dec_size", uintV(dec)))
		return event.Value{Form: event.FormStruct, Elem: c.appendSpare(f, r, 10)}
	})
}

const keyPkeySize = 40

// keyPkeyArg is a struct keyctl_pkey_params, whose third field has two names.
func keyPkeyArg(out string) Decoder {
	return func(c *Ctx, i int) event.Value {
		return c.ptrV(c.Arg(i), keyPkeySize, func(c *Ctx, r *Rd) event.Value {
			id, n, m := c.keySerialV(uint32(r.U32())), r.U32(), r.U32()
			f := c.Vals(4)[:0]
			f = append(f, event.F("key_id", id), event.F("in_len", uintV(n)), event.F(out, uintV(m)))
			return event.Value{Form: event.FormStruct, Elem: c.appendSpare(f, r, 7)}
		})
	}
}

// keyPkeyDataArg is a buffer whose length is at an offset in the parameters.
func keyPkeyDataArg(off int) Decoder {
	return func(c *Ctx, i int) event.Value {
		if !c.canFollow(c.Arg(1)) {
			return addrArg(c, i)
		}
		b, ok := c.Read(c.Arg(1), keyPkeySize)
		if !ok {
			return addrArg(c, i)
		}
		r := c.Rd(b)
		r.Skip(off)
		return c.bytesV(c.Arg(i), r.U32())
	}
}

// keyPkeyOutArg is what the kernel stored, if the parameters tell how much.
func keyPkeyOutArg(c *Ctx, i int) event.Value {
	if !c.Exit {
		if _, ok := c.Read(c.Arg(1), keyPkeySize); !ok || !c.Verbose {
			return addrArg(c, i)
		}
		return c.later()
	}
	return keyPkeyDataArg(8)(c, i)
}

// keyCapsArg is what the kernel can do, a byte at a time.
func keyCapsArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrArg(c, i)
	}
	n := min(uint64(c.Ret), c.Arg(i+1))
	k := 0
	return c.arrayV(c.Arg(i), n, 1, func(c *Ctx, r *Rd) event.Value {
		k++
		switch k {
		case 1:
			return c.flagsV(xKeyctlCapabilities0, r.U8())
		case 2:
			return c.flagsV(xKeyctlCapabilities1, r.U8())
		}
		return hexV(r.U8())
	})
}
