// Functions at whose calls of site() stacks are compared with gdb's.
#define _GNU_SOURCE
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

volatile int sink;

NOINLINE void site(int n) { sink += n; __asm__ volatile("" ::: "memory"); }

INLINE void inner(int n) { site(n); sink++; }
INLINE void middle(int n) { inner(n); sink++; }
NOINLINE void inlined(int n) { middle(n); sink++; }

NOINLINE int tail(int n) { site(n); return sink; }
NOINLINE int tailcaller(int n) { return tail(n); }

NOINLINE void withalloca(int n) {
	char *p = alloca(n * 16 + 64);
	memset(p, n, n);
	site(n);
	sink += p[0];
}

NOINLINE void realigned(int n) {
	char buf[256] __attribute__((aligned(64)));
	memset(buf, n, sizeof buf);
	site(n);
	sink += buf[n];
}

NOINLINE int recursive(int depth, int n) {
	if (depth == 0) {
		site(n);
		return 1;
	}
	return recursive(depth - 1, n) + sink;
}

static int compare(const void *a, const void *b) {
	static int once;
	if (!once++)
		site(7);
	return *(const int *)a - *(const int *)b;
}

static void handler(int sig) {
	site(8);
	sink += sig;
}

NOINLINE void raiser(int n) { kill(getpid(), n); sink++; }

NOINLINE void faulter(volatile int *p) { sink = *p; }
static sigjmp_buf env;
static void faulted(int sig) {
	site(9);
	siglongjmp(env, sig);
}

NOINLINE void __attribute__((noreturn)) ends(void) {
	site(12);
	fflush(stdout);
	_exit(sink == -1);
}

NOINLINE void __attribute__((optimize("omit-frame-pointer"))) manyregs(int a, int b, int c, int d, int e, int f) {
	int x = a * b, y = c * d, z = e * f;
	site(10);
	sink += x + y + z + a;
	site(11);
	sink += x * y * z;
}

// deep has no line of its own in the tests: a benchmark stops there.
NOINLINE int deep(int n) { sink += n; return sink; }
NOINLINE int deeper(int depth, int n) { return (depth ? deeper(depth - 1, n) : deep(n)) + sink; }

int main(void) {
	int numbers[] = {3, 1, 2};
	setvbuf(stdout, NULL, _IONBF, 0);
	site(1);
	inlined(2);
	tailcaller(3);
	withalloca(4);
	realigned(5);
	recursive(5, 6);
	qsort(numbers, 3, sizeof numbers[0], compare);
	stack_t ss = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
	sigaltstack(&ss, NULL);
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = 0;
	sigaction(SIGUSR2, &sa, NULL);
	raiser(SIGUSR1);
	raiser(SIGUSR2);
	sa.sa_handler = faulted;
	sa.sa_flags = SA_ONSTACK | SA_NODEFER;
	sigaction(SIGSEGV, &sa, NULL);
	if (!sigsetjmp(env, 1))
		faulter(NULL);
	manyregs(1, 2, 3, 4, 5, 6);
	deeper(12, 1);
	ends();
}
