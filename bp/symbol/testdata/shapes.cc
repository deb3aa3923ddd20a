#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

namespace ns {

class Shape {
public:
	virtual ~Shape() {}
	virtual double area(int scale) const = 0;
	static int count;
};

int Shape::count;

static inline double square(double x)
{
	return x * x;
}

template <typename T> class Box : public Shape {
	T side;

public:
	explicit Box(T s) : side(s) { count++; }
	double area(int scale) const override
	{
		double sum = 0;
		for (int i = 0; i < scale; i++)
			sum += square(side + i);
		return sum;
	}
	Box operator+(const Box &o) const { return Box(side + o.side); }
};

template <typename T> __attribute__((noinline)) T biggest(const std::vector<T> &v)
{
	T best = v[0];
	for (const T &x : v)
		if (x > best)
			best = x;
	return best;
}

} // namespace ns

namespace {
__attribute__((noinline)) int hidden(const std::string &s, char const *p)
{
	return s.size() + (p ? 1 : 0);
}
} // namespace

int main(int argc, char **argv)
{
	ns::Box<int> a(argc), b(2);
	ns::Box<double> c(0.5);
	std::vector<int> v{1, 2, argc};
	std::vector<double> w{1, 2, 0.5};
	ns::Shape *s = argc > 3 ? (ns::Shape *)&a : (ns::Shape *)&c;
	printf("%f %d %f %d\n", s->area(argc) + (a + b).area(2), ns::biggest(v), ns::biggest(w), hidden(argv[0], argv[0]));
	fflush(stdout);
	char ch;
	return read(0, &ch, 1) < 0;
}
