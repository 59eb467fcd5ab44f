import type { TopicPartition } from "../driver/driver.ts";
import type { Subscription } from "./consumer_protocol.ts";

/** A way to share partitions, by the name that Java's consumers know it by. */
export type AssignorName = "sticky" | "range" | "roundrobin" | "cooperative-sticky";

/** A member as its group's leader sees it. */
export interface Subscriber extends Subscription {
  /** Its name. */
  readonly memberId: string;
}

/** What each member gets, by its name. */
export type Assignments = Map<string, TopicPartition[]>;

/**
 * Shares partitions among members, each of which gets some of the topics that it asked for.
 *
 * @param partitions How many each topic has; those that are not there have none.
 */
export type Assignor = (
  members: readonly Subscriber[],
  partitions: ReadonlyMap<string, number>,
) => Assignments;

/** Texts in the order of their code units, as Java compares them. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Members in the order of their names. */
export function inOrder(members: readonly Subscriber[]): Subscriber[] {
  return members.toSorted((a, b) => byText(a.memberId, b.memberId));
}

/** Topics that anybody asked for, in order. */
export function topicsOf(members: readonly Subscriber[]): string[] {
  return [...new Set(members.flatMap(({ topics }) => topics))].sort(byText);
}

/** All partitions that there are of some topics. */
export function partitionsOf(
  topics: readonly string[],
  partitions: ReadonlyMap<string, number>,
): TopicPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) => ({ topic, partition }))
  );
}
