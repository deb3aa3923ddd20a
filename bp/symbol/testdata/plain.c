#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int counter = 3;
static int table[16];

__attribute__((noinline)) static int twice(int n)
{
	return n * 2 + counter;
}

__attribute__((noinline)) int thrice(int n)
{
	table[n & 15] = twice(n);
	return table[n & 15] + n;
}

__attribute__((noinline)) int again(int n) __attribute__((alias("thrice")));

int main(int argc, char **argv)
{
	char *p = malloc(16);
	printf("%p %p %p\n", (void *)thrice, (void *)main, (void *)&counter);
	fflush(stdout);
	free(p);
	char c;
	if (read(0, &c, 1) < 0)
		return 1;
	return thrice(argc) & again(argc) & 0;
}
