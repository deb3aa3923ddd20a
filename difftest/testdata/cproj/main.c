#include <stdio.h>
#include "util.h"

int main(int argc, char **argv)
{
	printf("%d\n", twice(argc));
	return 0;
}
