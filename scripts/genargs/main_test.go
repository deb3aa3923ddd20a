package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

const writeFormat = `name: sys_enter_write
ID: 840
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:int __syscall_nr;	offset:8;	size:4;	signed:1;
	field:unsigned int fd;	offset:16;	size:8;	signed:0;
	field:const char * buf;	offset:24;	size:8;	signed:0;
	field:size_t count;	offset:32;	size:8;	signed:0;

print fmt: "fd: 0x%08lx"
`

func TestParse(t *testing.T) {
	if got, err := parse(writeFormat); err != nil || got != "upp" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := parse(strings.Replace(writeFormat, "size_t", "float", 1)); err == nil {
		t.Errorf("a type that nobody knows became %q", got)
	}
	if got, err := parse("nothing"); err == nil {
		t.Errorf("no format became %q", got)
	}
}

func TestLetter(t *testing.T) {
	for typ, want := range map[string]byte{
		"const clockid_t": 'i', "unsigned": 'u', "umode_t": 'h', "off_t": 'l', "const size_t": 'p',
		"const void *const": 'p', "int *": 'p', "loff_t": 'L', "loff_t *": 'p',
	} {
		if got, err := letter(typ); err != nil || got != want {
			t.Errorf("%s: %c, %v", typ, got, err)
		}
	}
}

// TestStale compares the checked-in table with this kernel. A call that the table has and
// the kernel has not is from another version.
func TestStale(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the table was made on amd64, whose tracefs lists other calls than that of " + runtime.GOARCH)
	}
	facts, err := read(tracefs)
	if err != nil {
		t.Skipf("no facts about system calls here: %v", err)
	}
	all, _, err := tables(facts)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../../" + output)
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]bool)
	for line := range strings.Lines(string(b)) {
		have[strings.Join(strings.Fields(line), " ")] = true
	}
	for name, types := range all {
		if !have[`"`+name+`": "`+types+`",`] {
			t.Errorf("%s is %q here: go run ./scripts/genargs", name, types)
		}
	}
}
