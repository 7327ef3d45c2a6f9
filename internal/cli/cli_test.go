package cli

import (
	"testing"

	"mainstay/internal/face/facetest"
)

// TestStories runs commands against a cluster in memory and compares what they
// print and what they ask of it.
func TestStories(t *testing.T) { facetest.Walk(t, "testdata", Run) }
