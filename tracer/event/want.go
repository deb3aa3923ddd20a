package event

// Want is what one rule wants of the kernel.
type Want struct {
	Rule  string  // its text
	Kinds []*Kind // the events that it is on
	// Calls are the system calls that it is on, and Preds what their arguments must meet.
	Calls CallSet
	Preds CallPreds
	// Probes are the places and counters that it is on.
	Probes []Probe
	// Exit: it is decided, or acts, when a call is over.
	Exit bool
	// LetsGo: it may let a task go, or end the session, while tasks live.
	LetsGo bool
	// Signals: it sends a signal to a task that is entering a call.
	Signals bool
}
