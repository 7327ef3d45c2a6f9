package cib

// Upgrade brings a configuration to the newest vocabulary.
func Upgrade(root *Elem) (*Elem, error) { return root.With("validate-with", ValidateWith), nil }
