package sim

import (
	"fmt"
	"testing"
)

func TestZZ(t *testing.T) {
	bad := 0
	for s := *from; s < *from+*seeds; s++ {
		func() {
			defer func() {
				if r := recover(); r != nil {
					fmt.Printf("seed %d PANIC %.200v\n", s, r)
				}
			}()
			r := Draw(s, Profile{}).Play()
			if len(r.Problems) > 0 {
				bad++
				fmt.Printf("seed %d %.6fs: %.260v\n", s, r.Virtual.Seconds(), r.Problems)
			}
		}()
	}
	fmt.Println("bad", bad)
}
