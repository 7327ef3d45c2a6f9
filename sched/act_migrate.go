package sched

func (p *planner) canMigrate(r *rsc, cur *node) bool { return false }
func (p *planner) createMigration(r *rsc, cur *node) {}
