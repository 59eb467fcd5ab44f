import type { Runtime } from "../../runtime/runtime.ts";
import type { KafkaCluster, PartitionOffset, TopicPartition } from "../driver/driver.ts";
import type { AssignorName } from "./assignor.ts";

/** Options of a {@linkcode GroupMember}. */
export interface GroupMemberOptions {
  /** The connections that it asks over; they stay open. */
  readonly cluster: KafkaCluster;
  /** The group. */
  readonly groupId: string;
  /** What it wants to read. */
  readonly topics: readonly string[];
  /**
   * A name of its own by which it keeps its place when it starts again within the session's timeout:
   * the others do not have to join again then, nor when it ends, for it does not leave (KIP-345).
   */
  readonly instanceId?: string;
  /** Without an answered heartbeat in it a member counts as gone, ms. Default 45,000. */
  readonly sessionTimeoutMs?: number;
  /** How long members have to let go and join again, ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** How often it tells that it lives, ms. Default 3,000. */
  readonly heartbeatMs?: number;
  /** How often the leader looks for new partitions, ms. Default 30,000. */
  readonly metadataMs?: number;
  /**
   * The ways to share partitions that it offers, the best first; a group takes the one that most
   * members like best of those that all know. Default sticky, range, roundrobin,
   * cooperative-sticky.
   */
  readonly assignors?: readonly AssignorName[];
  /** The world. */
  readonly runtime: Runtime;
  /**
   * Partitions are this member's from now on, each with the offset that is committed for it, or −1.
   * Called once in a generation, without partitions too; it may commit in here.
   */
  readonly onAssigned: (
    partitions: readonly PartitionOffset[],
    generation: number,
  ) => void | Promise<void>;
  /**
   * They are no more, as soon as this returns: called after each `onAssigned`. It may commit in
   * here, unless they are `lost`: then they may be another's already.
   */
  readonly onRevoked: (
    partitions: readonly TopicPartition[],
    how: { readonly lost: boolean },
  ) => void | Promise<void>;
  /** It has had to stop for good; it has let go of its partitions. */
  readonly onError: (error: unknown) => void;
}
