package cib

// Registrations is the name of the element in the status section that holds what an
// operator registered by hand (stonith_admin --register): devices as <primitive>, levels
// as <fencing-level>, and as <removed> with the same attributes what is not to be used
// although it is configured. It lasts until the whole cluster has stopped.
const Registrations = "registrations"

// Registered is that element, nil if nothing was registered.
func Registered(root *Elem) *Elem { return root.Path("status", Registrations) }
