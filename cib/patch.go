package cib

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Patch applies a <diff format="2"> and returns the new root. The versions in
// the diff, where it has them, must fit: its source is root's version. A digest
// in the diff is checked against the result. On error nothing is changed.
func Patch(root, diff *Elem) (*Elem, error) {
	if diff.Name() != "diff" || diff.Get("format") != "2" {
		return nil, fmt.Errorf("expected a <diff format=\"2\">, found %s with format %q", Label(diff), diff.Get("format"))
	}
	if err := checkSource(root, diff); err != nil {
		return nil, err
	}
	p := patcher{root: root}
	for c := range diff.Named("change") {
		if err := p.change(c); err != nil {
			return nil, err
		}
	}
	if err := p.place(); err != nil {
		return nil, err
	}
	if v := diff.Path("version", "target"); v != nil {
		p.root = WithVersion(p.root, VersionOf(v))
	}
	if want, ok := diff.Lookup("digest"); ok {
		set := diff.Get("crm_feature_set")
		if set == "" {
			set = p.root.Get("crm_feature_set")
		}
		if got := VersionedDigest(p.root, set); got != want {
			return nil, fmt.Errorf("the result has digest %s, the patch promises %s; fetch the whole configuration", got, want)
		}
	}
	return p.root, nil
}

// patchEdit is Patch as an edit. A patch with versions must lead to a newer one, as
// the peer wants it: who sends the same patch again, or one whose maker forgot to
// count on, hears that it is old.
func patchEdit(root, diff *Elem) (*Elem, *EditError) {
	if err := cmp.Or(checkSource(root, diff), checkTarget(diff)); err != nil {
		return nil, &EditError{Kind: ErrOld, What: Label(diff), Detail: err.Error(), Remedy: "make the change against the present configuration again"}
	}
	out, err := Patch(root, diff)
	if err != nil {
		return nil, &EditError{Kind: ErrInvalid, What: Label(diff), Detail: err.Error()}
	}
	return out, nil
}

func checkSource(root, diff *Elem) error {
	src := diff.Path("version", "source")
	if src == nil {
		return nil
	}
	if want, have := VersionOf(src), VersionOf(root); want != have {
		return fmt.Errorf("the patch is for version %s, the present one is %s", want, have)
	}
	return nil
}

func checkTarget(diff *Elem) error {
	v := diff.Child("version")
	if v == nil {
		return nil
	}
	if from, to := VersionOf(v.Child("source")), VersionOf(v.Child("target")); to.Compare(from) <= 0 {
		return fmt.Errorf("the patch leads from version %s to %s, which is not newer", from, to)
	}
	return nil
}

// patcher carries a patch out. Creations and moves wait until everything else
// is done, because their positions are those of the result.
type patcher struct {
	root  *Elem
	later []placing
}

// placing is an element to be put at a position below a parent.
type placing struct {
	parent   string
	position int
	kid      *Elem  // to create
	move     string // path of the element to move
}

func (p *patcher) change(c *Elem) error {
	path := c.Get("path")
	pos, hasPos := c.Lookup("position")
	position := -1
	if hasPos {
		n, err := strconv.Atoi(pos)
		if err != nil {
			return fmt.Errorf("line %d: position %q is not a number", c.Line(), pos)
		}
		position = n
	}
	switch op := c.Get("operation"); op {
	case "delete":
		return p.delete(path, position)
	case "modify":
		return p.modify(c, path)
	case "create":
		if len(c.Kids()) == 0 {
			return fmt.Errorf("line %d: nothing to create at %s", c.Line(), path)
		}
		p.later = append(p.later, placing{parent: path, position: position, kid: c.Kids()[0]})
	case "move":
		p.later = append(p.later, placing{parent: parentPath(path), position: position, move: path})
	default:
		return fmt.Errorf("line %d: unknown operation %q at %s", c.Line(), op, path)
	}
	return nil
}

func (p *patcher) find(path string) (*Place, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("%q is not a path from the root", path)
	}
	if at := p.quick(path); at != nil {
		return at, nil
	}
	places, err := FindPlaces(p.root, path)
	if err != nil {
		return nil, err
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("there is no %s", path)
	}
	return places[0], nil
}

