package engine

import "mainstay/member"

// unrestAlarm is the kind of the alarm that the cluster does not come to rest.
const unrestAlarm = "restless"

// restless raises the alarm that the coordinator plans the same again and again, or
// ends it if there is no such plan. All members have it, since an operator asks any of
// them. It ends with the view: the control then counts anew.
func (e *Engine) restless(from member.NodeID, plan string) {
	if from != e.replica.Coordinator() {
		return
	}
	e.dirty = true
	e.alarms.clear(unrestAlarm)
	if plan != "" {
		e.alarms.raise(Alarm{Kind: unrestAlarm, Text: "the cluster does not come to rest, it carried out the same again and again: " + plan,
			Remedy: "it waits until something changes; see with mainstay history what asked for it, and change that, often a rule on an attribute that the resource itself sets"}, e.now.Wall)
	}
}
