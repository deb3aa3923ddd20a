package main

import (
	"debug/elf"
	"fmt"
)

// machine is a kind of virtual machine.
type machine struct {
	goarch, debArch string
	qemu, qemuPkg   string
	args            []string
	console         string // for the kernel, and below /dev
	kernel          string // the package of its kernel
	gcc             string // the compiler for its programs
	gccPkgs         []string
	m32             bool // whether it runs programs of 32 bits that gcc -m32 makes
}

// machines by GOARCH. No processor of the host is used: /dev/kvm is not there on most
// machines that run this, and an emulated machine is the same everywhere.
var machines = map[string]*machine{
	"arm64": {
		goarch: "arm64", debArch: "arm64",
		qemu: "qemu-system-aarch64", qemuPkg: "qemu-system-arm",
		args:    []string{"-M", "virt,gic-version=3", "-cpu", "cortex-a57"},
		console: "ttyAMA0",
		kernel:  "linux-image-cloud-arm64",
		gcc:     "aarch64-linux-gnu-gcc",
		gccPkgs: []string{"gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"},
	},
	"amd64": {
		goarch: "amd64", debArch: "amd64",
		qemu: "qemu-system-x86_64", qemuPkg: "qemu-system-x86",
		args:    []string{"-M", "q35", "-cpu", "max"},
		console: "ttyS0",
		kernel:  "linux-image-cloud-amd64",
		gcc:     "gcc",
		gccPkgs: []string{"gcc", "libc6-dev", "lib32gcc-12-dev", "libc6-dev-i386"},
		m32:     true,
	},
}

// machineOf is the machine that runs a program.
func machineOf(path string) (*machine, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	switch f.Machine {
	case elf.EM_AARCH64, elf.EM_ARM:
		return machines["arm64"], nil
	case elf.EM_X86_64, elf.EM_386:
		return machines["amd64"], nil
	}
	return nil, fmt.Errorf("%s: no machine for programs of %v", path, f.Machine)
}
