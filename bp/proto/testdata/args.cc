// Calls functions of C++ and prints, for each, the line that is to be made of the call.
#pragma GCC diagnostic ignored "-Wpmf-conversions"
#include <cstdio>
#include <string>
#include <vector>

#define KEEP __attribute__((noipa))

struct Base { int b; virtual ~Base() {} };
struct Derived : Base {
	int d;
	explicit Derived(int n) { b = 1; d = n; }
	KEEP int t_method(int n) const { return n + d; }
	KEEP static int t_static(int n) { return n; }
};
struct Plain { int x, y; };
struct Guard { int n; Guard(int n) : n(n) {} Guard(const Guard &g) : n(g.n) {} ~Guard() {} };
struct Empty {};
enum class Level : unsigned char { Low, High };
namespace space { KEEP int t_inside(Plain p) { return p.x; } }

KEEP int t_ref(int &r, const Plain &p, int &&m) { return r; }
KEEP int t_guard(Guard g, int after) { return after; }
KEEP Guard t_returned(int n) { return Guard(n); }
KEEP int t_string(std::string s, const std::string &r) { return 0; }
KEEP std::string t_text() { return "text"; }
KEEP int t_empty(Empty e, int after) { return after; }
KEEP Level t_level(Level l) { return l; }
KEEP int t_member(int Plain::*m, int (Derived::*f)(int) const, int n) { return n; }
KEEP void t_null(decltype(nullptr) n) {}
template <typename T> KEEP T t_template(T a, T b) { return a; }

int main()
{
	Derived d(4);
	Plain p = { 1, 2 };
	int n = 7;
	d.t_method(3);
	printf("Derived::t_method(int) const(&{Base={...}, d=4}, 3) = 7\n");
	Derived::t_static(2);
	printf("Derived::t_static(int)(2) = 2\n");
	space::t_inside(p);
	printf("space::t_inside(Plain)({x=1, y=2}) = 1\n");
	t_ref(n, p, 5);
	printf("t_ref(int&, Plain const&, int&&)(&7, &{x=1, y=2}, &5) = 7\n");
	t_guard(Guard(3), 4);
	printf("t_guard(Guard, int)({n=3}, 4) = 4\n");
	t_returned(6);
	printf("t_returned(int)(6) = {n=6}\n");
	t_string("short", std::string("a long string, which is not kept inside"));
	printf("t_string(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > const&)(\"short\", &\"a long string, which is not kept\"...) = 0\n");
	t_text();
	printf("t_text[abi:cxx11]()() = \"text\"\n");
	t_empty(Empty(), 8);
	printf("t_empty(Empty, int)({}, 8) = 8\n");
	t_level(Level::High);
	printf("t_level(Level)(High) = High\n");
	t_member(&Plain::y, &Derived::t_method, 1);
	printf("t_member(int Plain::*, int (Derived::*)(int) const, int)(4, {ptr=%p /* Derived::t_method(int) const */, adj=0}, 1) = 1\n", (void *) (&Derived::t_method));
	t_null(nullptr);
	printf("t_null(decltype(nullptr))(NULL) = <void>\n");
	t_template(1.5, 2.5);
	printf("double t_template<double>(double, double)(1.5, 2.5) = 1.5\n");
}
