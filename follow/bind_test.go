package follow

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// decl is a call of four arguments: a descriptor, flags, a directory, a size.
type decl struct{}

var declRegs = [...]event.ArgReg{
	{Arg: 0, Bits: 32, Signed: true}, {Arg: 1, Bits: 32}, {Arg: 2, Bits: 32, Signed: true}, {Arg: 3, Bits: 64},
}

var declNames = [...]string{"fd", "flags", "dfd", "size"}

func (decl) ArgCount() int        { return len(declRegs) }
func (decl) ArgName(i int) string { return declNames[i] }
func (decl) IsFD(i int) bool      { return i == 0 || i == 2 }

func (decl) ArgIndex(name string) int {
	for i, n := range declNames {
		if n == name {
			return i
		}
	}
	return -1
}

func (decl) ArgReg(_ *arch.ABI, i int) (r event.ArgReg, ok bool) {
	if i < 0 || i >= len(declRegs) {
		return r, false
	}
	return declRegs[i], true
}

func (d decl) RegArg(a *arch.ABI, n int) (event.ArgReg, bool) { return d.ArgReg(a, n) }

var (
	argField = &filter.Field{Name: "arg", Index: filter.ArgIndex, Register: true}
	fdField  = &filter.Field{Name: "fd", Many: true, Type: filter.Int, Register: true}
	fd       = &filter.Ref{Field: fdField}
	ret      = &filter.Ref{Field: &filter.Field{Name: "ret", Type: filter.Int, At: filter.Exit}}
)

func arg(n int) *filter.Ref         { return &filter.Ref{Field: argField, N: n} }
func named(name string) *filter.Ref { return &filter.Ref{Field: argField, Name: name} }

func pred(op filter.PredOp, r *filter.Ref, num int64) *filter.Pred {
	return &filter.Pred{Op: op, Ref: r, Mask: ^uint64(0), Num: num}
}

func join(op filter.PredOp, sub ...*filter.Pred) *filter.Pred { return &filter.Pred{Op: op, Sub: sub} }

