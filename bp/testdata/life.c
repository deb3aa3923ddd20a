// What happens to processes while they run into target(). argv: what, rounds. The last line
// written is how often target was entered, in all processes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long *entered; // shared by all processes
__attribute__((noinline)) int target(int n) {
	__atomic_add_fetch(entered, 1, __ATOMIC_SEQ_CST);
	return n + 1;
}

static int rounds;
static void hammer(void) {
	for (int i = 0; i < rounds; i++)
		if (target(i) != i + 1)
			_exit(9);
}
static void *thread(void *arg) { return hammer(), arg; }
static void done(int status) {
	if (status)
		_exit(status > 255 ? status >> 8 : 100 + status);
}
static void await(pid_t pid) {
	int status;
	waitpid(pid, &status, __WALL);
	done(status);
}

static void forks(void) {
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();
		if (!pid) {
			hammer();
			_exit(0);
		}
		hammer();
		await(pid);
	}
}
static void vforks(void) {
	for (int i = 0; i < 10; i++) {
		pid_t pid = vfork();
		if (!pid) {
			target(1);
			execl("/bin/true", "true", NULL);
		}
		hammer();
		await(pid);
	}
}
static int shares(void *arg) { return hammer(), 0; }
static void clones(void) {
	static char stack[64 << 10];
	pid_t pid = clone(shares, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
	hammer();
	await(pid);
}
static void threads(void) {
	pthread_t t[8];
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], 0, thread, 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], 0);
}
static volatile sig_atomic_t alarms;
static void on_alarm(int sig) { alarms++, target(0); }
static void signals(void) {
	struct sigaction sa = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &sa, 0);
	struct itimerval it = {{0, 500}, {0, 500}};
	setitimer(ITIMER_REAL, &it, 0);
	while (alarms < rounds)
		target(1);
	memset(&it, 0, sizeof it);
	setitimer(ITIMER_REAL, &it, 0);
}
static volatile int traps;
static void on_trap(int sig, siginfo_t *si, void *uc) { traps++; }
static void own(void) {
	struct sigaction sa = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &sa, 0);
	for (int i = 0; i < rounds; i++) {
		__asm__ volatile(".globl own_trap\nown_trap: int3");
		target(i);
		raise(SIGTRAP);
	}
	done(traps == 2 * rounds ? 0 : 3);
}
static jmp_buf env;
static void on_fault(int sig) { longjmp(env, 1); }
__attribute__((noinline)) int faults(volatile int *p) { return *p; }
static void faulting(void) {
	struct sigaction sa = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
	sigaction(SIGSEGV, &sa, 0);
	for (volatile int i = 0; i < rounds; i++)
		if (!setjmp(env)) {
			target(i);
			faults((int *)8);
			_exit(4);
		}
}
static void libraries(void) {
	for (int i = 0; i < rounds; i++) {
		void *h = dlopen("libz.so.1", RTLD_NOW);
		if (!h)
			_exit(5);
		const char *(*version)(void) = dlsym(h, "zlibVersion");
		version();
		target(i);
		dlclose(h);
	}
}
static void again(char **argv) {
	target(0);
	if (rounds == 0)
		return;
	char n[16];
	sprintf(n, "%d", rounds - 1);
	execl("/proc/self/exe", argv[0], argv[1], n, argv[3], NULL);
}
static void *executes(void *arg) { return again(arg), NULL; }
static void thread_exec(char **argv) {
	pthread_t t;
	pthread_create(&t, 0, executes, argv);
	if (rounds)
		for (;;)
			pause();
	pthread_join(t, 0);
}

int main(int argc, char **argv) {
	char *what = argv[1];
	rounds = atoi(argv[2]);
	int fd = argc > 3 ? atoi(argv[3]) : memfd_create("count", 0);
	char num[16];
	sprintf(num, "%d", fd);
	ftruncate(fd, 4096);
	entered = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *args[] = {argv[0], what, argv[2], num, NULL};
	struct { const char *name; void (*run)(void); } all[] = {{"forks", forks}, {"vforks", vforks}, {"clones", clones}, {"threads", threads},
		{"signals", signals}, {"own", own}, {"faulting", faulting}, {"libraries", libraries}};
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(all[i].name, what))
			all[i].run();
	if (!strcmp(what, "exec"))
		again(args);
	if (!strcmp(what, "thread_exec"))
		thread_exec(args);
	printf("%ld\n", *entered);
	return 0;
}
