package decode

import "strconv"

// bpfCmds is the attributes by command, laid out as in <linux/bpf.h>.
var bpfCmds = [...]bpfCmd{
	0: {size: 72, fields: []bpfField{ // BPF_MAP_CREATE
		{name: "map_type", off: 0, dec: bpfEnum(xBpfMapTypes)},
		{name: "key_size", off: 4, dec: bpfUint},
		{name: "value_size", off: 8, dec: bpfUint},
		{name: "max_entries", off: 12, dec: bpfUint},
		{name: "map_flags", off: 16, dec: bpfFlags(xBpfMapFlags), opt: true},
		{name: "inner_map_fd", off: 20, dec: bpfFD, opt: true},
		{name: "numa_node", off: 24, dec: bpfNumaNode, opt: true},
		{name: "map_name", off: 28, dec: bpfName(28), opt: true},
		{name: "map_ifindex", off: 44, dec: bpfIfindex, opt: true},
		{name: "btf_fd", off: 48, dec: bpfFD, opt: true},
		{name: "btf_key_type_id", off: 52, dec: bpfUint, opt: true},
		{name: "btf_value_type_id", off: 56, dec: bpfUint, opt: true},
		{name: "btf_vmlinux_value_type_id", off: 60, dec: bpfUint, opt: true},
		{name: "map_extra", off: 64, dec: bpfMapExtra, wide: true, opt: true},
	}},
	1: {size: 32, fields: bpfLookup},                                                                           // BPF_MAP_LOOKUP_ELEM
	2: {size: 32, fields: bpfElem("value", bpfEnum(xBpfMapUpdateFlags), false)},                                // BPF_MAP_UPDATE_ELEM
	3: {size: 16, fields: bpfKey},                                                                              // BPF_MAP_DELETE_ELEM
	4: {size: 24, fields: append(bpfKey[:2:2], bpfField{name: "next_key", off: 16, dec: bpfAddr, wide: true})}, // BPF_MAP_GET_NEXT_KEY
	5: {size: 128, fields: []bpfField{ // BPF_PROG_LOAD
		{name: "prog_type", off: 0, dec: bpfEnum(xBpfProgTypes)},
		{name: "insn_cnt", off: 4, dec: bpfUint},
		{name: "insns", off: 8, dec: bpfInsns, wide: true},
		{name: "license", off: 16, dec: bpfStr, wide: true},
		{name: "log_level", off: 24, dec: bpfUint, opt: true},
		{name: "log_size", off: 28, dec: bpfUint, opt: true},
		{name: "log_buf", off: 32, dec: bpfText(28), wide: true, opt: true},
		{name: "kern_version", off: 40, dec: bpfKernVersion, opt: true},
		{name: "prog_flags", off: 44, dec: bpfFlags(xBpfProgFlags), opt: true},
		{name: "prog_name", off: 48, dec: bpfName(48), opt: true},
		{name: "prog_ifindex", off: 64, dec: bpfIfindex, opt: true},
		{name: "expected_attach_type", off: 68, dec: bpfEnum(xBpfAttachTypes), opt: true},
		{name: "prog_btf_fd", off: 72, dec: bpfFD, opt: true},
		{name: "func_info_rec_size", off: 76, dec: bpfUint, opt: true},
		{name: "func_info", off: 80, dec: bpfAddr, wide: true, opt: true},
		{name: "func_info_cnt", off: 88, dec: bpfUint, opt: true},
		{name: "line_info_rec_size", off: 92, dec: bpfUint, opt: true},
		{name: "line_info", off: 96, dec: bpfAddr, wide: true, opt: true},
		{name: "line_info_cnt", off: 104, dec: bpfUint, opt: true},
		{name: "attach_btf_id", off: 108, dec: bpfUint, opt: true},
		{name: "attach_prog_fd", off: 112, dec: bpfFD, opt: true},
		{name: "fd_array", off: 120, dec: bpfAddr, wide: true, opt: true},
	}},
	6: {size: 16, fields: bpfObj}, // BPF_OBJ_PIN
	7: {size: 16, fields: bpfObj}, // BPF_OBJ_GET
	8: {size: 20, fields: []bpfField{ // BPF_PROG_ATTACH
		{name: "target_fd", off: 0, dec: bpfFD},
		{name: "attach_bpf_fd", off: 4, dec: bpfFD},
		{name: "attach_type", off: 8, dec: bpfEnum(xBpfAttachTypes)},
		{name: "attach_flags", off: 12, dec: bpfFlags(xBpfAttachFlags)},
		{name: "replace_bpf_fd", off: 16, dec: bpfFD, opt: true},
	}},
	9: {size: 12, fields: []bpfField{ // BPF_PROG_DETACH
		{name: "target_fd", off: 0, dec: bpfFD},
		{name: "attach_type", off: 8, dec: bpfEnum(xBpfAttachTypes)},
	}},
	10: {inner: "test", size: 76, fields: []bpfField{ // BPF_PROG_TEST_RUN
		{name: "prog_fd", off: 0, dec: bpfFD},
		{name: "retval", off: 4, dec: bpfUint},
		{name: "data_size_in", off: 8, dec: bpfUint},
		{name: "data_size_out", off: 12, dec: bpfUint},
		{name: "data_in", off: 16, dec: bpfAddr, wide: true},
		{name: "data_out", off: 24, dec: bpfAddr, wide: true},
		{name: "repeat", off: 32, dec: bpfUint},
		{name: "duration", off: 36, dec: bpfUint},
		{name: "ctx_size_in", off: 40, dec: bpfUint, opt: true},
		{name: "ctx_size_out", off: 44, dec: bpfUint, opt: true},
		{name: "ctx_in", off: 48, dec: bpfAddr, wide: true, opt: true},
		{name: "ctx_out", off: 56, dec: bpfAddr, wide: true, opt: true},
		{name: "flags", off: 64, dec: bpfFlags(xBpfTestRunFlags), opt: true},
		{name: "cpu", off: 68, dec: bpfUint, opt: true},
		{name: "batch_size", off: 72, dec: bpfUint, opt: true},
	}},
	11: {size: 12, out: true, changes: 4, fields: bpfNextID}, // BPF_PROG_GET_NEXT_ID
	12: {size: 12, out: true, changes: 4, fields: bpfNextID}, // BPF_MAP_GET_NEXT_ID
	13: {size: 12, fields: bpfID("prog_id")},                 // BPF_PROG_GET_FD_BY_ID
	14: {size: 12, fields: bpfID("map_id")},                  // BPF_MAP_GET_FD_BY_ID
	15: {inner: "info", size: 16, out: true, changes: 4, fields: []bpfField{ // BPF_OBJ_GET_INFO_BY_FD
		{name: "bpf_fd", off: 0, dec: bpfFD},
		{name: "info_len", off: 4, dec: bpfChanged},
		{name: "info", off: 8, dec: bpfInfo, wide: true},
	}},
	16: {inner: "query", size: 28, out: true, changes: 24, fields: []bpfField{ // BPF_PROG_QUERY
		{name: "target_fd", off: 0, dec: bpfFD},
		{name: "attach_type", off: 4, dec: bpfEnum(xBpfAttachTypes)},
		{name: "query_flags", off: 8, dec: bpfFlags(xBpfQueryFlags)},
		{name: "attach_flags", off: 12, dec: bpfFlags(xBpfAttachFlags)},
		{name: "prog_ids", off: 16, dec: bpfProgIDs, wide: true},
		{name: "prog_cnt", off: 24, dec: bpfChanged},
	}},
	17: {inner: "raw_tracepoint", size: 12, fields: []bpfField{ // BPF_RAW_TRACEPOINT_OPEN
		{name: "name", off: 0, dec: bpfStr, wide: true},
		{name: "prog_fd", off: 8, dec: bpfFD},
	}},
	18: {size: 28, fields: []bpfField{ // BPF_BTF_LOAD
		{name: "btf", off: 0, dec: bpfBuf(16), wide: true},
		{name: "btf_log_buf", off: 8, dec: bpfAddr, wide: true},
		{name: "btf_size", off: 16, dec: bpfUint},
		{name: "btf_log_size", off: 20, dec: bpfUint},
		{name: "btf_log_level", off: 24, dec: bpfUint},
	}},
	19: {size: 4, fields: []bpfField{{name: "btf_id", off: 0, dec: bpfUint}}}, // BPF_BTF_GET_FD_BY_ID
	20: {inner: "task_fd_query", size: 48, out: true, changes: 12, fields: []bpfField{ // BPF_TASK_FD_QUERY
		{name: "pid", off: 0, dec: bpfPID},
		{name: "fd", off: 4, dec: bpfTaskFD},
		{name: "flags", off: 8, dec: bpfUint},
		{name: "buf_len", off: 12, dec: bpfChanged},
		{name: "buf", off: 16, dec: bpfText(12), wide: true},
		{name: "prog_id", off: 24, dec: bpfUint},
		{name: "fd_type", off: 28, dec: bpfEnum(xBpfFdTypes)},
		{name: "probe_offset", off: 32, dec: bpfHex, wide: true},
		{name: "probe_addr", off: 40, dec: bpfHex, wide: true},
	}},
	21: {size: 32, fields: bpfLookup},                                       // BPF_MAP_LOOKUP_AND_DELETE_ELEM
	22: {size: 4, fields: []bpfField{{name: "map_fd", off: 0, dec: bpfFD}}}, // BPF_MAP_FREEZE
	23: {size: 12, out: true, changes: 4, fields: bpfNextID},                // BPF_BTF_GET_NEXT_ID
	24: {inner: "batch", size: 56, fields: bpfBatch},                        // BPF_MAP_LOOKUP_BATCH
	25: {inner: "batch", size: 56, fields: bpfBatch},                        // BPF_MAP_LOOKUP_AND_DELETE_BATCH
	26: {inner: "batch", size: 56, fields: bpfBatch[2:]},                    // BPF_MAP_UPDATE_BATCH
	27: {inner: "batch", size: 56, fields: bpfDeleteBatch},                  // BPF_MAP_DELETE_BATCH
	28: {inner: "link_create", size: 16, fields: []bpfField{ // BPF_LINK_CREATE
		{name: "prog_fd", off: 0, dec: bpfFD},
		{name: "target_fd", off: 4, dec: bpfFD},
		{name: "attach_type", off: 8, dec: bpfEnum(xBpfAttachTypes)},
		{name: "flags", off: 12, dec: bpfHex},
	}},
	29: {inner: "link_update", size: 16, fields: []bpfField{ // BPF_LINK_UPDATE
		{name: "link_fd", off: 0, dec: bpfFD},
		{name: "new_prog_fd", off: 4, dec: bpfFD},
		{name: "flags", off: 8, dec: bpfFlags(xBpfAttachFlags)},
		{name: "old_prog_fd", off: 12, dec: bpfOldProg},
	}},
	30: {size: 4, fields: []bpfField{{name: "link_id", off: 0, dec: bpfUint}}}, // BPF_LINK_GET_FD_BY_ID
	31: {size: 12, out: true, changes: 4, fields: bpfNextID},                   // BPF_LINK_GET_NEXT_ID
}

