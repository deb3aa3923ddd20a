//go:build !cgo

package stdfds

// start is called by the runtime.
func start()

func closed() uint8
