package group

/*
How it works.

The key. What the service says of the present is a Totem ring and a set of
processes; the two together are the key of a round. No key comes twice: rings
have growing numbers, and a process that left a ring's group does not come back
to it.

The exchange. When the key changes, messages are held back, and every process
multicasts its state: the key that it sees, the view that it comes from, and the
highest number of a view that it knows. It does so once the votes of that ring
were counted on its node; so a view is never older than the verdict on it. When,
in the agreed order, there is a state with the present key of everyone, all take
the same step at the same place of the order:

  - if all come from the same view and that view had the same members, it holds
    on, and what was held back is delivered (a machine without this daemon came or
    went);
  - otherwise a new view is installed, with the next number that nobody knows yet
    and the lowest node as its representative; what was held back is dropped.

The tag. Every message carries the view in which it was sent, and is delivered in
that view or not at all. What its sender did not see delivered when a view ends,
it sends again in the next. It cannot have been delivered by anybody else: what
was on the old ring is delivered to its sender before the change, what was not
reaches everybody after it. Messages larger than a fragment are cut; all
fragments arrive in one view, or the whole message is sent again.

Two processes on one node. The one with the lower process id is the member. A
process that has not been a member waits, one that was gives up: a killed daemon
whose end the service has not seen yet does not keep its successor out for long,
and two living ones never act both.

The service ends. What is on the way then may or may not be delivered to the
others, and is not sent again. For Config.Patience nothing happens, since the
service may be started again, and may at first not find the others; then this node
is a view of its own, to do what a partition without quorum does.

Promises, checked by random_test.go on a simulated service: those that ring/doc.go
lists.
*/
