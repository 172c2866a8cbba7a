package model

import "unicode/utf16"

// HashOrder puts names into the order in which API Gateway lists them: that of a java.util.HashMap into which they were put one
// after the other. Names that occur again are dropped. It was found to hold in each of four messages of the service
// (rest-gateway 7.3).
func HashOrder(names []string) []string {
	seen := make(map[string]bool, len(names))
	var distinct []string
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			distinct = append(distinct, name)
		}
	}
	buckets := make([][]string, tableSize(len(distinct)))
	for _, name := range distinct {
		i := int(spread(name)) & (len(buckets) - 1)
		buckets[i] = append(buckets[i], name)
	}
	ordered := distinct[:0]
	for _, bucket := range buckets {
		ordered = append(ordered, bucket...)
	}
	return ordered
}

// tableSize is how many buckets a HashMap has: 16 at first, and twice as many whenever it is over three quarters full.
func tableSize(entries int) int {
	size := 16
	for entries > size*3/4 {
		size *= 2
	}
	return size
}

// spread is the hash that a HashMap uses for a String.
func spread(text string) uint32 {
	var h uint32
	for _, unit := range utf16.Encode([]rune(text)) {
		h = 31*h + uint32(unit)
	}
	return h ^ h>>16
}
