import type { ClusterView } from "./cluster_view.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import type { Link } from "./link.ts";
import { isDoubtful, type Reading, type Wanted } from "./reading.ts";

/** Partitions that a broker is asked about together. */
export interface FetchRequest {
  readonly lane: Lane;
  readonly link: Link;
  readonly wanted: readonly Wanted[];
}

/** What is asked next, of each broker one thing. */
export interface FetchRound {
  readonly fetches: readonly FetchRequest[];
  /** Of partitions whose leader may not have what was read of another one. */
  readonly compares: readonly FetchRequest[];
  readonly leaderless: ReadonlySet<string>;
}

/** What is looked through for partitions to ask about. */
export interface FetchRoundOptions {
  readonly view: ClusterView;
  readonly lanes: Lanes;
  readonly readings: Iterable<Reading>;
  readonly nowMs: number;
}

/** A request for each broker that none is under way to, and that holds what is to be read. */
export function gatherFetches(
  { view, lanes, readings, nowMs }: FetchRoundOptions,
): FetchRound {
  const wanted = new Map<Lane, Wanted[]>();
  const doubtful = new Map<Lane, Wanted[]>();
  const busy = new Set<Lane>();
  const leaderless = new Set<string>();
  for (const reading of readings) {
    if (reading.isPaused || reading.state === "over") continue;
    const leader = view.leader(reading.topic, reading.partition);
    if (leader === undefined) {
      leaderless.add(reading.topic);
      continue;
    }
    const lane = lanes.to(leader.address);
    // What a broker sent is taken before it is asked again: that bounds memory, and a request that
    // waits for the other partitions would hold up this one.
    if (reading.block !== undefined) busy.add(lane);
    else if (reading.state === "idle" && reading.notBeforeMs <= nowMs) {
      const asked = isDoubtful(reading, leader) ? doubtful : wanted;
      asked.getOrInsertComputed(lane, () => []).push({ reading, leader });
    }
  }
  const compares = requests(doubtful, busy);
  for (const { lane } of compares) busy.add(lane);
  return { compares, fetches: requests(wanted, busy), leaderless };
}

function requests(byLane: ReadonlyMap<Lane, Wanted[]>, busy: ReadonlySet<Lane>): FetchRequest[] {
  return Array.from(byLane).flatMap(([lane, wanted]) => {
    const link = busy.has(lane) ? undefined : lane.link(1);
    return link === undefined ? [] : [{ lane, link, wanted }];
  });
}
