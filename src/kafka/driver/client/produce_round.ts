import type { ClusterView } from "./cluster_view.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import type { Link } from "./link.ts";
import type { Entry } from "./entry.ts";
import { MOST_UNDER_WAY, type PartitionQueue } from "./partition_queue.ts";

/** The most bytes of blocks in a request, but for a block that is larger by itself. */
const REQUEST_BYTES = 4 * 1024 * 1024;

/** Blocks that go to a broker together. */
export interface ProduceRound {
  readonly link: Link;
  readonly entries: Entry[];
  bytes: number;
}

/** What is looked through for blocks that can be sent. */
export interface RoundOptions {
  readonly view: ClusterView;
  readonly lanes: Lanes;
  /** Those with blocks, in turn: those that are sent from go to the end. */
  readonly active: Set<PartitionQueue>;
  readonly nowMs: number;
  /** Whether a partition may be sent to. */
  readonly isReady: (queue: PartitionQueue) => boolean;
}

/** A request for each broker that has room and for which something waits, of each partition a block. */
export function gatherRound(
  { view, lanes, active, nowMs, isReady }: RoundOptions,
): { readonly requests: Map<Lane, ProduceRound>; readonly leaderless: Set<string> } {
  const requests = new Map<Lane, ProduceRound>();
  const leaderless = new Set<string>();
  for (const queue of [...active]) {
    if (queue.waiting.length === 0 || !isReady(queue)) continue;
    const leader = view.leader(queue.topic, queue.partition);
    if (leader === undefined) {
      leaderless.add(queue.topic);
      continue;
    }
    const entry = queue.next(nowMs, leader.address);
    if (entry === undefined) continue;
    const lane = lanes.to(leader.address);
    const link = lane.link(MOST_UNDER_WAY);
    if (link === undefined) continue;
    const request = requests.getOrInsertComputed(lane, () => ({ link, entries: [], bytes: 0 }));
    request.bytes += entry.block.bytes.length;
    if (request.entries.length > 0 && request.bytes > REQUEST_BYTES) continue;
    request.entries.push(entry);
    // Those behind it come first the next time.
    active.delete(queue);
    active.add(queue);
  }
  return { requests, leaderless };
}
