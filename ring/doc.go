package ring

/*
How it works, by file.

A ring is a sorted list of seats: a node id with an incarnation, so that a
daemon that was started anew is another member than the one that died
(roster.go). The phases are Gathering, Committing, Recovering, Operational.

Ordering (token.go, log.go, outbox.go, deliver.go). A token travels round the
ring. Its holder gives packets their place in the order and multicasts them; a
packet carries chunks of messages, small ones packed together, large ones split.
Everybody delivers in order, at once. The token carries for each member up to
where it has received everything, how many packets it wants to send and how
many it sent: so all know what is safe to forget, how to share the window, and
whether anything is left to do. Who lacks a packet asks for it in the token;
whoever has it sends it again.

Safe delivery (deliver.go). A packet whose messages are to be safe holds
delivery up until the token shows that every member has it, and the token does
not rest before all have seen that. Messages in agreed order pay nothing for it.

The token at rest (rest.go). When everybody has everything and nobody wants to
send, the token stays with the last sender, who can then send without waiting.
Others ask for it with a wake packet, sent to whoever they saw sending last, and get
it directly. A lone sender lingers
(Config.Linger) before it lets the others acknowledge. Once in Config.Hold an
idle token goes round.

Getting it there (relay.go). Each hop is watched: the token is sent again until
an acknowledgement comes, or a packet that shows that it went on.

Gathering (gather.go, choose.go, evidence.go, merge.go). Nodes multicast joins:
whom they know of, and whom they themselves cannot be with. From the same joins
all choose the same members. When all that are chosen say so, the one with the
lowest id forms the ring. Evidence makes that immediate: silence on every link,
a refused port, a goodbye, another incarnation. Where there is none, a time-out
decides (Config.Consensus). A node that is there and does not do its part is
struck: it is kept out for a time that grows with each strike. An accusation of
silence falls as soon as the links say that both sides hear each other, unless the
node comes and goes; as long as it stands, nobody outside of that gathering joins in,
and who does not because it is in a view with the accused is not struck for it. Views
announce themselves to absent nodes; a merge is not tried while a member of either side
says that it cannot be with one of the other, and is tried as soon as that ends.

Committing (commit.go). The commit token goes round the new ring twice: first
each member writes into it what it has of its previous ring, and from then on
takes no packet of it any more; then all read what the others wrote.

Recovering (recovery.go). The token of the new ring goes round. Members that
come from the same previous ring send each other, as packets of the new ring,
what some may lack. When all have received everything and the token has been
with everybody, the view is installed: the rest of the previous view is
delivered as in that view up to the first packet that is lost for ever or that
nobody knows to be safe. Then, between Transition and Install, comes what all who
come along have, beyond a lost packet only what they themselves sent, or those of
whom others may have delivered it. The accounts hold what makes that the same for
all: what each knows to be safe, and what it owes.

Promises, checked by the simulator (check_test.go) after every run:

  - Members that go together from view A to view B deliver the same messages in
    A, in the same order.
  - A message is delivered in one view only, the same for all who deliver it.
  - Any two nodes deliver the messages that both deliver in the same order; of
    one sender without a hole.
  - A member delivers its own messages, in the order of submission.
  - A message that is delivered as safe is delivered in the same view by all
    members of it, or after the Transition by all who come along, unless they die.
  - Views have growing numbers, and a number stands for the same members at all.
  - When faults end, all are in one view in bounded time.
*/