var bpfKey = []bpfField{
	{name: "map_fd", off: 0, dec: bpfFD},
	{name: "key", off: 8, dec: bpfAddr, wide: true},
}

var bpfLookup = bpfElem("value", bpfFlagsZero(xBpfMapLookupFlags), true)

var bpfObj = []bpfField{
	{name: "pathname", off: 0, dec: bpfPath, wide: true},
	{name: "bpf_fd", off: 8, dec: bpfFD},
	{name: "file_flags", off: 12, dec: bpfFlags(xBpfOpenFlags), opt: true},
}

var bpfBatch = []bpfField{
	{name: "in_batch", off: 0, dec: bpfAddr, wide: true},
	{name: "out_batch", off: 8, dec: bpfAddr, wide: true},
	{name: "keys", off: 16, dec: bpfAddr, wide: true},
	{name: "values", off: 24, dec: bpfAddr, wide: true},
	{name: "count", off: 32, dec: bpfUint},
	{name: "map_fd", off: 36, dec: bpfFD},
	{name: "elem_flags", off: 40, dec: bpfFlagsZero(xBpfMapLookupFlags), wide: true},
	{name: "flags", off: 48, dec: bpfHex, wide: true},
}

// A deletion has no values.
var bpfDeleteBatch = append([]bpfField{bpfBatch[2]}, bpfBatch[4:]...)

func bpfElem(value string, flags bpfDecoder, opt bool) []bpfField {
	return []bpfField{bpfKey[0], bpfKey[1],
		{name: value, off: 16, dec: bpfAddr, wide: true},
		{name: "flags", off: 24, dec: flags, wide: true, opt: opt},
	}
}

// bpfNextID is bpfID where the kernel stores the id that comes next.
var bpfNextID = []bpfField{
	{name: "start_id", off: 0, dec: bpfUint},
	{name: "next_id", off: 4, dec: bpfChanged},
	{name: "open_flags", off: 8, dec: bpfFlags(xBpfOpenFlags), opt: true},
}

func bpfID(name string) []bpfField {
	return []bpfField{
		{name: name, off: 0, dec: bpfUint},
		{name: "next_id", off: 4, dec: bpfUint},
		{name: "open_flags", off: 8, dec: bpfFlags(xBpfOpenFlags), opt: true},
	}
}

// bytesNote says which bytes of a structure a string is.
func bytesNote(c *Ctx, from, to uint64) []byte {
	b := append(c.Bytes(48)[:0], "bytes "...)
	b = strconv.AppendUint(b, from, 10)
	b = append(b, ".."...)
	return strconv.AppendUint(b, to, 10)
}
