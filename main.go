// Command gotrace traces system calls, signals and other events of process trees.
package main

func main() {}
