package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to SCSI devices.

var sgIoctls = []ioctlDec{
	{0x2201, one(4, i32), nil},        // SG_SET_TIMEOUT
	{0x2202, noArg, nil},              // SG_GET_TIMEOUT
	{0x2203, ioOut(one(4, i32)), nil}, // SG_EMULATED_HOST
	{0x2204, hex32Arg, nil},           // SG_SET_TRANSFORM
	{0x2205, ioOut(one(4, i32)), nil}, // SG_GET_TRANSFORM
	{0x2270, ioOut(one(4, i32)), nil}, // SG_GET_COMMAND_Q
	{0x2271, one(4, i32), nil},        // SG_SET_COMMAND_Q
	{0x2272, ioOut(one(4, i32)), nil}, // SG_GET_RESERVED_SIZE
	{0x2275, one(4, i32), nil},        // SG_SET_RESERVED_SIZE
	{0x2276, ioOut(structArg(32, field{"host_no", i32}, field{"channel", i32}, field{"scsi_id", x32}, field{"lun", i32},
		field{"scsi_type", x32}, field{"h_cmd_per_lun", i16}, field{"d_queue_depth", i16})), nil}, // SG_GET_SCSI_ID
	{0x2279, one(4, i32), nil},        // SG_SET_FORCE_LOW_DMA
	{0x227a, ioOut(one(4, i32)), nil}, // SG_GET_LOW_DMA
	{0x227b, one(4, i32), nil},        // SG_SET_FORCE_PACK_ID
	{0x227c, ioOut(one(4, i32)), nil}, // SG_GET_PACK_ID
	{0x227d, ioOut(one(4, i32)), nil}, // SG_GET_NUM_WAITING
	{0x227e, one(4, i32), nil},        // SG_SET_DEBUG
	{0x227f, ioOut(one(4, i32)), nil}, // SG_GET_SG_TABLESIZE
	{0x2282, ioOut(one(4, i32)), nil}, // SG_GET_VERSION_NUM
	{0x2283, one(4, i32), nil},        // SG_NEXT_CMD_LEN
	{0x2284, one(4, sgReset), nil},    // SG_SCSI_RESET
	{0x2285, sgIOArg, nil},            // SG_IO
	{0x2286, ioOut(structArg(24, field{"req_state", i8}, field{"orphan", i8}, field{"sg_io_owned", i8}, field{"problem", i8},
		field{"pack_id", i32}, field{"usr_ptr", adr}, field{"duration", u32})), nil}, // SG_GET_REQUEST_TABLE
	{0x2287, one(4, i32), nil},        // SG_SET_KEEP_ORPHAN
	{0x2288, ioOut(one(4, i32)), nil}, // SG_GET_KEEP_ORPHAN
	{0x2289, ioOut(one(4, i32)), nil}, // SG_GET_ACCESS_COUNT
}

func sgReset(c *Ctx, r *Rd) event.Value {
	const noEscalate = 0x100
	n := r.U32()
	if n&noEscalate == 0 {
		return c.enumV(xSgResets, n)
	}
	return event.Value{Form: event.FormOr, Num: n, Elem: c.list2(c.flagsV(xSgResetFlags, noEscalate), c.enumV(xSgResets, n&^noEscalate))}
}

// sgIOArg is a command in one of two formats, or something else. Both are decoded at exit,
// from what was there at entry and what the kernel added.
func sgIOArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	if !c.Exit {
		if !c.canFollow(addr) {
			return addrV(addr)
		}
		id, ok := c.U32(addr)
		size := 0
		switch id {
		case 'S':
			if size = 64; c.Word() == 8 {
				size = 88
			}
		case 'Q':
			size = 160
		}
		switch {
		case !ok:
			return addrV(addr)
		case size == 0:
			return c.Array(uintV(uint64(id)))
		}
		b, ok := c.Read(addr, size)
		if !ok {
			return addrV(addr)
		}
		c.SaveBytes(b)
		return c.later()
	}
	before := c.SavedBytes()
	after, ok := c.Read(addr, len(before))
	if !ok {
		after = before
	}
	if before[0] == 'Q' {
		return c.sgV4(before, after)
	}
	return c.sgV3(before, after)
}

// dataHex is bytes at an address, always in hexadecimal.
func (c *Ctx) dataHex(addr, n uint64) event.Value {
	v := c.bytesV(addr, n)
	if v.Form == event.FormString {
		v.Flags |= event.FlagHexStr
	}
	return v
}

// sgData is what a command sends or receives: a buffer or a vector.
func (c *Ctx) sgData(addr, n, vecs uint64) event.Value {
	if vecs == 0 {
		return c.dataHex(addr, n)
	}
	return c.iovUptoV(addr, vecs, n)
}

const (
	sgToDev     = 0xfffffffe // SG_DXFER_TO_DEV: -2
	sgFromDev   = 0xfffffffd
	sgToFromDev = 0xfffffffc
)

