package sched

// notifyData are the milestones of one notified operation of a clone.
type notifyData struct {
	r                            *rsc
	task                         string
	pre, preDone, post, postDone *action
}

func notifyKey(id, typ, task string) string {
	return id + "_" + typ + "_notify_" + task + "_0"
}

func (p *planner) newNotify(r *rsc, task string, act, done *action) *notifyData { return nil }

func (p *planner) orderNotifyPair(stop, start *notifyData) {}

func (p *planner) orderPromotableNotify(r *rsc) {}

func (p *planner) notifyAfterFence(a *action, r *rsc, f *action) {}

func (p *planner) notifyAll() {}
