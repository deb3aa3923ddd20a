// Lets the compiler accept functions without bodies, which go:linkname binds.
