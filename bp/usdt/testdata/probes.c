// A program with static probes, for 64-bit machines. It passes them when there is a byte at
// its standard input, and ends with that.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__x86_64__)
#define OPERANDS "nor"
#else
#define OPERANDS "nr"
#endif

// A note as <sys/sdt.h> makes it: sizes, type 3, owner; the place, the base, the semaphore;
// provider, name, arguments.
#define PROBE(name, semaphore, args, ...)                                       \
	__asm__ volatile("990:	nop\n"                                          \
			 ".pushsection .note.stapsdt, \"?\", \"note\"\n"        \
			 ".balign 4\n"                                          \
			 ".4byte 992f - 991f, 994f - 993f, 3\n"                 \
			 "991: .asciz \"stapsdt\"\n"                            \
			 "992: .balign 4\n"                                     \
			 "993: .8byte 990b, base_of_probes, " semaphore "\n"    \
			 ".asciz \"fixture\"\n.asciz \"" name "\"\n"            \
			 ".asciz \"" args "\"\n"                                \
			 "994: .balign 4\n"                                     \
			 ".popsection\n"                                        \
			 : : __VA_ARGS__)

__asm__(".pushsection .stapsdt.base, \"a\"\n"
	"base_of_probes: .space 1\n"
	".popsection\n");

__attribute__((used, section(".probes"))) volatile unsigned short watched;
__attribute__((used)) volatile int64_t shared = -7;
static volatile short small = -300;

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;
	printf("ready\n");
	fflush(stdout);
	getchar();
	int seen = 0;
	for (long i = 0; i < n; i++) {
		volatile int32_t local = -i;
		PROBE("step", "0", "-8@%0 8@%1 -4@%2 -8@%3 -2@%4", OPERANDS(i), OPERANDS(argv),
		      "m"(local), "m"(shared), "m"(small));
		if (watched) {
			seen++;
			PROBE("asked", "watched", "-4@%0 4@%1", OPERANDS(seen), OPERANDS(5));
		}
	}
	PROBE("end", "0", "", "r"(0));
	printf("%d\n", seen);
	fflush(stdout);
	getchar();
	return 0;
}
