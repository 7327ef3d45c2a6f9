package web

import (
	"context"
	"net"
	"net/http"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"

	"mainstay/cib"
)

// Owner is the user that, next to root, is never subject to ACLs: Pacemaker's.
const Owner = "hacluster"

type peerKey struct{}

// withPeer puts the name of the user at the other end of a Unix socket into the
// connection's context; it is "" for other sockets.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credErr != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, userName(cred.Uid))
}

// userName returns the login name of a user id, or "uid:N".
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if uid == 0 {
		return "root"
	}
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid:" + id
}

// ActAs is the header by which root and the owner ask in the name of another user, to
// see what that one may do.
const ActAs = "Mainstay-User"

// UserOf returns the name of the user who sent a request, or "" if unknown.
func UserOf(r *http.Request) string {
	name, _ := r.Context().Value(peerKey{}).(string)
	if as := r.Header.Get(ActAs); as != "" && (name == "root" || name == Owner) {
		return as
	}
	return name
}

// permit refuses what the asking user may not do. Whoever can open the socket may
// do everything, as long as the CIB does not enable ACLs; from then on they bind
// everyone but root and the owner.
func (s *Server) permit(r *http.Request) error {
	name := UserOf(r)
	if name == "" && r.Method != http.MethodGet {
		return &Problem{Kind: Denied, Msg: "changes need to know who asks",
			Remedy: "use the node's Unix socket"}
	}
	if _, bound := s.restricted(r); bound && !open(r) {
		return refused(name)
	}
	return nil
}

// aclEnabled tells whether the cluster option enable-acl is true.
func aclEnabled(root *cib.Elem) bool {
	on := false
	root.Path("configuration", "crm_config").Walk(func(e *cib.Elem) bool {
		if e.Name() == "nvpair" && e.Get("name") == "enable-acl" {
			v, err := cib.ParseBool(e.Get("value"))
			on = v || err != nil // what cannot be read must not open a door
			return false
		}
		return true
	})
	return on
}
