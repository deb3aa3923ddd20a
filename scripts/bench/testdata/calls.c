// Calls a function so often.
#include <stdlib.h>

static volatile long sum;

__attribute__((noinline)) static void twice(volatile long *n) { *n += 2; }

__attribute__((noinline)) void called(volatile long *n)
{
	twice(n);
	twice(n);
}

int main(int argc, char **argv)
{
	for (long n = atol(argv[1]); n > 0; n--)
		called(&sum);
	return 0;
}
