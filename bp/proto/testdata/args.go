// Calls functions of Go and prints, for each, the line that is to be made of the call.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

type point struct{ X, Y float64 }

type person struct {
	Name string
	Age  uint8
	tags []string
}

type table [3]int

func tInts(a int8, b uint8, c int16, d uint32, e int64, f uintptr) int { return int(a) }
func tBools(a, b bool) bool                                            { return a }
func tFloats(a float32, b float64, c complex128) float64               { return b }
func tString(s, empty string, long string) string                      { return s }
func tSlice(a []int, b []byte, c []string, d []int) []byte             { return b }
func tStruct(p point, q *point) point                                  { return p }
func tPerson(p person, n int) (person, error)                          { return p, nil }
func tArray(a table, n int) (table, int)                               { return a, n }
func tMany(a, b, c, d, e, f, g, h int, s string, i int) (int, string)  { return i, s }
func tNamed(n int) (sum int, err error)                                { return n + 1, nil }
func tFunc(f func(int) int, m map[string]int, c chan int) bool         { return f != nil }
func tNone()                                                           {}
func (p *person) tMethod(n uint16) string                              { return p.Name }

// Breakpoints are in the main thread only.
func init() { runtime.LockOSThread() }

func main() {
	out, _ := os.OpenFile("/dev/stdout", os.O_WRONLY|os.O_APPEND, 0)
	say := func(format string, a ...any) { fmt.Fprintf(out, format+"\n", a...) }
	p := person{"gopher", 14, []string{"x"}}
	e := errors.New("e")
	_ = e
	tInts(-1, 255, -300, 4000000000, -5, 16)
	say("main.tInts(-1, 255, -300, 4000000000, -5, 16) = -1")
	tBools(true, false)
	say("main.tBools(true, false) = true")
	tFloats(0.1, 2.5, 1+2i)
	say("main.tFloats(0.1, 2.5, 1, 2) = 2.5")
	tString("go\n", "", "a string longer than what is shown")
	say(`main.tString("go\n", "", "a string longer than what is sho"...) = "go\n"`)
	tSlice([]int{1, -2}, []byte("by"), []string{"a", "b"}, nil)
	say(`main.tSlice([1, -2], "by", ["a", "b"], nil) = "by"`)
	tStruct(point{1, 2}, &point{3, 4})
	say("main.tStruct({X=1, Y=2}, &{X=3, Y=4}) = {X=1, Y=2}")
	tPerson(p, 3)
	tags := fmt.Sprintf(`{Name="gopher", Age=14, tags={array=%p, len=1, cap=1}}`, p.tags)
	say("main.tPerson(%s, 3) = {%s, {type=NULL, data=NULL}}", tags, tags)
	tArray(table{1, 2, 3}, 4)
	say("main.tArray([1, 2, 3], 4) = {[1, 2, 3], 4}")
	tMany(1, 2, 3, 4, 5, 6, 7, 8, "stack", 9)
	say(`main.tMany(1, 2, 3, 4, 5, 6, 7, 8, "stack", 9) = {9, "stack"}`)
	tNamed(1)
	say("main.tNamed(1) = {sum=2, err={type=NULL, data=NULL}}")
	tFunc(nil, nil, nil)
	say("main.tFunc(NULL, NULL, NULL) = false")
	tNone()
	say("main.tNone() = <void>")
	p.tMethod(5)
	say(`main.(*person).tMethod(&%s, 5) = "gopher"`, tags)
}
