package transit

import (
	"math/rand"
	"slices"
	"testing"
)

// Whatever goes into the heap comes out in order.
func TestIntsOrder(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for n := range 200 {
		var h ints
		want := rng.Perm(n)
		for _, x := range want {
			h.push(x / 2) // with equals
		}
		var got []int
		for len(h) > 0 {
			got = append(got, h.pop())
		}
		for i := range want {
			want[i] /= 2
		}
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Fatalf("%d indices come out as %v", n, got)
		}
	}
}
