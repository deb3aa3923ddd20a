//go:build cgo

package stdfds

func closed() uint8 { return 0 }
