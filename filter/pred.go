package filter

// PredOp is what a Pred says.
type PredOp uint8

// The operations.
const (
	PredTrue PredOp = iota // not decidable from registers: the call must be looked at
	PredFalse
	PredAnd // of Sub
	PredOr
	PredEQ // Ref & Mask == Num
	PredNE // the comparisons are signed, of Ref with Num; Mask is all ones
	PredLT
	PredLE
	PredGT
	PredGE
)

// Pred is what a condition says about the argument registers of a call: it holds whenever
// the condition can. It is what may be decided in the kernel, before a task is stopped.
// A comparison with an argument that a call does not have is false, PredNE true.
type Pred struct {
	Op   PredOp
	Sub  []*Pred
	Ref  *Ref // to arg, or to a field that is all of a call's descriptors
	Mask uint64
	Num  int64
}
