/* Calls functions with arguments of many types and prints, for each, the line that is to be
   made of the call. */
#include <complex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

#define KEEP __attribute__((noipa))

enum colour { RED, GREEN = 5, BLUE = -2 };
enum bits { ONE = 1, TWO = 2, FOUR = 4 };
struct small { int a; short b; char c; };
struct pair { long a, b; };
struct mixed { double d; int i; };
struct floats { float x, y, z; };
struct big { long a, b, c; char name[8]; };
struct field { unsigned a : 3, b : 7; int c : 5; };
struct outer { struct pair p; const char *s; int *q; int list[3]; union { int u; float v; }; };
typedef struct { double re, im; } point;
union both { long l; double d; };
struct node { struct node *next; int n; };
struct ldpack { long double v; };
typedef float v4 __attribute__((vector_size(16)));

KEEP int t_ints(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f, long g, unsigned long h) { return e; }
KEEP bool t_bools(bool a, _Bool b, char c) { return a; }
KEEP char t_char(char c, wchar_t w) { return c; }
KEEP double t_doubles(float a, double b, long double c, int d, float e) { return b; }
KEEP float t_float(float a) { return a; }
KEEP long double t_ldouble(long double a) { return a; }
KEEP double complex t_complex(double complex a, float complex b) { return a; }
KEEP enum colour t_enum(enum colour a, enum colour b, enum colour c, enum bits d) { return c; }
KEEP struct small t_small(struct small s) { return s; }
KEEP struct pair t_pair(struct pair s, int i) { return s; }
KEEP struct mixed t_mixed(int i, struct mixed s, double d) { return s; }
KEEP struct floats t_floats(struct floats s) { return s; }
KEEP struct big t_big(int i, struct big s, int j) { return s; }
KEEP point t_point(point *p, point q) { return q; }
KEEP int t_field(struct field f) { return f.c; }
KEEP void t_outer(struct outer *o, struct outer v) { o->q = 0; }
KEEP union both t_union(union both u) { return u; }
KEEP const char *t_strings(const char *a, char *b, const char *null, const wchar_t *w) { return a; }
KEEP void *t_pointers(void *a, int *b, int (*f)(struct field), char **v) { return b; }
KEEP long t_many(long a, long b, long c, long d, long e, struct pair f, long g, struct pair h, double i) { return g; }
KEEP int t_vararg(const char *fmt, ...) { return 1; }
KEEP struct node *t_node(struct node *n) { return n->next; }
#ifdef __SIZEOF_INT128__
KEEP __int128 t_wide(__int128 a) { return a; }
#endif
KEEP struct ldpack t_ldpack(struct ldpack a) { return a; }
KEEP v4 t_vector(v4 a) { return a; }
KEEP void t_unreadable(char *s, struct pair *p) { }
KEEP int t_depth(int n);
static int (*volatile again)(int) = t_depth;
KEEP int t_depth(int n) { return n ? again(n - 1) + 1 : 0; }
KEEP void t_none(void) { }

int main(void)
{
	struct pair pr = { 1, -2 };
	struct big big = { 1, 2, 3, "abc" };
	struct outer out = { { 1, 2 }, "in", (int *) 16, { 7, 8, 9 }, { 5 } };
	point p = { 0.5, -1 };
	struct node tail = { 0, 2 }, head = { &tail, 1 };
	char *argv[] = { "x", 0 };
	int n = 3;

	t_ints(-1, 255, -300, 65535, -5, 4000000000u, -1L << 20, ~0UL);
	printf("t_ints(-1, 255, -300, 65535, -5, 4000000000, %ld, %lu) = -5\n", -1L << 20, ~0UL);
	t_bools(true, false, 'x');
	puts("t_bools(true, false, 'x') = true");
	t_char('\n', L'w');
	puts("t_char('\\n', 'w') = '\\n'");
	t_doubles(1.5f, 0.1, 2.25L, 7, 0.1f);
	puts("t_doubles(1.5, 0.1, 2.25, 7, 0.1) = 0.1");
	t_float(0.3f);
	puts("t_float(0.3) = 0.3");
	t_ldouble(-1e300L);
	puts("t_ldouble(-1e+300) = -1e+300");
	t_complex(1 + 2 * I, 3 - 4 * I);
	puts("t_complex(1, 2, 3, -4) = 1, 2");
	t_enum(RED, GREEN, BLUE, ONE | FOUR);
	puts("t_enum(RED, GREEN, BLUE, ONE|FOUR) = BLUE");
	t_small((struct small) { -1, 2, 'c' });
	puts("t_small({a=-1, b=2, c='c'}) = {a=-1, b=2, c='c'}");
	t_pair(pr, 3);
	puts("t_pair({a=1, b=-2}, 3) = {a=1, b=-2}");
	t_mixed(1, (struct mixed) { 2.5, 3 }, 4.5);
	puts("t_mixed(1, {d=2.5, i=3}, 4.5) = {d=2.5, i=3}");
	t_floats((struct floats) { 1, 2, 3 });
	puts("t_floats({x=1, y=2, z=3}) = {x=1, y=2, z=3}");
	t_big(1, big, 2);
	puts("t_big(1, {a=1, b=2, c=3, name=\"abc\"}, 2) = {a=1, b=2, c=3, name=\"abc\"}");
	t_point(&p, p);
	puts("t_point(&{re=0.5, im=-1}, {re=0.5, im=-1}) = {re=0.5, im=-1}");
	t_field((struct field) { 5, 100, -3 });
	puts("t_field({a=5, b=100, c=-3}) = -3");
	t_outer(&out, out);
	puts("t_outer(&{p={...}, s=\"in\", q=0x10, list=[7, 8, 9], u=5, v=7e-45}, {p={...}, s=\"in\", q=0x10, list=[7, 8, 9], u=5, v=7e-45}) = <void>");
	t_union((union both) { .l = 0 });
	puts("t_union({l=0, d=0}) = {l=0, d=0}");
	t_strings("plain", "quote\"\n", NULL, L"wide");
	puts("t_strings(\"plain\", \"quote\\\"\\n\", NULL, \"wide\") = \"plain\"");
	t_pointers(NULL, &n, t_field, argv);
	printf("t_pointers(NULL, %p, %p /* t_field */, %p) = %p\n", (void *) &n, (void *) t_field, (void *) argv, (void *) &n);
	t_many(1, 2, 3, 4, 5, pr, 6, pr, 7.5);
	puts("t_many(1, 2, 3, 4, 5, {a=1, b=-2}, 6, {a=1, b=-2}, 7.5) = 6");
	t_vararg("f", 1, 2.0);
	puts("t_vararg(\"f\") = 1");
	t_node(&head);
	printf("t_node(&{next=%p, n=1}) = &{next=NULL, n=2}\n", (void *) &tail);
#ifdef __SIZEOF_INT128__
	t_wide(1);
	puts("t_wide(\"\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\") = \"\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"");
#endif
	t_ldpack((struct ldpack) { 1.5L });
	puts("t_ldpack({v=1.5}) = {v=1.5}");
	t_vector((v4) { 1, 2, 3, 4 });
	puts("t_vector([1, 2, 3, 4]) = [1, 2, 3, 4]");
	t_unreadable((char *) 16, (struct pair *) 32);
	puts("t_unreadable(0x10, 0x20) = <void>");
	t_depth(2);
	puts("t_depth(0) = 0\nt_depth(1) = 1\nt_depth(2) = 2");
	t_none();
	puts("t_none() = <void>");
	return 0;
}
