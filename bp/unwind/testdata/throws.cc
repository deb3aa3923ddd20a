// C++ functions at whose calls of site() stacks are compared with gdb's.
#include <functional>
#include <stdexcept>
#include <vector>

volatile int sink;

extern "C" __attribute__((noinline)) void site(int n) { sink += n; asm volatile("" ::: "memory"); }

namespace shapes {
struct Shape {
	virtual ~Shape() { site(4); }
	virtual int area(int n) const = 0;
};
template <typename T> struct Square : Shape {
	int area(int n) const override {
		site(1);
		if (n > 2)
			throw std::runtime_error("large");
		return n * n + sink;
	}
};
}

struct Guard {
	~Guard() { site(2); }
};

__attribute__((noinline)) int guarded(const shapes::Shape &s, int n) {
	Guard g;
	return s.area(n) + sink;
}

__attribute__((noinline)) int caught(const shapes::Shape &s) {
	try {
		return guarded(s, 3);
	} catch (const std::exception &) {
		site(3);
		return sink;
	}
}

int main() {
	shapes::Square<int> s;
	guarded(s, 1);
	caught(s);
	std::function<void(int)> f = [](int n) { site(n); sink++; };
	f(5);
	return 0;
}
