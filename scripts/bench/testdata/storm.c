#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = atoi(argv[1]); i > 0; i--) {
		int st;
		pid_t p = fork();

		if (p == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		if (waitpid(p, &st, 0) != p || st != 0)
			return 1;
	}
	return 0;
}
