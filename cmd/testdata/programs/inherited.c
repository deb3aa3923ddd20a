// Prints all that a program inherits across execve.
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/personality.h>
#include <unistd.h>

extern char **environ;

int main(void)
{
	char path[4096], line[256];
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int s = 1; s < 65; s++) {
		struct sigaction sa = {0};
		int ok = sigaction(s, NULL, &sa) == 0;

		printf("signal %d: %s%s\n", s, !ok ? "?" : sa.sa_handler == SIG_IGN ? "ignored" : "default",
		       sigismember(&set, s) == 1 ? ", blocked" : "");
	}
	for (int r = 0; r < RLIM_NLIMITS; r++) {
		struct rlimit l;

		getrlimit(r, &l);
		printf("limit %d: %lld %lld\n", r, (long long)l.rlim_cur, (long long)l.rlim_max);
	}
	mode_t mask = umask(0);
	printf("umask %o\ncwd %s\n", mask, getcwd(path, sizeof(path)));
	printf("ids %d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
	printf("group %s session %s\n", getpgrp() == getpid() ? "own" : "inherited", getsid(0) == getpid() ? "own" : "inherited");
	printf("foreground %d\n", tcgetpgrp(0) == getpgrp());
	printf("nice %d scheduler %d cpus ", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
	cpu_set_t cpus;
	sched_getaffinity(0, sizeof(cpus), &cpus);
	printf("%d\n", CPU_COUNT(&cpus));
	printf("personality %#x dumpable %d no_new_privs %d keepcaps %d\n", personality(-1),
	       prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_KEEPCAPS));
	DIR *d = opendir("/proc/self/fd");
	for (struct dirent *e; (e = readdir(d));) {
		int fd = atoi(e->d_name);
		struct stat st;

		if (e->d_name[0] != '.' && fd != dirfd(d) && fstat(fd, &st) == 0)
			printf("fd %d: %o\n", fd, st.st_mode & S_IFMT);
	}
	for (char **e = environ; *e; e++)
		printf("env %s\n", *e);
	return 0;
}
