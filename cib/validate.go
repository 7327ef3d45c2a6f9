package cib

// Validate judges a CIB.
func Validate(root *Elem) []Problem { return nil }
