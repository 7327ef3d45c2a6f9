package face

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// OptionText says in the peer's words what is wrong with an option among args.
func OptionText(err error, args []string) string {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return "Unknown option -" + unknown.GetSpecifiedName()
	case errors.As(err, &unknown):
		for _, a := range args { // named as it was written, with its value
			if strings.HasPrefix(a, "--"+unknown.GetSpecifiedName()+"=") {
				return "Unknown option " + a
			}
		}
		return "Unknown option --" + unknown.GetSpecifiedName()
	case errors.As(err, &missing) && missing.GetSpecifiedShortnames() != "":
		return "Missing argument for -" + missing.GetSpecifiedName()
	case errors.As(err, &missing):
		return "Missing argument for --" + missing.GetSpecifiedName()
	case errors.As(err, &invalid):
		return fmt.Sprintf("Cannot parse value %q for --%s", invalid.GetValue(), invalid.GetFlag().Name)
	}
	return err.Error()
}
