package decode

import "github.com/gotrace/gotrace/tracer/event"

// sockDiag appends to e what follows the header of a message of sock_diag(7).
func (c *Ctx) sockDiag(e []event.Value, kind, flags uint64, b []byte) []event.Value {
	return c.genericMsg(e, b)
}
