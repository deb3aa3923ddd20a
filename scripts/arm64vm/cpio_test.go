package main

import (
	"bytes"
	"io/fs"
	"reflect"
	"strconv"
	"testing"
)

// entry is what the archive has of a file.
type entry struct {
	name  string
	mode  uint64
	ino   uint64
	minor uint64
	data  string
}

// readArchive reads what archive writes, by the description of the format alone.
func readArchive(t *testing.T, b []byte) (all []entry) {
	t.Helper()
	for off := 0; ; {
		h := b[off:]
		if off%4 != 0 || string(h[:6]) != "070701" {
			t.Fatalf("no header at %d", off)
		}
		field := func(i int) uint64 {
			v, err := strconv.ParseUint(string(h[6+8*i:14+8*i]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		size, nameSize := int(field(6)), int(field(11))
		e := entry{name: string(h[110 : 110+nameSize-1]), ino: field(0), mode: field(1), minor: field(10)}
		if h[110+nameSize-1] != 0 {
			t.Errorf("the name %q has no NUL", e.name)
		}
		data := (110 + nameSize + 3) &^ 3
		e.data = string(h[data : data+size])
		off += (data + size + 3) &^ 3
		if e.name == "TRAILER!!!" {
			if off != len(b) {
				t.Errorf("%d bytes follow the trailer", len(b)-off)
			}
			return all
		}
		all = append(all, e)
	}
}

func TestArchive(t *testing.T) {
	var b bytes.Buffer
	a := newArchive(&b)
	a.char("dev/console", 5, 1)
	a.file("/usr/bin/a", 0o755|fs.ModeSetuid, []byte("12345"))
	a.link("/bin", "usr/bin")
	a.file("usr/bin/../bin/a", 0o644, []byte("the second of its name"))
	a.dir("/usr")
	a.file("/usr/bin/empty", 0o600, nil)
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{"dev", 0o040755, 1, 0, ""},
		{"dev/console", 0o020600, 2, 1, ""},
		{"usr", 0o040755, 3, 0, ""},
		{"usr/bin", 0o040755, 4, 0, ""},
		{"usr/bin/a", 0o104755, 5, 0, "12345"},
		{"bin", 0o120777, 6, 0, "usr/bin"},
		{"usr/bin/empty", 0o100600, 7, 0, ""},
	}
	if got := readArchive(t, b.Bytes()); !reflect.DeepEqual(got, want) {
		t.Errorf("have %+v\nwant %+v", got, want)
	}
}
