package web

import (
	"net/http"
	"os/user"
	"strconv"

	"mainstay/cib"
)

// restricted tells whether the cluster's access lists bind the asker of a request,
// and who that is: anyone but root and the owner, while enable-acl is on.
func (s *Server) restricted(r *http.Request) (cib.Account, bool) {
	name := UserOf(r)
	if name == "root" || name == Owner {
		return cib.Account{Name: name}, false
	}
	root := s.cluster.CIB()
	if root == nil || !aclEnabled(root) {
		return cib.Account{Name: name}, false
	}
	return AccountOf(name), true
}

// AccountOf is a user of this machine, with the groups that it is in.
func AccountOf(name string) cib.Account { return cib.Account{Name: name, Groups: groupsOf(name)} }

// Readable is what a user may see of a CIB; nothing at all is a problem of kind Denied.
func Readable(root *cib.Elem, user string) (*cib.Elem, error) {
	if part := cib.Readable(root, AccountOf(user)); part != nil {
		return part, nil
	}
	return nil, refused(user)
}

// groupsOf lists the groups of a user, by name.
func groupsOf(name string) []string {
	u, err := user.Lookup(name)
	if err != nil {
		return nil
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil
	}
	var out []string
	for _, id := range ids {
		if g, err := user.LookupGroupId(id); err == nil {
			out = append(out, g.Name)
		}
	}
	return out
}

// open tells whether an endpoint judges by itself what a restricted asker may see or
// do there; all others are closed to such askers.
func open(r *http.Request) bool {
	switch r.Method + " " + r.URL.Path {
	case "GET /v1/cib", "POST /v1/cib", "GET /v1/node":
		return true
	}
	return false
}

// refused says that the access lists forbid something.
func refused(name string) error {
	return &Problem{Kind: Denied, Msg: "user " + strconv.Quote(name) + " is not permitted to do that while enable-acl is true",
		Remedy: "ask as root or " + Owner + ", or for a role that allows it (acl_role, acl_target)"}
}

// visible is what the asker of a request may see of the CIB.
func (s *Server) visible(r *http.Request, root *cib.Elem) (*cib.Elem, error) {
	who, bound := s.restricted(r)
	if !bound {
		return root, nil
	}
	if part := cib.Readable(root, who); part != nil {
		return part, nil
	}
	return nil, refused(who.Name)
}

// mayEdit refuses a change that the access lists forbid. What was judged must be what
// is changed, so the change is bound to the version that was looked at.
func (s *Server) mayEdit(r *http.Request, req *Request) error {
	who, bound := s.restricted(r)
	if !bound {
		return nil
	}
	root, err := s.present()
	if err != nil {
		return err
	}
	after, err := cib.Apply(root, req.Edits)
	if err != nil {
		// Whether something is there must not be learned from how its change fails.
		if cib.Readable(root, who) == nil {
			return refused(who.Name)
		}
		return err
	}
	if err := cib.CheckWrite(root, after, who, req.Edits...); err != nil {
		return &Problem{Kind: Denied, Msg: err.Error()}
	}
	if req.Base == nil {
		v := cib.VersionOf(root)
		req.Base = &v
	}
	return nil
}
