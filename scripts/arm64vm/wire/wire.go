// Package wire is what a guest and its host say to each other: the jobs that the guest finds
// in its file system, and the frames that it writes to its serial line.
package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// JobsFile is where a guest finds its Setup, as JSON.
const JobsFile = "/setup.json"

// Setup is what a guest does before it powers off.
type Setup struct {
	// Console is the serial line for frames.
	Console string
	// Modules are paths of kernel modules, in the order to load them.
	Modules []string
	Jobs    []Job
}

// Job is a program to run.
type Job struct {
	Argv []string
	Env  []string
	Dir  string
	// Fetch names files whose contents are sent when the program has ended.
	Fetch []string
}

// Kind says what a frame carries.
type Kind byte

// Kinds of frames: output of the current job, its wait status as 4 bytes, a file of
// Job.Fetch (its name, NUL, its contents), and why the guest gives up.
const (
	Stdout Kind = 'o'
	Stderr Kind = 'e'
	Ended  Kind = 'x'
	File   Kind = 'f'
	Failed Kind = '!'
)

// Frame is one message.
type Frame struct {
	Kind Kind
	Data []byte
}

// mark begins a frame: the kernel may write to the same line, text without these bytes.
var mark = []byte{0x1e, 0xff, 'v', 'm'}

const (
	headerSize = 4 + 1 + 4
	maxFrame   = 64 << 20
)

// Writer writes frames, for several goroutines.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write sends one frame in one call of the writer beneath.
func (w *Writer) Write(k Kind, data []byte) error {
	b := make([]byte, 0, headerSize+len(data))
	b = append(append(b, mark...), byte(k))
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...)
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.w.Write(b)
	return err
}

// Reader finds frames among other text.
type Reader struct {
	r *bufio.Reader
	// Text is called with what is in no frame.
	Text func([]byte)
}

// NewReader returns a Reader of r; text takes what is in no frame.
func NewReader(r io.Reader, text func([]byte)) *Reader {
	return &Reader{bufio.NewReaderSize(r, 1<<16), text}
}

// Next returns the next frame; io.EOF at the end.
func (r *Reader) Next() (Frame, error) {
	for {
		h, err := r.r.Peek(headerSize)
		if bytes.HasPrefix(h, mark) && len(h) == headerSize {
			return r.frame(h)
		}
		if len(h) == 0 {
			return Frame{}, err
		}
		r.Text(h[:1])
		r.r.Discard(1)
	}
}

func (r *Reader) frame(h []byte) (Frame, error) {
	n := binary.LittleEndian.Uint32(h[5:])
	f := Frame{Kind: Kind(h[4])}
	if n > maxFrame {
		return f, errors.New("a frame is longer than any that is written")
	}
	f.Data = make([]byte, n)
	r.r.Discard(headerSize)
	_, err := io.ReadFull(r.r, f.Data)
	return f, err
}
