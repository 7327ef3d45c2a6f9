package corosync

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mainstay/conf"
	"mainstay/member"
)

// Requests and events of the configuration map.
const (
	mapGet     = 2
	mapIterate = 4
	mapNext    = 5
	mapDone    = 6
	mapTrack   = 7

	mapEvent = 9
)

const (
	mapKeySize   = 256
	mapValueRoom = 4096
	typeU32      = 6
	typeString   = 11
	// trackKey is CMAP_TRACK_ADD, DELETE and MODIFY.
	trackKey = 7
)

// reloadedKey changes while Corosync reads its configuration again, and when it has.
const reloadedKey = "config.reload_in_progress"

// value is a value of the map: a text or a number.
type value struct {
	text   string
	number uint32
}

// get asks for a value.
func (c *conn) get(key string) (value, error) {
	r, err := c.ask(newRequest(mapGet).text(key, mapKeySize).number(mapValueRoom))
	if err != nil {
		return value{}, fmt.Errorf("key %s: %w", key, err)
	}
	size, kind := r.number(), r.number()&0xff
	b := r.skip(int(size))
	if err := r.err(); err != nil {
		return value{}, err
	}
	switch {
	case kind == typeU32 && size == 4:
		return value{number: binary.NativeEndian.Uint32(b)}, nil
	case kind == typeString:
		return value{text: cString(b)}, nil
	}
	return value{}, fmt.Errorf("key %s: a value of type %d and %d bytes", key, kind, size)
}

// keys lists the keys with a prefix.
func (c *conn) keys(prefix string) ([]string, error) {
	r, err := c.ask(newRequest(mapIterate).text(prefix, mapKeySize))
	if err != nil {
		return nil, err
	}
	handle := r.long()
	if err := r.err(); err != nil {
		return nil, err
	}
	var out []string
	for {
		r, err := c.ask(newRequest(mapNext).long(handle))
		if errors.Is(err, codeNoMore) {
			break
		}
		if err != nil {
			return nil, err
		}
		size := min(r.number(), mapKeySize)
		key := cString(r.skip(int(size)))
		if err := r.err(); err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	_, err = c.ask(newRequest(mapDone).long(handle))
	return out, err
}

// trackReload asks for an event whenever Corosync reads its configuration again.
func (c *conn) trackReload() error {
	_, err := c.ask(newRequest(mapTrack).text(reloadedKey, mapKeySize).number(trackKey).long(1))
	return err
}

// nodes reads the node list that Corosync works with, sorted by id.
func (c *conn) nodes() ([]conf.Node, error) {
	keys, err := c.keys("nodelist.node.")
	if err != nil {
		return nil, err
	}
	values := map[string]value{}
	for _, k := range keys {
		if !nodeKey(k) {
			continue
		}
		if values[k], err = c.get(k); err != nil {
			return nil, err
		}
	}
	return nodesOf(keys, values)
}

// nodeKey tells whether a key of the node list matters here.
func nodeKey(key string) bool {
	f := strings.Split(key, ".")
	return len(f) == 4 && (f[3] == "nodeid" || f[3] == "name" || f[3] == "quorum_votes" || linkOf(f[3]) >= 0)
}

// linkOf is the link of a ringN_addr, -1 of another key.
func linkOf(name string) int {
	n, isRing := strings.CutPrefix(name, "ring")
	n, isAddr := strings.CutSuffix(n, "_addr")
	link, err := strconv.Atoi(n)
	if !isRing || !isAddr || err != nil || link < 0 || link >= conf.MaxLinks {
		return -1
	}
	return link
}

// nodesOf makes the node list out of the map's keys, which come in any order.
func nodesOf(keys []string, values map[string]value) ([]conf.Node, error) {
	slices.Sort(keys)
	at := map[string]*conf.Node{}
	var order []string
	for _, k := range keys {
		v, ok := values[k]
		if !ok {
			continue
		}
		f := strings.Split(k, ".")
		n := at[f[2]]
		if n == nil {
			n = &conf.Node{Votes: 1}
			at[f[2]] = n
			order = append(order, f[2])
		}
		switch f[3] {
		case "nodeid":
			n.ID = member.NodeID(v.number)
		case "name":
			n.Name = v.text
		case "quorum_votes":
			n.Votes = int(v.number)
		default: // in the order of the links, since the keys are sorted
			n.Addrs = append(n.Addrs, v.text)
		}
	}
	var out []conf.Node
	for _, i := range order {
		n := *at[i]
		if n.ID == 0 || n.Name == "" {
			return nil, fmt.Errorf("corosync's node list: node %s has no nodeid or no name; write both into its node section of corosync.conf", i)
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b conf.Node) int { return int(int64(a.ID) - int64(b.ID)) })
	return out, nil
}
