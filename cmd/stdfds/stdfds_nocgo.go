//go:build !cgo

package stdfds

// start is called by the runtime.
//
//lint:ignore U1000 _cgo_init points to it, in assembly
func start()

func closed() uint8
