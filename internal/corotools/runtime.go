package corotools

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/conf"
	"mainstay/internal/web"
)

// entryList grows a map of keys.
type entryList struct{ list []conf.Entry }

func (m *entryList) add(name, kind string, value any) {
	m.list = append(m.list, conf.Entry{Name: name, Type: kind, Value: fmt.Sprint(value)})
}

// runtimeTotem are the times and sizes in effect; those that the ring takes from
// token by itself are told as it does.
func runtimeTotem(m *entryList, c *conf.Config) {
	t := c.Totem
	ms := func(d, def time.Duration) int64 {
		if d == 0 {
			d = def
		}
		return d.Milliseconds()
	}
	number := func(n, def int) int {
		if n == 0 {
			return def
		}
		return n
	}
	for _, x := range []struct {
		name  string
		value any
	}{
		{"token", t.Token.Milliseconds()},
		{"token_retransmit", ms(t.TokenRetransmit, t.Token/5)},
		{"hold", ms(t.Hold, t.Token/3)},
		{"join", ms(t.Join, 50*time.Millisecond)},
		{"consensus", ms(t.Consensus, t.Token*6/5)},
		{"merge", ms(t.Merge, 200*time.Millisecond)},
		{"window_size", number(t.WindowSize, 64)},
		{"max_messages", number(t.MaxMessages, 64)},
	} {
		m.add("runtime.config.totem."+x.name, "u32", x.value)
	}
}

// runtimeMembers tells who was a member and who is.
func runtimeMembers(m *entryList, s *web.Snapshot, c *conf.Config) {
	for i, p := range s.Peers {
		if p.ID == s.SelfID {
			m.add("nodelist.local_node_pos", "u32", i)
		}
		if !p.Member {
			continue
		}
		var ip strings.Builder
		for link, a := range p.Addrs {
			fmt.Fprintf(&ip, "r(%d) ip(%s) ", link, a)
		}
		path := "runtime.members." + p.ID.String() + "."
		m.add(path+"config_version", "u64", c.Totem.ConfigVersion)
		m.add(path+"ip", "str", ip.String())
		m.add(path+"join_count", "u32", 1)
		m.add(path+"status", "str", "joined")
	}
}

// runtimeVotes tells how votes are counted.
func runtimeVotes(m *entryList, s *web.Snapshot, c *conf.Config) {
	const path = "runtime.votequorum."
	flag := func(on bool) int {
		if on {
			return 1
		}
		return 0
	}
	has := func(f string) bool { return slices.Contains(s.Quorum.Flags, f) }
	m.add(path+"this_node_id", "u32", s.SelfID)
	m.add(path+"two_node", "u8", flag(has("2Node")))
	m.add(path+"ev_barrier", "u32", max(s.Quorum.Highest, s.Quorum.Expected))
	if v := s.Quorum.Voters; len(v) > 0 {
		m.add(path+"lowest_node_id", "u32", v[0].Node)
		m.add(path+"highest_node_id", "u32", v[len(v)-1].Node)
	}
	if has("WaitForAll") {
		m.add(path+"wait_for_all_status", "u8", flag(strings.HasPrefix(s.Quorum.WhyNot, "wait_for_all")))
	}
	if d := s.Quorum.Device; d != nil {
		m.add(path+"qdevice_can_operate", "u8", flag(d.Alive))
		m.add(path+"qdevice_master_wins", "u8", 0)
	}
	if c.Quorum.AutoTieBreaker {
		m.add(path+"atb_type", "u32", map[string]int{"": 1, "lowest": 1, "highest": 2}[c.Quorum.TieBreakerNode]+3*flag(strings.ContainsAny(c.Quorum.TieBreakerNode, "0123456789")))
	}
}

// statsMap tells how the links do.
func statsMap(s *web.Snapshot) []conf.Entry {
	var m entryList
	for _, p := range s.Peers {
		for link := range p.Addrs {
			l, ok := linkTo(s, p, link)
			if !ok {
				continue
			}
			path := fmt.Sprintf("stats.knet.node%s.link%d.", p.ID, link)
			up := 0
			if l.Up {
				up = 1
			}
			m.add(path+"enabled", "u8", 1)
			m.add(path+"connected", "u8", up)
			m.add(path+"latency_ave", "u32", l.RTT.Microseconds())
			m.add(path+"mtu", "u32", l.MTU)
			m.add(path+"loss_percent", "flt", fmt.Sprintf("%f", 100*l.Loss))
		}
	}
	return m.list
}
