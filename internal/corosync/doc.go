// Package corosync is the ring's place taken by an installed Corosync 3: it speaks
// to the running daemon as its libraries libcpg, libquorum, libvotequorum, libcmap
// and libcfg do, and feeds package group with what that tells.
//
// # Why without the libraries
//
// Loading them with purego (a dlopen without cgo) was measured first: merely
// importing it makes the binary of CGO_ENABLED=0 dynamically linked (an
// interpreter, libc, libdl, libpthread), for all who use the built-in ring, too.
// What the libraries do is small: a connection is a Unix socket and three ring
// buffers in shared memory (libqb's IPC), a request a header and fixed fields. Both
// were learned from a running Corosync 3.1.7 with libqb 2.0.6 (its buffers as
// files, its clients under strace, each library call with its request and answer)
// and from cpg(3), quorum_overview(3), votequorum_overview(3), cmap_overview(3),
// qbipcc.h and qbrb.h. The layout is the one between daemon and libraries of
// Corosync 3, which distributions upgrade apart from each other; what does not fit
// is refused by name, not guessed at.
//
// # Files
//
//	buffer.go    one ring buffer in shared memory, and its semaphore
//	ipc.go       a connection: handshake, requests, events
//	message.go   fields of requests and answers
//	cpg.go quorum.go cmap.go cfg.go   what is asked of the five services
//	session.go   one life of the connections, and what comes in on them
//	provider.go  the hand: connects again and again, and carries messages out
package corosync
