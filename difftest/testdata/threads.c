/* Threads that take turns by pipes, so that each one's calls are the same every time. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 4

static int go[N][2], done[2];

static void handler(int sig) { write(2, "", 0); }

static void *turn(void *arg)
{
	int i = (long)arg;
	char c, name[16];
	sigset_t set;

	snprintf(name, sizeof(name), "turn%d", i);
	prctl(PR_SET_NAME, name);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (int k = 0; k < 3; k++) {
		read(go[i][0], &c, 1);
		getppid();
		char *p = mmap(NULL, 4096 * (i + 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		p[0] = i;
		mprotect(p, 4096, PROT_READ);
		munmap(p, 4096 * (i + 1));
		write(done[1], &c, 1);
	}
	if (i == 1)
		pthread_exit(NULL);
	return NULL;
}

int main(void)
{
	pthread_t t[N];
	char c = 'g';
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};

	sigaction(SIGUSR1, &sa, NULL);
	pipe(done);
	for (int i = 0; i < N; i++)
		pipe(go[i]);
	for (long i = 0; i < N; i++)
		pthread_create(&t[i], NULL, turn, (void *)i);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < N; i++) {
			write(go[i][1], &c, 1);
			read(done[0], &c, 1);
		}
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	raise(SIGUSR1);
	if (vfork() == 0)
		execl("/bin/true", "true", (char *)NULL);
	wait(NULL);
	if (fork() == 0) {
		struct timespec ts = {0, 1000};
		nanosleep(&ts, NULL);
		sched_yield();
		abort();
	}
	int st;
	waitpid(-1, &st, __WALL);
	syscall(SYS_gettid);
	syscall(1000, 1, 2, 3);
	return 5;
}
