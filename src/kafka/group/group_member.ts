import type { Runtime } from "../../runtime/runtime.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { delay } from "../../stream/delay.ts";
import type {
  GroupCoordinator,
  GroupIdentity,
  JoinAnswer,
  PartitionOffset,
  TopicPartition,
} from "../driver/driver.ts";
import { GroupChanged, KafkaError } from "../driver/kafka_error.ts";
import type { AssignorName } from "./assignor.ts";
import {
  readAssignment,
  writeCooperative,
  writeSticky,
  writeSubscription,
} from "./consumer_protocol.ts";
import type { GroupMemberOptions } from "./group_member_options.ts";
import { leaderPlan, type PlanBasis } from "./leader_plan.ts";
import type { OffsetCommits } from "./offset_commits.ts";
import { backOff, isPassing, untilDone } from "./passing.ts";
import { Tenure } from "./tenure.ts";
import { partitionCounts, TopicWatch } from "./topic_watch.ts";

const DEFAULT_SESSION_MS = 45_000;
const DEFAULT_REBALANCE_MS = 60_000;
const DEFAULT_HEARTBEAT_MS = 3000;
const DEFAULT_METADATA_MS = 30_000;
const MOST_LEAVING_MS = 5000;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const COOPERATIVE = "cooperative-sticky";
const DEFAULT_ASSIGNORS: readonly AssignorName[] = ["sticky", "range", "roundrobin", COOPERATIVE];

/**
 * A member of a consumer group, by Kafka's classic group protocol ("Consumer Rebalance Protocol",
 * KIP-62, eager): it joins, holds what the leader gives it, tells that it lives, lets go of all and
 * joins again when the group changes, and shares partitions when it is the leader. Other clients
 * may be in the same group.
 */
