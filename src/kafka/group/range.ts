import { type Assignments, type Assignor, inOrder, topicsOf } from "./assignor.ts";

/**
 * Topic by topic, a run of partitions for each member in the order of their names; the first ones
 * get one more where it does not come out even. As Java's `RangeAssignor`, so that partitions of
 * the same number go to one member where all ask for the same topics.
 */
export const assignRanges: Assignor = (members, partitions) => {
  const sorted = inOrder(members);
  const assigned: Assignments = new Map(sorted.map(({ memberId }) => [memberId, []]));
  for (const topic of topicsOf(sorted)) {
    const readers = sorted.filter(({ topics }) => topics.includes(topic));
    const count = partitions.get(topic) ?? 0;
    const [each, more] = [Math.floor(count / readers.length), count % readers.length];
    let partition = 0;
    readers.forEach(({ memberId }, i) => {
      for (const end = partition + each + (i < more ? 1 : 0); partition < end; partition++) {
        assigned.get(memberId)!.push({ topic, partition });
      }
    });
  }
  return assigned;
};
