import type { JoinAnswer, KafkaCluster } from "../driver/driver.ts";
import { type AssignorName, type Subscriber, topicsOf } from "./assignor.ts";
import { ASSIGNORS } from "./assignors.ts";
import { readSubscription, writeAssignment } from "./consumer_protocol.ts";
import { partitionCounts } from "./topic_watch.ts";

/** What a leader shares partitions by. */
export interface PlanBasis {
  readonly topics: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

/** How a leader shares the partitions, and what by. */
export interface LeaderPlan extends PlanBasis {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

/** Shares the partitions, as the leader. */
export async function leaderPlan(
  { protocol, members }: JoinAnswer,
  cluster: KafkaCluster,
): Promise<LeaderPlan> {
  const subscribers = members.map(({ memberId, metadata }): Subscriber => ({
    memberId,
    ...readSubscription(metadata, `the subscription of member "${memberId}"`, protocol),
  }));
  const topics = topicsOf(subscribers);
  const counts = await partitionCounts(cluster, topics);
  const shares = ASSIGNORS[protocol as AssignorName](subscribers, counts);
  const assignments = Array.from(shares, ([memberId, partitions]) => ({
    memberId,
    assignment: writeAssignment(partitions),
  }));
  return { topics, counts, assignments };
}
