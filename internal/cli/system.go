package cli

import "os"

// executable is where this program is.
func executable() (string, error) { return os.Executable() }
