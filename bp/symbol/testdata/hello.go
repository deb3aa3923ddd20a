// Command hello has functions of every form of name that Go makes.
package main

import "fmt"

// T has a method.
type T struct{ n int }

// Method adds.
//
//go:noinline
func (t *T) Method(n int) int { return t.n + n }

//go:noinline
func twice(n int) int { return 2 * n }

func inlined(n int) int { return twice(n) + 1 }

func main() {
	t := &T{inlined(20)}
	fmt.Println(t.Method(1))
	fmt.Scanln()
}
