// Command gostacks calls site in several ways: stacks there are compared with gdb's.
package main

import "sort"

var sink int

//go:noinline
func site(n int) { sink += n }

type shape interface{ area() int }

type square struct{ a int }

func (s square) area() int {
	site(s.a)
	return s.a * s.a
}

//go:noinline
func deep(n int) int {
	var room [512]byte // the stack has to grow
	if n == 0 {
		site(3)
		return 0
	}
	room[n] = byte(n)
	return deep(n-1) + int(room[n])
}

func inlined(n int) { site(n) }

type byte3 []byte

func (b byte3) Len() int           { return len(b) }
func (b byte3) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b byte3) Less(i, j int) bool { site(5); return b[i] < b[j] }

func main() {
	var s shape = square{1}
	s.area()
	inlined(2)
	deep(20)
	done := make(chan bool)
	go func() {
		defer close(done)
		defer site(4)
		deep(40)
	}()
	<-done
	sort.Sort(byte3{2, 1})
}
