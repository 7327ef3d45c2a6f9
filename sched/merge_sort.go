package sched

// mergeSort sorts a list stably, halving it from the top. Some comparisons here
// are not transitive (what one of two can say depends on the other), so that
// the way of sorting is part of the decision: the shorter half comes first.
func mergeSort[T any](l []T, cmp func(a, b T) int) {
	if len(l) >= 2 {
		sortHalves(l, make([]T, len(l)), cmp)
	}
}

// sortHalves sorts a list by means of room for its two halves.
func sortHalves[T any](l, room []T, cmp func(a, b T) int) {
	if len(l) < 2 {
		return
	}
	h := len(l) / 2
	sortHalves(l[:h], room, cmp)
	sortHalves(l[h:], room, cmp)
	copy(room, l)
	a, b := room[:h], room[h:len(l)]
	i, j := 0, 0
	for k := range l {
		if j == len(b) || i < len(a) && cmp(a[i], b[j]) <= 0 {
			l[k] = a[i]
			i++
		} else {
			l[k] = b[j]
			j++
		}
	}
}
