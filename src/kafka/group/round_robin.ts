import { type Assignments, type Assignor, inOrder, partitionsOf, topicsOf } from "./assignor.ts";

/**
 * All partitions in order, one to each member in turn; members that did not ask for the topic are
 * passed over. As Java's `RoundRobinAssignor`.
 */
export const assignInTurn: Assignor = (members, partitions) => {
  const sorted = inOrder(members);
  const assigned: Assignments = new Map(sorted.map(({ memberId }) => [memberId, []]));
  let turn = 0;
  for (const each of partitionsOf(topicsOf(sorted), partitions)) {
    while (!sorted[turn].topics.includes(each.topic)) turn = (turn + 1) % sorted.length;
    assigned.get(sorted[turn].memberId)!.push(each);
    turn = (turn + 1) % sorted.length;
  }
  return assigned;
};