export class GroupMember implements AsyncDisposable {
  readonly #options: GroupMemberOptions;
  readonly #coordinator: GroupCoordinator;
  readonly #runtime: Runtime;
  readonly #closing = new AbortController();
  #running?: Promise<void>;
  #memberId = "";
  #identity?: GroupIdentity;
  #commits?: OffsetCommits;
  /** What it held last, and when. */
  #held: { readonly partitions: readonly TopicPartition[]; readonly generation: number } = {
    partitions: [],
    generation: -1,
  };

  /** A member that has not joined. */
  constructor(options: GroupMemberOptions) {
    this.#options = options;
    this.#coordinator = options.cluster.group(options.groupId);
    this.#runtime = options.runtime;
  }

  /**
   * Who it is to the coordinator, in the generation that it was last in: a stale one is refused.
   *
   * @throws {KafkaError} when it has been in none.
   */
  get identity(): GroupIdentity {
    if (this.#identity) return this.#identity;
    throw new KafkaError(
      `Cannot tell a member of group "${this.#options.groupId}": it has not joined`,
    );
  }

  /** Joins, and goes on until it is disposed of. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Commits, up to where rows are done with. Resolves when these offsets, or later ones, are
   * committed; an offset that is before what was committed is passed over.
   *
   * @param options `generation`: in which the partitions were assigned; another than the one that
   *   the member is in is refused.
   * @throws {GroupChanged} when the generation is over, or is over before it is done.
   * @throws {KafkaError} when a partition is not this member's, or the coordinator refuses.
   */
  async commit(
    offsets: readonly PartitionOffset[],
    { generation = this.#identity?.generation }: { readonly generation?: number } = {},
  ): Promise<void> {
    const current = this.#identity?.generation;
    if (this.#commits && generation === current) return await this.#commits.commit(offsets);
    throw this.#over(
      `Cannot commit offsets of generation ${generation} of group "${this.#options.groupId}": ` +
        (this.#commits ? `this is generation ${current}` : "this member holds nothing now") +
        "; who gets the partitions reads again what was not committed",
    );
  }

  /** Lets go of its partitions, commits what `onRevoked` does, and leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(this.#over(`Cannot go on in group "${this.#options.groupId}": it is left`));
    await this.#running;
  }

  async #run(): Promise<void> {
    let error: unknown;
    let isFailed = false;
    try {
      await untilDone(() => this.#options.cluster.topics(this.#options.topics), {
        runtime: this.#runtime,
        signal: this.#closing.signal,
      });
      await this.#rounds();
    } catch (failure) {
      isFailed = !this.#closing.signal.aborted;
      error = failure;
    }
    await this.#leave();
    if (isFailed) this.#options.onError(error);
  }

  /** Generation after generation. */
  async #rounds(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted;) {
      const before = this.#held;
      try {
        await this.#round();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        const isGroup = error instanceof GroupChanged;
        if (!isGroup && !isPassing(error)) throw error;
        if (isGroup && error.forgotten) this.#memberId = "";
        // Who has got as far as an assignment may join again at once.
        failures = this.#held === before ? failures + 1 : 0;
        if (failures > 1 || !isGroup) await backOff(this.#runtime, failures + 1, signal);
      }
    }
  }

  /** One generation: join, get an assignment, hold it until it is over. */
  async #round(): Promise<void> {
    const { groupId } = this.#options;
    const answer = await this.#join();
    const { memberId, generation, leaderId } = answer;
    this.#memberId = memberId;
    this.#identity = { groupId, generation, memberId, ...this.#instance };
    using tenure = this.#begin(this.#identity);
    const { cluster } = this.#options;
    const plan = leaderId === memberId ? await leaderPlan(answer, cluster) : undefined;
    const basis = plan ?? (this.#wasLeader(leaderId) ? await this.#basis() : undefined);
    using _watch = basis && this.#watch(basis, () => tenure.end());
    const bytes = await this.#coordinator.sync(tenure.identity, plan?.assignments ?? [], tenure);
    const partitions = readAssignment(bytes);
    const isToPass = answer.protocol === COOPERATIVE && this.#losesSome(partitions);
    this.#held = { partitions, generation };
    // who gets what it had before gets it when it has joined again without
    if (isToPass) return;
    try {
      await this.#hold(tenure, partitions);
    } finally {
      this.#commits = undefined;
    }
    if (tenure.error !== undefined) throw tenure.error;
  }

  /** Whether something that it said it owned is to go to another. */
  #losesSome(partitions: readonly TopicPartition[]): boolean {
    return this.#held.partitions.some(({ topic, partition }) =>
      !partitions.some((each) => each.topic === topic && each.partition === partition)
    );
  }

  get #instance(): { readonly instanceId?: string } {
    const { instanceId } = this.#options;
    return instanceId === undefined ? {} : { instanceId };
  }

  /**
   * Whether it leads under the name that it had before it started again: a coordinator goes on telling
   * that one, for nothing is to be shared anew. New partitions are for the leader to see.
   */
  #wasLeader(leaderId: string): boolean {
    const { instanceId } = this.#options;
    const prefix = `${instanceId}-`;
    return instanceId !== undefined && leaderId.startsWith(prefix) && leaderId !== this.#memberId &&
      UUID.test(leaderId.slice(prefix.length));
  }

  async #basis(): Promise<PlanBasis> {
    const { cluster, topics } = this.#options;
    return { topics, counts: await partitionCounts(cluster, topics) };
  }

  #join(): Promise<JoinAnswer> {
    const { topics, assignors = DEFAULT_ASSIGNORS } = this.#options;
    const { partitions: owned, generation } = this.#held;
    const had = { topics, owned, generation };
    const sticky = writeSticky(had);
    const { signal } = this.#closing;
    return this.#coordinator.join({
      memberId: this.#memberId,
      ...this.#instance,
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? DEFAULT_SESSION_MS,
      rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs ?? DEFAULT_REBALANCE_MS,
      protocols: assignors.map((name) => ({
        name,
        metadata: name === COOPERATIVE
          ? writeCooperative(had)
          : writeSubscription(topics, name === "sticky" ? sticky : undefined),
      })),
      named: (memberId) => this.#memberId = memberId,
    }, { signal });
  }

  #begin(identity: GroupIdentity): Tenure {
    const { sessionTimeoutMs = DEFAULT_SESSION_MS, rebalanceTimeoutMs = DEFAULT_REBALANCE_MS } =
      this.#options;
    return new Tenure({
      coordinator: this.#coordinator,
      identity,
      heartbeatMs: this.#options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      runtime: this.#runtime,
      closing: this.#closing.signal,
    });
  }

  /** Holds partitions until the generation ends. */
  async #hold(tenure: Tenure, partitions: readonly TopicPartition[]): Promise<void> {
    const { onAssigned, onRevoked } = this.#options;
    this.#commits = tenure.hold(partitions);
    // While the assignment was on its way, all may have changed again.
    const [positions] = await Promise.all([
      this.#positions(partitions, tenure.signal),
      tenure.confirm(),
    ]);
    if (tenure.hasEnded) return;
    await onAssigned(positions, tenure.identity.generation!);
    await tenure.ended;
    await onRevoked(partitions, { lost: tenure.isLost });
  }

  #watch({ topics, counts }: PlanBasis, changed: () => void): TopicWatch {
    const { cluster, metadataMs = DEFAULT_METADATA_MS } = this.#options;
    return new TopicWatch({ cluster, topics, counts, metadataMs, runtime: this.#runtime, changed });
  }

  /** Where each partition goes on. */
  async #positions(
    partitions: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<PartitionOffset[]> {
    if (partitions.length === 0) return [];
    const committed = await untilDone(() => this.#coordinator.committed(partitions), {
      runtime: this.#runtime,
      signal,
    });
    return partitions.map(({ topic, partition }) =>
      committed.find((each) => each.topic === topic && each.partition === partition) ??
        { topic, partition, offset: -1 }
    );
  }

  /**
   * So that the others need not wait for the session's timeout; they do when it cannot be said, or it
   * has a name of its own, under which it may come back.
   */
  async #leave(): Promise<void> {
    if (this.#memberId === "" || this.#options.instanceId !== undefined) return;
    const { groupId } = this.#options;
    using enough = new ChildAbort();
    const left = this.#coordinator.leave({ groupId, memberId: this.#memberId });
    const silence = delay(this.#runtime, MOST_LEAVING_MS, enough.signal);
    await Promise.race([left, silence]).catch(() => {});
    enough.abort();
    await silence.catch(() => {});
    this.#memberId = "";
  }

  #over(message: string): GroupChanged {
    return new GroupChanged(message, { forgotten: false });
  }
}
