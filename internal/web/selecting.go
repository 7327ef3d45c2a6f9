package web

import (
	"mainstay/cib"
)

// Select returns the part of a CIB that a scope or an XPath names; both empty
// means all of it. Several matches of an XPath come inside <xpath-query>, as
// cibadmin(8) prints them.
func Select(root *cib.Elem, scope, xpath string) (*cib.Elem, error) {
	if xpath != "" {
		return selectPath(root, xpath)
	}
	switch scope {
	case "", "all", "cib":
		return root, nil
	case "configuration", "status":
		return found(root.Child(scope), scope)
	case "tickets":
		return found(root.Path("status", scope), scope)
	}
	return found(root.Path("configuration", scope), scope)
}

func found(e *cib.Elem, what string) (*cib.Elem, error) {
	if e == nil {
		return nil, Problemf(NotFound, "the CIB has no section %q", what)
	}
	return e, nil
}

func selectPath(root *cib.Elem, xpath string) (*cib.Elem, error) {
	places, err := cib.FindPlaces(root, xpath)
	if err != nil {
		return nil, Problemf(Invalid, "%v", err)
	}
	switch len(places) {
	case 0:
		return nil, Problemf(NotFound, "nothing in the CIB matches %s", xpath)
	case 1:
		return places[0].Elem, nil
	}
	list := make([]*cib.Elem, len(places))
	for i, p := range places {
		list[i] = p.Elem
	}
	return cib.New("xpath-query").WithKids(list), nil
}
