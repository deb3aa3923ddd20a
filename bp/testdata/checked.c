// Threads run into functions until standard input ends. Then the program compares its code with
// its file, and says whether it is clean.
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int stop;
long watched;
__attribute__((noinline)) int target(int n) { return n + 1; }
__attribute__((naked, noinline)) long flags(long n) { __asm__("pushf\n popf\n lea 1(%rdi),%rax\n ret\n"); }
__attribute__((naked, noinline)) long segment(long n) { __asm__("mov %ss,%eax\n mov %eax,%ss\n lea 1(%rdi),%rax\n ret\n"); }

static void *run(void *arg) {
	long bad = 0;
	for (int i = 0; !stop; i++) {
		bad += target(i) != i + 1;
		bad += flags(i) != i + 1;
		bad += segment(i) != i + 1;
		watched++;
	}
	return (void *)bad;
}

static int compare(struct dl_phdr_info *info, size_t size, void *dirty) {
	if (!*info->dlpi_name) {
		int fd = open("/proc/self/exe", O_RDONLY);
		struct stat st;
		fstat(fd, &st);
		char *file = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		for (int i = 0; i < info->dlpi_phnum; i++) {
			const ElfW(Phdr) *p = &info->dlpi_phdr[i];
			if (p->p_type == PT_LOAD && p->p_flags & PF_X)
				*(int *)dirty += !!memcmp((char *)info->dlpi_addr + p->p_vaddr, file + p->p_offset, p->p_filesz);
		}
	}
	return 0;
}

int main(void) {
	pthread_t t[4];
	char c;
	long bad = 0;
	int dirty = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], 0, run, 0);
	write(1, "ready\n", 6);
	while (read(0, &c, 1) > 0)
		;
	stop = 1;
	for (int i = 0; i < 4; i++) {
		void *r;
		pthread_join(t[i], &r);
		bad += (long)r;
	}
	dl_iterate_phdr(compare, &dirty);
	printf("%s %s\n", dirty ? "dirty" : "clean", bad ? "wrong" : "right");
	return 0;
}
