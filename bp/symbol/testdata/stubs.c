#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strlen and memcpy are called and pointed to, strchr only pointed to. */
int main(int argc, char **argv)
{
	char *p = malloc(64);
	memcpy(p, argv[0], 3);
	printf("%zu %p\n", strlen(p), (void *)strchr);
	fflush(stdout);
	free(p);
#ifdef WAIT
	getchar();
#endif
	return (void *)strlen == NULL || (void *)memcpy == NULL;
}
