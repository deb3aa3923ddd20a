// Memory that threads write. argv: threads, rounds.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

long counter;
char pair[3];
static int rounds;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *run(void *arg) {
	for (int i = 0; i < rounds; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

int main(int argc, char **argv) {
	pthread_t t[16];
	int n = atoi(argv[1]);
	rounds = atoi(argv[2]);
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], 0, run, 0);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], 0);
	pair[1] = 7;
	printf("%ld\n", counter);
	return 0;
}
