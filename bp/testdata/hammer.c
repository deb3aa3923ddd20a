// Threads that run into the same functions all the time. argv: threads, rounds.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

long shared[64];
static int rounds;

// Functions whose first instructions are executed in different ways.
#define ENTRY(name, first) \
	__attribute__((naked, noinline)) long name(long n) { __asm__(first "\n" "lea 1(%rdi),%rax\n ret\n"); }
ENTRY(plain, "add $0,%rdi")
ENTRY(nops, "endbr64")
ENTRY(relative, "cmpl $1,shared(%rip)")
ENTRY(locked, "lock addl $1,4+shared(%rip)")
ENTRY(jumps, "jmp 1f\n ud2\n 1:")
ENTRY(branches, "jrcxz 1f\n 1:")
__attribute__((naked, noinline)) long pushes(long n) { __asm__("push %rbp\n mov %rsp,%rbp\n lea 1(%rdi),%rax\n pop %rbp\n ret\n"); }
__attribute__((naked, noinline)) long calls(long n) { __asm__("call plain\n ret\n"); }
__attribute__((naked, noinline)) long flags(long n) { __asm__("pushf\n popf\n lea 1(%rdi),%rax\n ret\n"); }
__attribute__((naked, noinline)) long pops(long n) { __asm__("pop %r11\n push %r11\n lea 1(%rdi),%rax\n ret\n"); }
__attribute__((naked, noinline)) long returns(long n) { __asm__("ret\n"); }
__attribute__((naked, noinline)) long segment(long n) { __asm__("mov %ss,%eax\n mov %eax,%ss\n lea 1(%rdi),%rax\n ret\n"); }
__attribute__((naked, noinline)) long system_call(long n) { __asm__("mov %rdi,%rdx\n mov $39,%eax\n.globl at_call\nat_call: syscall\n lea 1(%rdx),%rax\n ret\n"); }

static long (*const all[])(long) = {plain, nops, relative, locked, jumps, branches, pushes, calls, flags, pops, segment, system_call};

static void *run(void *arg) {
	long want = 0, got = 0;
	for (int i = 0; i < rounds; i++)
		for (unsigned j = 0; j < sizeof all / sizeof *all; j++) {
			got += all[j](i);
			want += i + 1;
		}
	return (void *)(got - want);
}

int main(int argc, char **argv) {
	pthread_t t[64];
	int n = atoi(argv[1]);
	rounds = atoi(argv[2]);
	returns(0);
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], 0, run, 0);
	long bad = 0;
	for (int i = 0; i < n; i++) {
		void *r;
		pthread_join(t[i], &r);
		bad += (long)r;
	}
	printf("%s %d\n", bad ? "wrong" : "right", (int)(shared[0] >> 32) == n * rounds);
	return bad != 0;
}
