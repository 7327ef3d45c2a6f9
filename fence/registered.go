package fence

import (
	"cmp"
	"slices"

	"mainstay/cib"
)

// register lays what was registered by hand over the configuration.
func (s *Setup) register(list *cib.Elem) {
	for _, k := range list.Kids() {
		switch k.Name() {
		case "primitive":
			d, ok := (&deviceReader{nodes: s.Nodes}).device(k)
			if i := s.deviceIndex(d.ID); ok && i >= 0 {
				s.Devices[i] = d
			} else if ok {
				s.Devices = append(s.Devices, d)
			}
		case "fencing-level":
			l := level(k)
			s.Levels = append(slices.DeleteFunc(s.Levels, l.replaces), l)
		case "removed":
			if i := s.deviceIndex(k.ID()); k.ID() != "" && i >= 0 {
				s.Devices = slices.Delete(s.Devices, i, i+1)
			} else if k.ID() == "" {
				s.Levels = slices.DeleteFunc(s.Levels, level(k).replaces)
			}
		}
	}
	slices.SortStableFunc(s.Levels, func(a, b Level) int { return cmp.Compare(a.Index, b.Index) })
}

func (s *Setup) deviceIndex(id string) int {
	return slices.IndexFunc(s.Devices, func(d Device) bool { return d.ID == id })
}

// replaces tells whether a level stands in the place of another: the same number of the
// same targets. Number 0 stands for all.
func (l Level) replaces(o Level) bool {
	return (l.Index == 0 || l.Index == o.Index) && l.Target == o.Target && l.Pattern == o.Pattern && l.Attribute == o.Attribute && l.Value == o.Value
}
