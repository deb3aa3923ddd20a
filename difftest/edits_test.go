package difftest

import "testing"

func TestEdits(t *testing.T) {
	tests := []struct {
		a, b, want string // = both, - first only, + second only
	}{
		{"", "", ""},
		{"abc", "abc", "==="},
		{"abc", "", "---"},
		{"", "ab", "++"},
		{"abcd", "abxd", "==-+="},
		{"abcabba", "cbabac", "--=-==+=+"},
		{"axb", "ab", "=-="},
		{"ab", "axb", "=+="},
	}
	for _, x := range tests {
		var got []byte
		i, j := 0, 0
		for _, e := range edits(len(x.a), len(x.b), func(i, j int) bool { return x.a[i] == x.b[j] }) {
			switch e {
			case keep:
				if x.a[i] != x.b[j] {
					t.Errorf("%s, %s: %d and %d are kept", x.a, x.b, i, j)
				}
				i, j = i+1, j+1
			case del:
				i++
			case ins:
				j++
			}
			got = append(got, "=-+"[e])
		}
		if i != len(x.a) || j != len(x.b) || len(got) != len(x.want) {
			t.Errorf("%s, %s: %s, want %s", x.a, x.b, got, x.want)
		}
	}
}

func TestJoin(t *testing.T) {
	got := join([]string{
		`12:34:56.123456 read(3,  <unfinished ...>`,
		`12:34:56.123456 <... read resumed>"x", 1) = 1 <0.000012>`,
		`     0.000015 getppid()               = 7`,
		`<comm> clone3({} <unfinished ...>`,
		`<comm> <... clone3 resumed> => {parent_tid=[7]}, 88) = 7`,
		`clone3({} <unfinished ...>`,
		`<... clone3 resumed> => {parent_tid=[7]}, 88) = 7`,
		`wait4(-1,  <unfinished ...>`,
	})
	want := []line{
		{text: `(time) read(3, "x", 1) = 1 <spent>`, joined: true},
		{text: `(since) getppid()               = 7`},
		{text: `<comm> clone3({} => {parent_tid=[7]}, 88) = 7`, joined: true},
		{text: `clone3({} => {parent_tid=[7]}, 88) = 7`, joined: true},
		{text: `wait4(-1,  <unfinished ...>`, joined: true},
	}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}

func TestSame(t *testing.T) {
	tr := &trace{pids: map[string]bool{}}
	tr.addPID("100")
	tr.addPID("200")
	c := &comparer{a: tr, b: tr, noise: noise}
	tests := []struct {
		a, b string
		same bool
	}{
		{`getpid() = 100`, `getpid() = 200`, true},
		{`getpid() = 100`, `getpid() = 300`, false},
		{`getppid()  = 100`, `getppid() = 200`, false}, // another column
		{`brk(0x555555559000) = 0`, `brk(0x555555560000) = 0`, true},
		{`f(0x1000000) = 0`, `f(0x2000000) = 0`, false},
		{`getrandom("\x01", 1, 0) = 1`, `getrandom("abc", 1, 0)   = 1`, true},
		{`close(3) = 0`, `close(4) = 0`, false},
	}
	for _, x := range tests {
		if got := c.same(&line{text: x.a}, &line{text: x.b}); got != x.same {
			t.Errorf("%s and %s: %v", x.a, x.b, got)
		}
	}
}
