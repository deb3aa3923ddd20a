package filter_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/filter"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// cases returns the blocks of a file: a source, a line of dashes and what comes out, which
// may be left out if it is the source; the blocks are divided by empty lines.
func cases(t testing.TB, file string) [][2]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list [][2]string
	for block := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n\n") {
		src, want, ok := strings.Cut(block+"\n", "---\n")
		if !ok {
			want = src
		}
		list = append(list, [2]string{src, want})
	}
	return list
}

// golden compares what comes out of each source of a file with what the file says.
func golden(t *testing.T, file string, run func(src string) string) {
	t.Helper()
	var blocks []string
	for _, c := range cases(t, file) {
		got := run(c[0])
		if got != c[1] && !*update {
			t.Errorf("%s:\n%s\ngives:\n%s\nwant:\n%s", file, c[0], got, c[1])
		}
		if got == c[0] {
			blocks = append(blocks, c[0])
		} else {
			blocks = append(blocks, c[0]+"---\n"+got)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(blocks, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPrint holds how rules are written, and that they are read again as the same.
func TestPrint(t *testing.T) {
	golden(t, "testdata/rules/print.txt", func(src string) string {
		r, err := parse(src)
		if err != nil {
			return err.Error() + "\n"
		}
		again, err := parse(r.String())
		if err != nil {
			t.Errorf("%s\nis written as\n%s\nof which is said:\n%v", src, r, err)
		} else if again.String() != r.String() {
			t.Errorf("%s\nis written as\n%s\nand that as\n%s", src, r, again)
		}
		return r.String()
	})
}

// TestRuleErrors holds what is said of mistakes, and where.
func TestRuleErrors(t *testing.T) {
	golden(t, "testdata/rules/errors.txt", func(src string) string {
		_, err := parse(src)
		if err == nil {
			t.Errorf("accepted:\n%s", src)
			return ""
		}
		var list filter.Errors
		if !errors.As(err, &list) {
			t.Fatalf("%T", err)
		}
		return err.Error() + "\n"
	})
}
