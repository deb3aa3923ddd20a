package sink

import (
	"strings"

	"github.com/fatih/color"
)

// paint is the escape sequences around a coloured word.
type paint struct{ on, off string }

// palette is the colours of a trace. Its zero value is none.
type palette struct{ name, err, signal, life paint }

func newPalette() palette {
	return palette{
		name:   newPaint(color.FgBlue, color.Bold),
		err:    newPaint(color.FgRed),
		signal: newPaint(color.FgYellow),
		life:   newPaint(color.FgMagenta),
	}
}

// newPaint asks the colour library for its escapes once, so that none is made per event.
func newPaint(attrs ...color.Attribute) paint {
	c := color.New(attrs...)
	c.EnableColor()
	on, off, _ := strings.Cut(c.Sprint("\x00"), "\x00")
	return paint{on, off}
}
