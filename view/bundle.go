package view

import "mainstay/status"

// bundle writes a bundle, one line for each replica, or all parts of each if
// details are wanted.
func (s *screen) bundle(r *status.Resource) {
	title := "Container bundle"
	if len(r.Children) > 1 {
		title += " set"
	}
	var f []string
	if r.Unique {
		f = append(f, "unique")
	}
	if r.Disabled {
		f = append(f, "disabled")
	}
	if r.Maintenance {
		f = append(f, "maintenance")
	} else if !r.Managed {
		f = append(f, "unmanaged")
	}
	s.out.open(title + ": " + r.ID + " [" + r.Image + "]" + bracketed(f))
	defer s.out.close()
	for i, k := range r.Children {
		if !s.opt.Inactive && !s.active(k) {
			continue
		}
		if s.opt.Detail {
			s.replicaParts(k, i, len(r.Children) > 1)
			continue
		}
		s.replica(k)
	}
}

// replica writes one line: the connection's name and address, the inner
// resource's condition, and the container's place.
func (s *screen) replica(r *status.Resource) {
	inner, container, remote := part(r, status.PartInner), part(r, status.PartContainer), part(r, status.PartRemote)
	subject, name := inner, r.ID
	if subject == nil {
		subject = container
	}
	if subject == nil {
		return
	}
	switch {
	case remote != nil:
		name = remote.ID
	case container != nil:
		name = container.ID
	}
	if r.IP != "" {
		name += " (" + r.IP + ")"
	}
	at := ""
	if container != nil && len(container.Places) > 0 {
		at = container.Places[0].Node
	}
	if len(subject.Places) > 1 {
		s.out.classed(s.look(subject), s.line(subject, name, "", false)+several(subject))
		return
	}
	s.out.classed(s.look(subject), s.line(subject, name, at, true))
}

// replicaParts writes every primitive of a replica.
func (s *screen) replicaParts(r *status.Resource, number int, many bool) {
	if many {
		s.out.open("Replica[" + itoa(number) + "]")
		defer s.out.close()
	}
	for _, p := range []status.Part{status.PartIP, status.PartInner, status.PartContainer, status.PartRemote} {
		if k := part(r, p); k != nil {
			s.primitive(k)
		}
	}
}

// part finds a primitive of a replica.
func part(r *status.Resource, p status.Part) *status.Resource {
	for _, k := range r.Children {
		if k.Part == p {
			return k
		}
	}
	return nil
}
