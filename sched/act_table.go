package sched

import (
	"strconv"
	"strings"

	"mainstay/cib"
)

// The actions of a resource stand in a table by what they are named after: a
// task and an interval. Everybody who looks for an action knows these two, so
// that nobody has to write a key to compare it with others; the key itself,
// "ip_monitor_10000", is written when somebody wants to read it.

// opActs are the actions of a resource with one name, the oldest first. At most
// a few of them differ in anything but their node.
type opActs struct {
	opName
	list    []*action
	single  [1]*action // the list, as long as it is no longer
	rising  bool       // their nodes are in the order of the configuration
	renamed bool       // one of them is there for another task: a notification, a cancellation
	key     string     // once somebody asked; of an action of no resource, its name
	shown   string     // the same with the resource's name in the history
	use     *opUse     // what is configured for them, if it is the same on every node
	attrs   []cib.Attr // what their attributes in the graph have in common
	next    *opActs
}

// named returns a resource's actions with a name, nil if there never was one.
func (r *rsc) named(task string, interval int64) *opActs {
	for t := r.acts.first; t != nil; t = t.next {
		if t.interval == interval && t.task == task {
			return t
		}
	}
	return nil
}

// actTable are all actions of a resource.
type actTable struct {
	all         []*action // the oldest first
	first, last *opActs   // by name
}

// addToTable puts a new action into its resource's table.
func (p *planner) addToTable(a *action, name opName) {
	t := a.r.named(name.task, name.interval)
	if t == nil {
		t = p.slabs.tables.one()
		t.opName, t.rising = name, true
		t.list = t.single[:0]
		if a.r.acts.last == nil {
			a.r.acts.first = t
		} else {
			a.r.acts.last.next = t
		}
		a.r.acts.last = t
	}
	a.op = t
	t.renamed = t.renamed || a.task != name.task
	if i := len(t.list); i > 0 {
		t.rising = t.rising && a.n != nil && a.n.idx > t.list[i-1].n.idx
	}
	t.list = append(t.list, a)
	a.r.acts.all = p.slabs.lists.push(a.r.acts.all, a)
}

// listed returns the actions of a name, none if there is no such name.
func (t *opActs) listed() []*action {
	if t == nil {
		return nil
	}
	return t.list
}

// on returns the action on a node, of which there is one at most. What is done
// on every node is asked for in the order of the nodes: then it ends with the last.
func (t *opActs) on(n *node) *action {
	if t.rising && n.idx > t.list[len(t.list)-1].n.idx {
		return nil
	}
	for _, a := range t.list {
		if a.n == n {
			return a
		}
	}
	return nil
}

// operationOf is what is configured for an action's operation.
func (p *planner) operationOf(a *action) *opUse {
	if !a.r.plain || a.r.bundleAddr || a.task != a.op.task {
		return p.operation(a.r, a.n, a.task, a.interval)
	}
	if a.op.use == nil {
		a.op.use = p.operation(a.r, a.n, a.task, a.interval)
	}
	return a.op.use
}

// newest finds the newest action of a resource with a task, whatever its name,
// on a node if one is given.
func (r *rsc) newest(task string, n *node) *action { return r.newestIn(task, n, false) }

// newestIn is newest; once leaves recurring operations out.
func (r *rsc) newestIn(task string, n *node, once bool) *action {
	var best *action
	for t := r.acts.first; t != nil; t = t.next {
		if t.task != task && !t.renamed || once && t.interval != 0 {
			continue
		}
		for i := len(t.list) - 1; i >= 0; i-- {
			if a := t.list[i]; a.task == task && (n == nil || a.n == n) {
				if best == nil || a.id > best.id {
					best = a
				}
				break
			}
		}
	}
	return best
}

// findTask returns the first action of a resource with a task, or nil.
func (r *rsc) findTask(task string) *action {
	var best *action
	for t := r.acts.first; t != nil; t = t.next {
		if t.task != task && !t.renamed {
			continue
		}
		for _, a := range t.list {
			if a.task == task {
				if best == nil || a.id < best.id {
					best = a
				}
				break
			}
		}
	}
	return best
}

// key is the action's operation key: resource, task, interval in ms. It stays
// what it was when the action was made, whatever became of its task.
func (a *action) key() string {
	if a.op.key == "" {
		a.op.key = opKey(a.r.id, a.op.task, a.op.interval)
	}
	return a.op.key
}

// keyEnds tells whether an action's name is that of a task, or of a
// notification about it.
func (a *action) keyEnds(task string) bool {
	if a.r == nil || a.op.interval != 0 || !strings.HasSuffix(a.op.task, task) {
		return false
	}
	head := len(a.op.task) - len(task)
	return head == 0 || a.op.task[head-1] == '_'
}

// opKey writes an operation key: resource, task, interval in ms.
func opKey(name, task string, interval int64) string {
	return name + "_" + task + "_" + strconv.FormatInt(interval, 10)
}
