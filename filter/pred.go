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
	PredNot // of Sub[0], which is one of the last four
)

// Pred is what a condition says about the argument registers of a call: it holds whenever
// the condition can. It is what may be decided in the kernel, before a task is stopped.
// A comparison with an argument that a call does not have is false, PredNE true. Of a
// Ref with several values a comparison holds if it does for one of them, PredNE if PredEQ
// holds for none. Num is what Env.Num would give: of narrow arguments the sign is extended.
type Pred struct {
	Op   PredOp
	Sub  []*Pred
	Ref  *Ref // to arg, or to a field that is all of a call's descriptors
	Mask uint64
	Num  int64
}
