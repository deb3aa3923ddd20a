// Package stdfds tells which standard descriptors this process was started without. The
// Go runtime opens /dev/null in their place before any Go code runs, and what it opened
// cannot be told from what was given.
//
// The package looks before that: without the C library, the runtime calls whatever its
// variable _cgo_init points to at the very start of the process, on the system's stack. With
// the C library that variable is taken, and nothing is known. A program can have one such
// hook only, so no library may import this package.
package stdfds

// Closed is the standard descriptors that were closed when this process started, bit N for
// descriptor N; none if that is not known.
func Closed() uint8 { return closed() }
