//go:build !cgo

#include "textflag.h"

#define SYS_fcntl 72
#define SYS_arch_prctl 158
#define F_GETFD 1
#define ARCH_SET_FS 0x1002

// The runtime keeps its pointer to the running goroutine just below the address in FS.
#define storageSize 128

DATA _cgo_init(SB)/8, $·start(SB)
GLOBL _cgo_init(SB), NOPTR, $8
GLOBL ·storage(SB), NOPTR, $storageSize
GLOBL ·missing(SB), NOPTR, $8

TEXT ·start(SB), NOSPLIT|NOFRAME, $0-0
	// The runtime leaves the thread's storage to a hook of the C library's.
	MOVQ	$SYS_arch_prctl, AX
	MOVQ	$ARCH_SET_FS, DI
	LEAQ	·storage+storageSize(SB), SI
	SYSCALL
	MOVQ	$2, DI
next:
	MOVQ	$SYS_fcntl, AX
	MOVQ	$F_GETFD, SI
	SYSCALL
	SHLQ	$1, ·missing(SB)
	SHRQ	$63, AX
	ORQ	AX, ·missing(SB)
	SUBQ	$1, DI
	JCC	next
	RET

TEXT ·closed(SB), NOSPLIT, $0-1
	MOVB	·missing(SB), AX
	MOVB	AX, ret+0(FP)
	RET
