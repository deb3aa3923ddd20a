/* Calls functions of libraries. What is to be made of each call stands behind it; * is
   anything. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ctype.h>
#include <poll.h>

static int by_int(const void *a, const void *b) { return *(const int *) a - *(const int *) b; }

/* Results are used, or calls without side effects would be left out. */
static volatile long number;
static volatile double real;

int main(int argc, char **argv)
{
	char buf[64] = "", *end;
	int fds[2], n = 0, nums[2] = { 2, 1 };
	double d, frac = argc + 0.75;
	struct tm tm;
	time_t t = 86400;
	struct timespec ts = { 1, 5 };
	FILE *null = fopen("/dev/null", "r+"); //= fopen("/dev/null", "r+") = 0x*

	setvbuf(stdout, NULL, _IONBF, 0); //= setvbuf(0x*, NULL, _IONBF, 0) = 0
	free(malloc(100)); //= malloc(100) = 0x*
	//= free(0x*) = <void>
	puts("a\tb"); //= puts("a\tb") = 4
	number = (long) getenv("GODEBUG"); //= getenv("GODEBUG") = "asyncpreemptoff=1"
	number = (long) getenv("not set"); //= getenv("not set") = NULL
	number = (long) atoi("12"); //= atoi("12") = 12
	number = (long) strtol("0x12z", &end, 16); //= strtol("0x12z", &"z", 16) = 18
	fprintf(null, "%d %s %.1f %c %lu %p %5.2Lf %*d\n", -3, "str", 2.5, 'x', 99ul, (void *) 16, 1.5L, 7, 8); //= fprintf(0x*, "%d %s %.1f %c %lu %p %5.2Lf %*d\n", -3, "str", 2.5, 'x', 99, 0x10, 1.5, 7, 8) = *
	fprintf(null, "%hhd %x %o %m %%%n %ls", 300, 255, 8, &n, L"wide"); //= fprintf(0x*, "%hhd %x %o %m %%%n %ls", 44, 0xff, 010, &*, "wide") = *
	snprintf(buf, 4, "%s-%d", "abc", 5); //= snprintf("abc", 4, "%s-%d", "abc", 5) = 5
	sscanf("12 ab 2.5", "%d %s %lf", &n, buf, &d); //= *sscanf("12 ab 2.5", "%d %s %lf", &12, "ab", &2.5) = 3
	pipe(fds); //= pipe([*, *]) = 0
	write(fds[1], "hello\0", 6); //= write(*, "hello\0", 6) = 6
	read(fds[0], buf, sizeof buf); //= read(*, "hello\0", 64) = 6
	read(-1, buf, 3); //= read(-1, 0x*, 3) = -1
	close(fds[0]); //= close(*) = 0
	open("/nonexistent", O_RDWR | O_CLOEXEC); //= open("/nonexistent", O_RDWR|O_CLOEXEC) = -1
	open("/nonexistent/x", O_WRONLY | O_CREAT, 0644); //= open("/nonexistent/x", O_WRONLY|O_CREAT, 0644) = -1
	lseek(-1, -5, SEEK_END); //= lseek(-1, -5, SEEK_END) = -1
	fseek(null, 0, SEEK_SET); //= fseek(0x*, 0, SEEK_SET) = 0
	fwrite("abcdef", 2, 3, null); //= fwrite("abcdef", 2, 3, 0x*) = 3
	fputc('x', null); //= fputc('x', 0x*) = 'x'
	fgetc(null); //= fgetc(0x*) = -1
	fgets(buf, sizeof buf, null); //= fgets(0x*, 64, 0x*) = NULL
	number = (long) toupper('q'); //= toupper('q') = 'Q'
	number = (long) strerror(ENOENT); //= strerror(ENOENT) = "No such file or directory"
	setlocale(LC_ALL, "C"); //= setlocale(LC_ALL, "C") = "C"
	real = pow(argc + 1.0, 3); //= pow(2, 3) = 8
	real = modf(frac, &d); //= modf(1.75, &1) = 0.75
	real = sqrtf(argc * 9.f); //= sqrtf(9) = 3
	real = fmal(argc, 2.5L, 1); //= fmal(1, 2.5, 1) = 3.5
	qsort(nums, 2, sizeof *nums, by_int); //= qsort(0x*, 2, 4, 0x* /* by_int */) = <void>
	gmtime_r(&t, &tm); //= gmtime_r(&86400, &{tm_sec=0, tm_min=0, tm_hour=0, tm_mday=2, tm_mon=0, tm_year=70, tm_wday=5, tm_yday=1, tm_isdst=0, tm_gmtoff=0, tm_zone="GMT"}) = &{tm_sec=0, *}
	strftime(buf, sizeof buf, "%Y-%m", &tm); //= strftime("1970-01", 64, "%Y-%m", &{tm_sec=0, *}) = 7
	clock_gettime(CLOCK_MONOTONIC, &ts); //= clock_gettime(CLOCK_MONOTONIC, &{tv_sec=*, tv_nsec=*}) = 0
	kill(getpid(), 0); //= kill(*, 0) = 0
	signal(SIGUSR1, SIG_IGN); //= signal(SIGUSR1, 0x1) = NULL
	socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); //= socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0) = *
	mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); //= mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x*
	number = (long) access("/", R_OK | W_OK); //= access("/", R_OK|W_OK) = 0
	execl("/nonexistent", "a", "b", (char *) 0); //= execl("/nonexistent", "a", "b") = -1
	execv("/nonexistent", (char *[]) { "x", "y", 0 }); //= execv("/nonexistent", ["x", "y"]) = -1
	number = (long) btowc('a'); //= btowc('a') = 'a'
	number = (long) wcstol(L"77", 0, 8); //= wcstol("77", NULL, 8) = 63
	waitpid(-1, &n, WNOHANG); //= waitpid(-1, 0x*, WNOHANG) = -1
	poll(&(struct pollfd) { .fd = fds[1], .events = POLLOUT }, 1, 0); //= poll([{fd=*, events=POLLOUT, revents=0}], 1, 0) = 1
	pthread_setname_np(pthread_self(), "thread"); //= pthread_setname_np(0x*, "thread") = 0
	number = div(7, 2).rem; //= div(7, 2) = {quot=3, rem=1}
	unlink("/nonexistent"); //= unlink("/nonexistent") = -1
	return 0;
}