func TestBind(t *testing.T) {
	for _, c := range []struct {
		p    *filter.Pred
		want string
	}{
		{nil, "true"},
		{&filter.Pred{Op: filter.PredTrue}, "true"},
		{&filter.Pred{Op: filter.PredFalse}, "false"},
		{pred(filter.PredEQ, named("fd"), 2), "arg.1 == 2"},
		{pred(filter.PredEQ, arg(1), -1), "arg.1 == -1"},
		{pred(filter.PredEQ, arg(2), -1), "false"},
		{pred(filter.PredEQ, named("mode"), 2), "false"},
		{pred(filter.PredNE, named("mode"), 2), "true"},
		{pred(filter.PredLT, arg(5), 2), "false"},
		{join(filter.PredNot, pred(filter.PredLT, arg(5), 2)), "true"},
		{join(filter.PredNot, pred(filter.PredLT, arg(1), 2)), "arg.1 >= 2"},
		{pred(filter.PredEQ, fd, 3), "arg.1 == 3 or arg.3 == 3"},
		{pred(filter.PredNE, fd, 3), "arg.1 != 3 and arg.3 != 3"},
		{pred(filter.PredGT, fd, 3), "arg.1 > 3 or arg.3 > 3"},
		{join(filter.PredNot, pred(filter.PredGT, fd, 3)), "arg.1 <= 3 and arg.3 <= 3"},
		{pred(filter.PredLE, fd, 3), "(arg.1 <= 3 and arg.1 >= 0) or (arg.3 <= 3 and arg.3 >= 0)"},
		{join(filter.PredNot, pred(filter.PredLT, fd, 3)), "(arg.1 >= 3 or arg.1 < 0) and (arg.3 >= 3 or arg.3 < 0)"},
		{pred(filter.PredNE, fd, -1), "(arg.1 != -1 or arg.1 < 0) and (arg.3 != -1 or arg.3 < 0)"},
		{pred(filter.PredEQ, ret, 3), "true"},
		{join(filter.PredNot, pred(filter.PredLT, ret, 3)), "true"},
		{join(filter.PredAnd, pred(filter.PredEQ, ret, 3), pred(filter.PredGE, named("size"), 1<<20)), "arg.4 >= 1048576"},
		{join(filter.PredOr, pred(filter.PredEQ, ret, 3), pred(filter.PredGE, named("size"), 1<<20)), "true"},
		{&filter.Pred{Op: filter.PredEQ, Ref: named("flags"), Mask: 0x40, Num: 0x40}, "arg.2 & 0x40 == 0x40"},
		{&filter.Pred{Op: filter.PredNE, Ref: named("flags"), Mask: 0x1000000040, Num: 0}, "arg.2 & 0x40 != 0x0"},
	} {
		if got := Bind(c.p, decl{}, arch.ABIAMD64).String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// holds is what a condition means, of values; unknown ones may make it true or not.
func holds(p *filter.Pred, args *[6]uint64, unknown int64) bool {
	switch p.Op {
	case filter.PredTrue:
		return true
	case filter.PredFalse:
		return false
	case filter.PredAnd:
		for _, s := range p.Sub {
			if !holds(s, args, unknown) {
				return false
			}
		}
		return true
	case filter.PredOr:
		for _, s := range p.Sub {
			if holds(s, args, unknown) {
				return true
			}
		}
		return false
	case filter.PredNot:
		return !holds(p.Sub[0], args, unknown)
	case filter.PredNE:
		q := *p
		q.Op = filter.PredEQ
		return !holds(&q, args, unknown)
	}
	for _, v := range values(p.Ref, args, unknown) {
		if p.Op == filter.PredEQ && uint64(v)&p.Mask == uint64(p.Num) || p.Op == filter.PredLT && v < p.Num ||
			p.Op == filter.PredLE && v <= p.Num || p.Op == filter.PredGT && v > p.Num || p.Op == filter.PredGE && v >= p.Num {
			return true
		}
	}
	return false
}

// values is what an Env answers.
func values(r *filter.Ref, args *[6]uint64, unknown int64) []int64 {
	all := []int64{int64(int32(args[0])), int64(uint32(args[1])), int64(int32(args[2])), int64(args[3])}
	switch {
	case r == ret:
		return []int64{unknown}
	case r == fd:
		return slices.DeleteFunc([]int64{all[0], all[2]}, func(n int64) bool { return n < 0 }) // no descriptors
	case r.N > 0 && r.N <= len(all):
		return all[r.N-1 : r.N]
	case r.N == 0:
		if i := (decl{}).ArgIndex(r.Name); i >= 0 {
			return all[i : i+1]
		}
	}
	return nil
}

// source makes conditions and registers from a fuzzer's bytes.
type source struct{ b []byte }

func (s *source) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

func (s *source) num() int64 {
	edges := [...]int64{0, 3, 0x40, 1 << 16, 1 << 31, 1<<32 - 1, 1 << 32, -1, -1 << 31, -1 << 63, 1<<63 - 1, -1 << 32}
	return edges[int(s.byte())%len(edges)] + int64(int8(s.byte()))/64
}

func (s *source) pred(depth int) *filter.Pred {
	refs := [...]*filter.Ref{arg(1), arg(2), arg(3), arg(4), arg(6), named("fd"), named("size"), named("mode"), fd, ret}
	switch op := filter.PredOp(s.byte() % 11); op {
	case filter.PredTrue, filter.PredFalse:
		return &filter.Pred{Op: op}
	case filter.PredAnd, filter.PredOr:
		p := &filter.Pred{Op: op}
		if depth > 0 {
			for range s.byte() % 4 {
				p.Sub = append(p.Sub, s.pred(depth-1))
			}
		}
		return p
	case filter.PredNot:
		size := filter.PredLT + filter.PredOp(s.byte()%4)
		return join(op, pred(size, refs[int(s.byte())%len(refs)], s.num()))
	default:
		p := pred(op, refs[int(s.byte())%len(refs)], s.num())
		if op == filter.PredEQ && s.byte()&1 != 0 {
			p.Mask = uint64(s.num())
		}
		return p
	}
}

// FuzzBind holds that registers are never refused where the condition can hold, and that
// what needs no more than registers is decided exactly.
func FuzzBind(f *testing.F) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &source{b}
		p := s.pred(3)
		bound := Bind(p, decl{}, arch.ABIAMD64)
		exact := !uses(p, ret)
		for range 20 {
			var args [6]uint64
			for i := range args {
				args[i] = uint64(s.num())
			}
			got := bound.Eval(&args)
			for _, unknown := range []int64{s.num(), s.num(), 0, -1} {
				want := holds(p, &args, unknown)
				if want && !got || exact && want != got {
					t.Fatalf("%v: registers %x, result %d: bound says %v, the condition %v", bound, args, unknown, got, want)
				}
			}
		}
	})
}

