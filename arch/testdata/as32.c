/* Preloaded into strace: once the tracee has made a call with the first
   argument 0xa1, all its calls are said to be i386's. So strace's i386 table can
   be read on a kernel that runs no 32-bit programs. */
#include <linux/ptrace.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long ptrace(int req, ...)
{
	static int lie;
	va_list ap;
	long pid, addr, data, r;

	va_start(ap, req);
	pid = va_arg(ap, long);
	addr = va_arg(ap, long);
	data = va_arg(ap, long);
	va_end(ap);

	if (req >= PTRACE_PEEKTEXT && req <= PTRACE_PEEKUSR) {
		/* The C library returns the word, the kernel stores it. */
		long word;
		r = syscall(SYS_ptrace, req, pid, addr, &word);
		return r < 0 ? r : word;
	}
	r = syscall(SYS_ptrace, req, pid, addr, data);
	if (req == PTRACE_GET_SYSCALL_INFO && r > 0) {
		struct ptrace_syscall_info *info = (void *)data;
		if (info->op == PTRACE_SYSCALL_INFO_ENTRY && info->entry.args[0] == 0xa1)
			lie = 1;
		if (lie)
			info->arch = 0x40000003; /* AUDIT_ARCH_I386 */
	}
	return r;
}
