package decode

import "github.com/gotrace/gotrace/tracer/event"

// Siginfo decodes a siginfo_t.
func Siginfo(c *Ctx, raw []byte) event.Value {
	r := c.Rd(raw)
	return c.StructCut(event.F("si_signo", intV(r.S32())))
}
