package wire

import (
	"bytes"
	"io"
	"testing"
)

// TestFrames: frames arrive whole among what a kernel writes, and nothing of that is lost.
func TestFrames(t *testing.T) {
	var line bytes.Buffer
	w := NewWriter(&line)
	line.WriteString("booting\x1e\xff...\n")
	w.Write(Stdout, []byte("hello\n"))
	w.Write(Stderr, nil)
	line.WriteString("[1.0] a message\n")
	w.Write(Ended, []byte{0, 3, 0, 0})
	line.WriteString("bye")

	var text []byte
	r := NewReader(&line, func(b []byte) { text = append(text, b...) })
	for _, want := range []Frame{{Stdout, []byte("hello\n")}, {Stderr, nil}, {Ended, []byte{0, 3, 0, 0}}} {
		got, err := r.Next()
		if err != nil || got.Kind != want.Kind || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("frame %q, %v, want %q", got, err, want)
		}
	}
	if f, err := r.Next(); err != io.EOF {
		t.Errorf("behind the end: %q, %v", f, err)
	}
	if want := "booting\x1e\xff...\n[1.0] a message\nbye"; string(text) != want {
		t.Errorf("other text %q, want %q", text, want)
	}
}

func TestBroken(t *testing.T) {
	for _, s := range []string{"\x1e\xffvmo\xff\xff\xff\xff", "\x1e\xffvmo\x05\x00\x00\x00abc"} {
		if f, err := NewReader(bytes.NewBufferString(s), func([]byte) {}).Next(); err == nil {
			t.Errorf("%q: %q", s, f)
		}
	}
}
