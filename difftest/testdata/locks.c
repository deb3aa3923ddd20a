/* What threads share: locks of every kind, and their ends: return, cancellation, exec. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, inherit;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static __thread int local;
static sem_t ready;
static int turns, never[2];

static void *work(void *arg)
{
	int me = (long)arg;
	cpu_set_t set;

	local = me;
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&plain);
	while (turns % 3 != me)
		pthread_cond_wait(&cond, &plain);
	turns++;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&plain);
	pthread_mutex_lock(&inherit);
	pthread_rwlock_rdlock(&rw);
	sched_getaffinity(0, sizeof(set), &set);
	setpriority(PRIO_PROCESS, syscall(SYS_gettid), 1);
	pthread_rwlock_unlock(&rw);
	pthread_mutex_unlock(&inherit);
	return (void *)(long)local;
}

/* Cancelled before it calls anything that can be cancelled. */
static void *blocked(void *arg)
{
	char c;

	sem_wait(&ready);
	read(never[0], &c, 1);
	return NULL;
}

static void *execs(void *arg)
{
	execl("/bin/echo", "echo", "from a thread", (char *)NULL);
	return NULL;
}

int main(void)
{
	pthread_t t[3], c, e;
	pthread_mutexattr_t a;

	pipe(never);
	sem_init(&ready, 0, 0);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inherit, &a);
	pthread_barrier_init(&barrier, NULL, 3);
	for (long i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, work, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	pthread_create(&c, NULL, blocked, NULL);
	pthread_cancel(c);
	sem_post(&ready);
	pthread_join(c, NULL);
	pthread_create(&e, NULL, execs, NULL);
	pthread_join(e, NULL);
	return 1;
}
