package web

import (
	_ "embed" // the description is a file
	"net/http"
)

//go:embed openapi.json
var openAPI []byte

// serveOpenAPI answers with the description of the API.
func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(openAPI) // an error here means that the asker left
}
