// Package vm holds tests that need a whole machine: what a watchdog does to a
// kernel cannot be seen in a namespace. Each boots Debian's kernel in QEMU, without
// hardware acceleration, with an initramfs of busybox, the program under test and
// the kernel's softdog. They are slow and have a target of their own: make vm.
package vm
