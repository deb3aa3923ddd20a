package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// The rules are read, checked and run as if all of it were gotrace's own.
func Example() {
	_, err := trace(`
		let libc = path contains "/libc.so" or path contains "/libc-"
		on library where libc and system(path) first 1 do note("is the C library")
	`, []string{"sh", "-c", ":"}, os.Stdout)
	if err != nil {
		fmt.Println(err)
	}
	// Output: libc.so.6 is the C library
}

// TestMistakes: the checker knows what was added.
func TestMistakes(t *testing.T) {
	for rule, want := range map[string]string{
		`on libary do note("x")`:                       "rules:1:4: no event 'libary'; did you mean library?",
		`on library where paht == "x" do note("x")`:    "rules:1:18: no field, constant or name 'paht'; did you mean path?",
		`on library where systen(path) do note("x")`:   "rules:1:18: no function 'systen'; did you mean system?",
		`on library where system(1) do note("x")`:      "rules:1:25: '1' is a number, expected a string",
		`on library where system(path) do not("x")`:    "rules:1:34: no action 'not'; did you mean note?",
		`on library where system(path) do note(1 + 2)`: "rules:1:39: expected a string for 'text', found '1'",
	} {
		_, err := trace(rule, []string{"true"}, io.Discard)
		if err == nil {
			t.Errorf("%s: no error", rule)
		} else if first, _, _ := strings.Cut(err.Error(), "\n"); first != want {
			t.Errorf("%s: %s, want %s", rule, first, want)
		}
	}
}
