// Command genxlat turns tables of kernel constants, tracer/decode/xlat/*.in, into
// Go variables: tracer/decode/zxlat_<file>.go. It knows nothing of decoders, and
// the program that is built from its output needs no headers: numbers are in the
// .in files, and a test compares them with the headers of the machine.
//
//	go run ./scripts/genxlat          write zxlat_*.go
//	go run ./scripts/genxlat -fill    first look up the values that are missing
//	go run ./scripts/genxlat -check   compare the values with the headers
//
// # The format of a .in file
//
//	# comment
//	%include <linux/futex.h>
//	%table open_flags O_??? [sorted]
//	O_WRONLY 01
//	O_DIRECT 040000 arm64=0200000
//	O_GONE   -      i386=010
//	O_OTHER  01     alias
//	"A or B" 0x5402
//
// %include names the headers that -fill and the test read. Includes that stand
// together replace the ones before them and hold for all tables up to the next
// group, so tables whose headers cannot be included together live in one file.
// A header that is not installed is passed over.
//
// %table starts a table: its name, and what is shown beside a value that has no
// name ("-" for nothing). The table open_flags becomes the variable xOpenFlags.
// sorted asserts that values ascend strictly, which makes lookups binary searches.
// In other tables order is meaning: flags are tried from the top, so combinations
// stand before their parts.
//
// An entry is a name and its value in C syntax (decimal, 0x hexadecimal, 0 octal,
// a leading minus: stored sign-extended to 64 bits). The value is the one of
// amd64; i386= and arm64= say where another architecture differs; "-" means that
// it has no such name. alias marks a second name for a value of the same table,
// which only lookups by name find; without the mark it is an error. A name in double
// quotes may have blanks: strace shows "A or B" where one number has two meanings.
//
// A name without a value is an error, except under -fill, which asks the headers,
// writes the numbers into the .in file, and brings sorted tables into order. So a
// new table is: write the names, run -fill.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	dir := flag.String("dir", "tracer/decode", "the package to write to; xlat/*.in is below it")
	fill := flag.Bool("fill", false, "look up missing values in the headers and write them to the .in files")
	check := flag.Bool("check", false, "compare all values with the headers")
	flag.Parse()
	if err := run(*dir, *fill, *check); err != nil {
		fmt.Fprintln(os.Stderr, "genxlat:", err)
		os.Exit(1)
	}
}

func run(dir string, fill, check bool) error {
	files, err := load(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !fill {
			break
		}
		if err := f.fill(); err != nil {
			return err
		}
		if err := writeChanged(f.path, f.text()); err != nil {
			return err
		}
	}
	if err := verify(files); err != nil {
		return err
	}
	for _, f := range files {
		src, err := f.generate()
		if err != nil {
			return err
		}
		if err := writeChanged(filepath.Join(dir, f.goName()), src); err != nil {
			return err
		}
	}
	index, err := generateIndex(files)
	if err != nil {
		return err
	}
	if err := writeChanged(filepath.Join(dir, indexName), index); err != nil {
		return err
	}
	for _, f := range files {
		if !check {
			break
		}
		for _, a := range arches {
			n, bad, lacking, err := f.check(a)
			if err != nil {
				return err
			}
			fmt.Printf("%s %s: %d names compared, not in the headers: %s\n",
				filepath.Base(f.path), a.name, n, strings.Join(lacking, " "))
			for _, b := range bad {
				fmt.Println(b)
			}
		}
	}
	return nil
}

// indexName is the file that lists all tables.
const indexName = "zxlat.go"

// load parses every .in file below dir.
func load(dir string) ([]*file, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "xlat", "*.in"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no %s/xlat/*.in", dir)
	}
	var files []*file
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		f, err := parse(p, string(src))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// verify reports everything that is wrong with the tables, all at once.
func verify(files []*file) error {
	seen := map[string]string{}
	var bad []string
	for _, f := range files {
		for _, t := range f.tables {
			if other, ok := seen[t.goName()]; ok {
				bad = append(bad, fmt.Sprintf("%s:%d: table %s is also in %s", f.path, t.line+1, t.name, other))
			}
			seen[t.goName()] = f.path
			bad = append(bad, t.verify(f.path)...)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%d mistakes\n%s", len(bad), strings.Join(bad, "\n"))
	}
	return nil
}

// writeChanged leaves an up-to-date file alone, so that builds stay cached.
func writeChanged(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return os.WriteFile(path, data, 0o644)
}
