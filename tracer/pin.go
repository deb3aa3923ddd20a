package tracer

// pinner keeps tracer and tracee on one CPU while only one task is traced.
type pinner struct{}

func (p *pinner) added(*Session)   {}
func (p *pinner) dropped(*Session) {}
