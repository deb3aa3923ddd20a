package proto

import "github.com/gotrace/gotrace/tracer/event"

// arena gives out memory in pieces of larger blocks: a call has many small values. What it
// gave is never used again; a block is free when nobody has a piece of it any more.
type arena struct {
	data   []byte
	values []event.Value
}

const (
	dataBlock  = 16 << 10
	valueBlock = 64
)

// bytes returns n zero bytes.
func (a *arena) bytes(n int) []byte {
	if n > len(a.data) {
		a.data = make([]byte, max(n, dataBlock))
	}
	b := a.data[:n:n]
	a.data = a.data[n:]
	return b
}

// list returns n absent values.
func (a *arena) list(n int) []event.Value {
	if n > len(a.values) {
		a.values = make([]event.Value, max(n, valueBlock))
	}
	v := a.values[:n:n]
	a.values = a.values[n:]
	return v
}