func (c *Ctx) sgV3(before, after []byte) event.Value {
	c.Exit = false // the memory behind it is read whether the call failed or not
	defer func() { c.Exit = true }()
	f := c.Vals(24)[:0]
	r := c.Rd(before)
	r.Skip(4)
	dir := r.U32()
	cmdLen, sbLen, vecs, n := r.U8(), r.U8(), r.U16(), r.U32()
	dxferp, cmdp, sbp := r.ULong(), r.ULong(), r.ULong()
	timeout, flags := r.U32(), r.U32()
	f = append(f, event.F("interface_id", wordV("'S'", 'S')), event.F("dxfer_direction", c.enumV(xSgDirections, dir)),
		event.F("cmd_len", uintV(cmdLen)), event.F("cmdp", c.dataHex(cmdp, cmdLen)), event.F("mx_sb_len", uintV(sbLen)),
		event.F("iovec_count", uintV(vecs)), event.F("dxfer_len", uintV(n)), event.F("timeout", uintV(timeout)),
		event.F("flags", c.flagsV(xSgFlags, flags)))
	if dir == sgToDev || dir == sgToFromDev {
		f = append(f, event.F("dxferp", c.sgData(dxferp, n, vecs)))
	}
	r = c.Rd(after)
	if r.Off = 44; r.Word == 8 {
		r.Off = 64
	}
	status, masked, msg, sbWr := r.U8(), r.U8(), r.U8(), r.U8()
	host, driver, resid, dur, info := r.U16(), r.U16(), r.S32(), r.U32(), r.U32()
	if dir == sgFromDev || dir == sgToFromDev {
		got := n
		if resid > 0 && uint64(resid) <= n {
			got = n - uint64(resid)
		}
		in := event.F("dxferp", c.sgData(dxferp, got, vecs))
		if dir == sgToFromDev {
			f[len(f)-1] = event.F("dxferp", c.Change(f[len(f)-1].Named(""), in))
		} else {
			f = append(f, in)
		}
	}
	f = append(f, event.F("status", hexV(status)), event.F("masked_status", hexV(masked)), event.F("msg_status", hexV(msg)),
		event.F("sb_len_wr", uintV(sbWr)), event.F("sbp", c.dataHex(sbp, sbWr)), event.F("host_status", hexV(host)),
		event.F("driver_status", hexV(driver)), event.F("resid", intV(resid)), event.F("duration", uintV(dur)),
		event.F("info", c.flagsV(xSgInfo, info)))
	return event.Value{Form: event.FormStruct, Elem: f}
}

func (c *Ctx) sgV4(before, after []byte) event.Value {
	c.Exit = false
	defer func() { c.Exit = true }()
	r := c.Rd(before)
	r.Skip(4)
	protocol, sub, reqLen := r.U32(), r.U32(), r.U32()
	req, tag := r.U64(), r.U64()
	attr, prio, extra, maxResp := r.U32(), r.U32(), r.U32(), r.U32()
	resp := r.U64()
	outVecs, outLen, inVecs, inLen := r.U32(), r.U32(), r.U32(), r.U32()
	outp, inp := r.U64(), r.U64()
	timeout, flags, usr := r.U32(), r.U32(), r.U64()
	r = c.Rd(after)
	r.Off = 108
	driver, transport, device, retry, info, dur, respLen := r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32()
	inResid, outResid, gen := r.S32(), r.S32(), r.U64()
	got := inLen
	if inResid > 0 && uint64(inResid) <= inLen {
		got = inLen - uint64(inResid)
	}
	return c.Struct(event.F("guard", wordV("'Q'", 'Q')), event.F("protocol", c.enumV(xBsgProtocols, protocol)),
		event.F("subprotocol", c.enumV(xBsgSubprotocols, sub)), event.F("request_len", uintV(reqLen)),
		event.F("request", c.dataHex(req, reqLen)), event.F("request_tag", hexV(tag)), event.F("request_attr", uintV(attr)),
		event.F("request_priority", uintV(prio)), event.F("request_extra", uintV(extra)), event.F("max_response_len", uintV(maxResp)),
		event.F("dout_iovec_count", uintV(outVecs)), event.F("dout_xfer_len", uintV(outLen)),
		event.F("din_iovec_count", uintV(inVecs)), event.F("din_xfer_len", uintV(inLen)),
		event.F("dout_xferp", c.sgData(outp, outLen, outVecs)), event.F("timeout", uintV(timeout)),
		event.F("flags", c.flagsV(xBsgFlags, flags)), event.F("usr_ptr", hexV(usr)),
		event.F("response_len", uintV(respLen)), event.F("response", c.dataHex(resp, respLen)),
		event.F("din_xferp", c.sgData(inp, got, inVecs)), event.F("driver_status", hexV(driver)),
		event.F("transport_status", hexV(transport)), event.F("device_status", hexV(device)), event.F("retry_delay", uintV(retry)),
		event.F("info", c.flagsV(xSgInfo, info)), event.F("duration", uintV(dur)), event.F("response_len", uintV(respLen)),
		event.F("din_resid", intV(inResid)), event.F("dout_resid", intV(outResid)), event.F("generated_tag", hexV(gen)))
}
