package tools

import (
	"mainstay/internal/face"
	"mainstay/view"
)

// Render writes a frame in one of the formats: text, xml, json or html. Request is
// the command line that XML answers repeat, page the head of HTML.
func Render(f *view.Frame, format, request string, opt view.Options, page view.Page) (string, error) {
	switch format {
	case "text":
		return view.Text(f, opt), nil
	case "xml":
		return view.XML(f, opt, view.Reply{Request: request, Message: "OK"}), nil
	case "json":
		return view.JSON(f), nil
	case "html":
		return view.HTML(f, opt, page), nil
	}
	return "", face.Failf(face.Usage, "output format %q: want text, xml, json or html", format)
}
