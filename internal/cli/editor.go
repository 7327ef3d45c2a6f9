package cli

import (
	"context"
	"os"
	"os/exec"

	"mainstay/internal/face"
)

// tempFile writes text to a new file.
func (a *app) tempFile(text string) (string, error) {
	f, err := os.CreateTemp(a.Getenv("TMPDIR"), "mainstay-*.crm")
	if err != nil {
		return "", &face.Failure{Code: face.CantCreate, Err: err}
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return "", &face.Failure{Code: face.IOError, Err: err}
	}
	return f.Name(), f.Close()
}

// runEditor has the user's editor edit a file.
func (a *app) runEditor(ctx context.Context, name string) error {
	editor := a.Getenv("VISUAL")
	if editor == "" {
		editor = a.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	// The variable may hold arguments, so a shell splits it.
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", editor+` "$1"`, "sh", name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.Stdin, a.Stdout, a.Stderr
	if err := cmd.Run(); err != nil {
		return face.Failf(face.Error, "editor %q: %v; your text is in %s", editor, err, name)
	}
	return nil
}
