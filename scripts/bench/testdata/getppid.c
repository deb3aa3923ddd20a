#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = atoi(argv[1]); i > 0; i--)
		syscall(SYS_getppid);
	return 0;
}
