package main

// always holds the members whose membership was seen in traces, because every
// filter program stops at them: execve and execveat, send and recv, which 32-bit
// programs reach through socketcall only, and socketcall and ipc, which are shown
// under their own names only where they carry no call.
var always = map[string][]string{
	"file":    {"execve", "execveat"},
	"process": {"execve", "execveat"},
	"desc":    {"execveat", "socketcall"},
	"ipc":     {"ipc"},
	"net":     {"send", "recv"},
}

// newer places the calls that strace 6.1 does not know, as their nearest older
// relatives are placed.
//   - cachestat takes a descriptor, as readahead does;
//   - fchmodat2, the xattrat calls, open_tree_attr, file_getattr and file_setattr
//     take a directory and a path, as fchmodat and open_tree do;
//   - map_shadow_stack and mseal change mappings, as mmap and mprotect do;
//   - futex_wake, futex_wait, futex_requeue are in no class, as futex is not;
//   - statmount, listmount, listns, the lsm calls, rseq_slice_yield, uprobe and
//     uretprobe take neither path nor descriptor: no class.
var newer = map[string][]string{
	"desc": {"cachestat", "fchmodat2", "setxattrat", "getxattrat", "listxattrat", "removexattrat",
		"open_tree_attr", "file_getattr", "file_setattr"},
	"file": {"fchmodat2", "setxattrat", "getxattrat", "listxattrat", "removexattrat",
		"open_tree_attr", "file_getattr", "file_setattr"},
	"memory": {"map_shadow_stack", "mseal"},
}
