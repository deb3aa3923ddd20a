package filter

// Program is a compiled expression. It is immutable and may be used by several tasks.
type Program struct {
	text string
}

// String is the expression in its canonical form.
func (p *Program) String() string { return p.text }