func uses(p *filter.Pred, r *filter.Ref) bool {
	for _, s := range p.Sub {
		if uses(s, r) {
			return true
		}
	}
	return p.Ref == r
}

// callEnv gives a call's arguments to programs.
type callEnv struct {
	args   [6]uint64
	result int64
}

func (e *callEnv) Num(r *filter.Ref, i int) (int64, bool) {
	vs := []int64{e.result}
	if r.Field != ret.Field {
		own := *r
		if r.Field == fdField {
			own = *fd
			vs = values(fd, &e.args, 0)
		} else {
			vs = values(&own, &e.args, 0)
		}
	}
	if i >= len(vs) {
		return 0, false
	}
	return vs[i], true
}

func (e *callEnv) Str(*filter.Ref, int) ([]byte, bool) { return nil, false }

// TestBindRules holds, of conditions as they are written, what is decided on registers, and
// that this refuses no call of which the condition holds.
func TestBindRules(t *testing.T) {
	call := &filter.Event{Name: "syscall", Calls: true, Tasks: true, Stops: true}
	schema := &filter.Schema{
		Events: []*filter.Event{call},
		Fields: []*filter.Field{argField, fdField, ret.Field},
		Const: func(name string) (int64, bool) {
			return 0x40, name == "O_CREAT"
		},
		ArgNames: func(string) []string { return declNames[:] },
		Universe: &filter.Universe{ABIs: []filter.ABI{{Suffix: "64", Names: []string{"read"}}}},
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	bytes := make([]byte, 4000)
	for _, c := range []struct{ expr, want string }{
		{"arg.fd == 2", "arg.1 == 2"},
		{"arg.fd in (1, 2)", "arg.1 >= 1 and arg.1 <= 2"},
		{"arg.1 in (3..9)", "arg.1 >= 3 and arg.1 <= 9"},
		{"arg.flags & O_CREAT", "arg.2 & 0x40 == 0x40"},
		{"not (arg.flags & O_CREAT)", "arg.2 & 0x40 != 0x40"},
		{"arg.flags & 0x43 == 0x41", "arg.2 & 0x43 == 0x41"},
		{"arg.4 >= 1M", "arg.4 >= 1048576"},
		{"fd == 3", "arg.1 == 3 or arg.3 == 3"},
		{"fd != 3", "arg.1 != 3 and arg.3 != 3"},
		{"not fd < 3", "(arg.1 > 2 or arg.1 < 0) and (arg.3 > 2 or arg.3 < 0)"},
		{"fd > 2 and ret < 0", "arg.1 >= 3 or arg.3 >= 3"},
		{"fd > 2 or ret < 0", "true"},
		{"arg.6 == 0", "false"},
		{"arg.6 != 0", "true"},
		{"arg.fd < 0 and (arg.size > 10 or ret == 0)", "arg.1 <= -1"},
		{"arg.flags < 0", "false"},
	} {
		p, err := filter.ParseExpr(c.expr, schema, call)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		bound := Bind(p.Pred(), decl{}, arch.ABIAMD64)
		if got := bound.String(); got != c.want {
			t.Errorf("%s is bound as %s, want %s", c.expr, got, c.want)
		}
		for i := range bytes {
			bytes[i] = byte(rnd.Uint32())
		}
		s := &source{bytes}
		for range 300 {
			env := &callEnv{result: s.num()}
			for i := range env.args {
				env.args[i] = uint64(s.num())
			}
			if p.Match(env) && !bound.Eval(&env.args) {
				t.Errorf("%s holds for registers %x, but %s does not", c.expr, env.args, bound)
			}
		}
	}
}
