package cli

import (
	"mainstay/internal/face"
	"mainstay/view"
)

// render writes a frame in one of the formats.
func render(f *view.Frame, o statusOptions) (string, error) {
	switch o.format {
	case "text":
		return view.Text(f, o.options()), nil
	}
	return "", face.Failf(face.Usage, "output format %q: want text, json, xml or html", o.format)
}
