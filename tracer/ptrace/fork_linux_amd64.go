package ptrace

import "golang.org/x/sys/unix"

const cloneNR = unix.SYS_CLONE
