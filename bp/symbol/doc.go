// Package symbol knows what the addresses of a running process are called: the ELF files
// that are mapped into it, their symbols, source lines and inlined functions, and where the
// places are that a user names. [ParseLoc] reads a place as a rule writes it, a [Space] is
// the address space of a process, and a [Cache] keeps the files that several processes map.
//
// Everything is read when it is first asked for, and only then: finding a function looks at
// the symbol tables alone, finding file.c:42 at the line tables of the units that are made
// from file.c. Layouts are those of the System V ABI (gABI, chapters 4 and 5), of DWARF 4
// and 5, and of the LSB's Core specification (.eh_frame).
//
// It reads files and /proc/PID, and the memory of a process through /proc/PID/mem. It
// refuses to trust any of it: a file that lies about itself has fewer symbols, and never
// makes the reader fail. It runs nothing, writes nothing, fetches nothing from servers, and
// does not follow DWARF into .dwo and dwz files.
package symbol