// quick follows a path of plain names and ids without the XPath machinery;
// nil means that the path is not of that kind, or leads nowhere.
func (p *patcher) quick(path string) *Place {
	at := &Place{Elem: p.root}
	for n := 0; path != ""; n++ {
		var step pathStep
		var ok bool
		if step, path, ok = nextStep(path); !ok {
			return nil
		}
		if n == 0 {
			if step.name != p.root.name || step.hasID && step.id != p.root.ID() {
				return nil
			}
			continue
		}
		i := slices.IndexFunc(at.Elem.kids, func(k *Elem) bool {
			return k.name == step.name && (!step.hasID || k.ID() == step.id)
		})
		if i < 0 {
			return nil
		}
		at = at.Kid(i)
	}
	return at
}

type pathStep struct {
	name, id string
	hasID    bool
}

// nextStep cuts /name or /name[@id='x'] from the front of a path.
func nextStep(path string) (pathStep, string, bool) {
	if len(path) < 2 || path[0] != '/' || path[1] == '/' {
		return pathStep{}, "", false
	}
	path = path[1:]
	end := strings.IndexAny(path, "/[")
	if end < 0 {
		return pathStep{name: path}, "", true
	}
	s := pathStep{name: path[:end]}
	if path = path[end:]; path[0] == '/' {
		return s, path, true
	}
	rest, ok := strings.CutPrefix(path, "[@id='")
	if !ok {
		return s, "", false
	}
	id, rest, ok := strings.Cut(rest, "']")
	if !ok || rest != "" && rest[0] != '/' {
		return s, "", false
	}
	s.id, s.hasID = id, true
	return s, rest, true
}

// parentPath cuts the last step off; a slash within a quoted id does not count.
func parentPath(path string) string {
	quote := byte(0)
	last := 0
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '/':
			last = i
		}
	}
	return path[:last]
}

func (p *patcher) delete(path string, position int) error {
	if parent, ok := strings.CutSuffix(path, "/comment"); ok && position >= 0 {
		at, err := p.find(parent)
		if err != nil {
			return err
		}
		if position >= len(at.Elem.kids) || at.Elem.kids[position].name != CommentName {
			return fmt.Errorf("there is no comment at position %d of %s", position, parent)
		}
		p.root = at.Kid(position).Set(nil)
		return nil
	}
	at, err := p.find(path)
	if err != nil {
		return err
	}
	if at.Up == nil {
		return fmt.Errorf("the root cannot be deleted")
	}
	p.root = at.Set(nil)
	return nil
}

func (p *patcher) modify(c *Elem, path string) error {
	at, err := p.find(path)
	if err != nil {
		return err
	}
	result := c.Child("change-result")
	if len(result.Kids()) == 0 {
		return fmt.Errorf("line %d: the change at %s has no result", c.Line(), path)
	}
	want := result.Kids()[0]
	next := at.Elem.WithAttrs(want.attrs)
	if next.text != want.text {
		next = next.WithText(want.text)
	}
	p.root = at.Set(next)
	return nil
}

// place carries out what waited, parent by parent: what moves is taken out,
// then all is put at its final position, front to back.
func (p *patcher) place() error {
	var parents []string
	groups := make(map[string][]placing)
	for _, l := range p.later {
		if len(groups[l.parent]) == 0 {
			parents = append(parents, l.parent)
		}
		groups[l.parent] = append(groups[l.parent], l)
	}
	for _, parent := range parents {
		if err := p.placeIn(parent, groups[parent]); err != nil {
			return err
		}
	}
	return nil
}

func (p *patcher) placeIn(parent string, group []placing) error {
	for i := range group {
		if group[i].kid != nil {
			continue
		}
		at, err := p.find(group[i].move)
		if err != nil {
			return err
		}
		if at.Up == nil {
			return fmt.Errorf("the root cannot be moved")
		}
		group[i].kid = at.Elem
		p.root = at.Set(nil)
	}
	slices.SortStableFunc(group, func(a, b placing) int { return a.position - b.position })
	at, err := p.find(parent)
	if err != nil {
		return err
	}
	kids := slices.Clone(at.Elem.kids)
	for _, l := range group {
		n := l.position
		if n < 0 || n > len(kids) {
			n = len(kids)
		}
		kids = slices.Insert(kids, n, l.kid)
	}
	p.root = at.Set(at.Elem.WithKids(kids))
	return nil
}
