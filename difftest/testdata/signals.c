/* Signals sent, blocked, waited for and caught in every way; each one is taken before the
   next is sent. */
#define _GNU_SOURCE
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;

static void caught(int sig) { getppid(); }
static void info(int sig, siginfo_t *si, void *u) { write(1, "", 0); }
static void fault(int sig, siginfo_t *si, void *u) { siglongjmp(back, 1); }
static void nested(int sig) { raise(SIGUSR2); getuid(); }

static void handle(int sig, void (*f)(int), int flags)
{
	struct sigaction sa = {.sa_handler = f, .sa_flags = flags};

	sigaddset(&sa.sa_mask, SIGWINCH);
	sigaction(sig, &sa, NULL);
}

static void queued(sigset_t *set)
{
	siginfo_t si;
	union sigval v = {.sival_int = 42};
	struct timespec none = {0, 0};
	struct signalfd_siginfo fi;
	int fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);

	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN + i, v);
	sigwaitinfo(set, &si);
	sigtimedwait(set, &si, &none);
	read(fd, &fi, sizeof(fi));
	read(fd, &fi, sizeof(fi));
	sigtimedwait(set, &si, &none);
	close(fd);
}

static void timers(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct itimerspec ts = {.it_value = {0, 1000000}};
	struct itimerval tv = {.it_value = {0, 1000}};
	sigset_t alarm, old;
	siginfo_t si;
	timer_t id;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, &old);
	setitimer(ITIMER_REAL, &tv, NULL);
	sigwaitinfo(&alarm, &si);
	timer_create(CLOCK_MONOTONIC, &ev, &id);
	timer_settime(id, 0, &ts, NULL);
	sigwaitinfo(&alarm, &si);
	timer_delete(id);
	setitimer(ITIMER_REAL, &tv, NULL);
	sigsuspend(&old); /* SIGALRM is let in here only */
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void faults(void)
{
	static char stack[65536];
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
	char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaltstack(&ss, NULL);
	handle(SIGSEGV, (void (*)(int))fault, SA_SIGINFO | SA_ONSTACK);
	handle(SIGFPE, (void (*)(int))fault, SA_SIGINFO);
	handle(SIGILL, (void (*)(int))fault, SA_SIGINFO);
	handle(SIGTRAP, (void (*)(int))info, SA_SIGINFO);
	if (!sigsetjmp(back, 1))
		*p = 1;
	if (!sigsetjmp(back, 1))
		*(volatile char *)8 = 1;
	if (!sigsetjmp(back, 1))
		__builtin_trap();
	volatile int zero = 0;
	if (!sigsetjmp(back, 1))
		zero = 1 / zero;
#ifdef __x86_64__
	__asm__ volatile("int3");
#endif
}

static void children(void)
{
	int st;
	siginfo_t si;
	pid_t pid;

	handle(SIGCHLD, SIG_DFL, SA_NOCLDSTOP); /* waitid is not interrupted */
	if ((pid = fork()) == 0) {
		raise(SIGSTOP);
		raise(SIGTERM);
	}
	waitpid(pid, &st, WUNTRACED);
	kill(pid, SIGCONT);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	waitpid(pid, &st, 0);
	if ((pid = fork()) == 0) {
		setsid();
		signal(SIGHUP, SIG_IGN);
		kill(0, SIGHUP);
		kill(getpid(), 0);
		syscall(SYS_tgkill, getpid(), getpid(), SIGKILL);
	}
	waitpid(pid, &st, 0);
}

int main(void)
{
	sigset_t set, old;

	handle(SIGUSR1, caught, SA_RESTART);
	handle(SIGUSR2, caught, SA_RESETHAND | SA_NODEFER);
	handle(SIGALRM, caught, 0);
	raise(SIGUSR1);
	handle(SIGUSR1, nested, 0);
	raise(SIGUSR1);
	kill(getpid(), SIGWINCH);
	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, SIGRTMIN + i);
	sigprocmask(SIG_BLOCK, &set, &old);
	queued(&set);
	sigpending(&old);
	timers();
	faults();
	children();
	kill(-1000000, SIGTERM);
	raise(SIGQUIT);
	return 0;
}
