// A program that does what it is told, so often, when its standard input ends, and prints what
// it knows of that.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t sink;

__attribute__((noinline)) long work(long n, const char *text)
{
	sink += text[0];
	return 3 * n + 1;
}

__attribute__((noinline)) void spin(long ms)
{
	struct timespec t;
	do {
		for (int i = 0; i < 100000; i++)
			sink += i;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static void fault(long n)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(p, n * page, MADV_NOHUGEPAGE);
	printf("%p\n", p);
	fflush(stdout);
	for (long i = 0; i < n; i++)
		p[i * page] = 1;
}

static void pause_often(long n)
{
	struct timespec t = { 0, 1000 };
	while (n--)
		nanosleep(&t, NULL);
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	printf("%ld\n", r.ru_nvcsw + r.ru_nivcsw);
}

static long count;
static pthread_barrier_t barrier;

static void *thread(void *arg)
{
	printf("%ld\n", (long) syscall(SYS_gettid));
	fflush(stdout);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < count; i++)
		work(i, "thread");
	return arg;
}

static void threads(void)
{
	pthread_t t[4];
	pthread_barrier_init(&barrier, NULL, 5);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	pthread_barrier_wait(&barrier);
	printf("ready\n");
	fflush(stdout);
	getchar();
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static void *hundred(void *arg)
{
	for (long i = 0; i < 100; i++)
		work(i, "hundred");
	return arg;
}

// family calls work between writes, in a thread, a child and another program.
static void family(char **argv)
{
	pthread_t t;
	for (int i = 0; i < 10; i++) {
		work(i, "write");
		if (write(1, ".", 1) != 1)
			exit(1);
	}
	pthread_create(&t, NULL, hundred, NULL);
	pthread_join(t, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		for (long i = 0; i < 50; i++)
			work(i, "child");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	execl(argv[0], argv[0], "work", "25", NULL);
	exit(1);
}

int main(int argc, char **argv)
{
	const char *what = argv[1];
	count = atol(argv[2]);
	if (!strcmp(what, "threads")) {
		threads();
		return 0;
	}
	if (!strcmp(what, "family"))
		family(argv);
	printf("ready\n");
	fflush(stdout);
	getchar();
	if (!strcmp(what, "work"))
		for (long i = 0; i < count; i++)
			work(i, "work");
	else if (!strcmp(what, "spin"))
		spin(count);
	else if (!strcmp(what, "fault"))
		fault(count);
	else if (!strcmp(what, "pause"))
		pause_often(count);
	else if (!strcmp(what, "exec"))
		execl(argv[0], argv[0], "work", argv[2], NULL);
	return 0;
}
