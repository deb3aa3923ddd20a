/* Makes every system call from 0 to 450 with the arguments 0xa1 to 0xa6, then
   dies. To be run under a tracer that lets none of them happen. i386 is also
   built as an amd64 program (-DAS32), for a tracer that is lied to about the
   ABI: see as32.c. */
#define LAST 450

	.globl _start
_start:
#if defined(__x86_64__)
	xor %ebx, %ebx
1:	mov $0xa1, %edi
	mov $0xa2, %esi
	mov $0xa3, %edx
	mov $0xa4, %r10d
	mov $0xa5, %r8d
	mov $0xa6, %r9d
	mov %ebx, %eax
	syscall
2:	inc %ebx
#ifndef AS32
	cmp $335, %ebx		/* uretprobe: SIGILL outside of a trampoline */
	je 2b
#endif
	cmp $LAST, %ebx
	jbe 1b
	ud2
#elif defined(__i386__)
	push $0
1:	mov $0xa1, %ebx
	mov $0xa2, %ecx
	mov $0xa3, %edx
	mov $0xa4, %esi
	mov $0xa5, %edi
	mov $0xa6, %ebp
	mov (%esp), %eax
	int $0x80
	incl (%esp)
	cmpl $LAST, (%esp)
	jbe 1b
	ud2
#elif defined(__aarch64__)
	mov x19, #0
1:	mov x0, #0xa1
	mov x1, #0xa2
	mov x2, #0xa3
	mov x3, #0xa4
	mov x4, #0xa5
	mov x5, #0xa6
	mov x8, x19
	svc #0
	add x19, x19, #1
	cmp x19, #LAST
	b.ls 1b
	udf #0
#endif
