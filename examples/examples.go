// Package examples holds configurations to start from, also for programs that
// bring one up without having the files at hand.
package examples

import _ "embed" // the files beside this one

// Controllers is controllers.crm: three controllers with virtual IPs, proxy and
// database, as Fuel deploys them.
//
//go:embed controllers.crm
var Controllers []byte

// Fuel is fuel.crm: the listing of the Fuel document as it stands there.
//
//go:embed fuel.crm
var Fuel []byte
