// Package proto tells what a function's parameters and results are, and makes event.Values of
// them from the registers and the memory of a task that has just entered the function, or
// just left it.
//
// What is known comes from the descriptions of the library that the function is in (package
// data, and the user's own), else from the debugging information of its file, else, in a
// program without shared libraries, from the descriptions by name alone. Descriptions go
// first because they tell more of the functions they know than types do: which argument is
// filled in, how long it is, what a number means. Where nothing is known the first words are
// shown, as text where they point to some.
//
// Pointers to structures are shown as &{field=..., ...}, one level deep: what is in a field
// is shown as {...} if it is a structure and as an address if it is a pointer to anything but
// text. Pointers to numbers are shown as addresses, unless a description or a reference says
// that there is one value: &5.
//
// It refuses to touch a process, to look for functions, and to evaluate location lists: a
// function whose compiler has given it a calling convention of its own (GCC's .isra and
// .constprop clones) shows the arguments that the ordinary one would have. Rust's convention
// is not laid down; scalars and pairs of them come out right.
package proto
