import type { TopicPartition } from "../driver/driver.ts";
import type { Assignor } from "./assignor.ts";
import { assignSticky } from "./sticky.ts";

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

/**
 * Shares partitions as {@linkcode assignSticky} does, in two steps: who is to get what another one
 * says that it owns gets it when that one has let go of it, and has joined again (KIP-429). So
 * members may go on with what they own while they join, as Java's do by `CooperativeStickyAssignor`.
 */
export const assignCooperatively: Assignor = (members, partitions) => {
  const shares = assignSticky(members, partitions);
  const owned = new Map(members.map((each) => [each.memberId, new Set(each.owned.map(keyOf))]));
  const ofAnybody = new Set(members.flatMap((each) => each.owned.map(keyOf)));
  return new Map(Array.from(shares, ([memberId, share]) => {
    const own = owned.get(memberId)!;
    const mayHave = (key: string) => own.has(key) || !ofAnybody.has(key);
    return [memberId, share.filter((at) => mayHave(keyOf(at)))];
  }));
};
