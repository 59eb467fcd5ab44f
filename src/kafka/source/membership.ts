import type { Runtime } from "../../runtime/runtime.ts";
import type { KafkaCluster, PartitionOffset, TopicPartition } from "../driver/driver.ts";
import { GroupMember } from "../group/group_member.ts";
import { untilDone } from "../group/passing.ts";
import type { KafkaReading } from "./kafka_reading.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import { NotCommitted } from "./not_committed.ts";
import { OffsetKeeper } from "./offset_keeper.ts";
import { keyOf } from "./partition_state.ts";

/** How long is waited for rows to be settled before partitions are let go of, ms. */
const SETTLE_MS = 1000;

/** What a {@linkcode Membership} works with. */
export interface MembershipOptions {
  readonly settings: KafkaSourceSettings;
  readonly reading: KafkaReading;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Whether rows wait for others in the pipeline, which begins anew when partitions change. */
  readonly keepsRows: boolean;
}

/** What a reading has to do with a consumer group: who reads what, and what is committed. */
export class Membership implements AsyncDisposable {
  /** Commits what is settled. */
  readonly keeper: OffsetKeeper;
  readonly #options: MembershipOptions;
  /** Connections of its own: those of the reading may be given up. */
  readonly #cluster: KafkaCluster;
  #member: GroupMember | undefined;
  #generation = -1;
  /** Whether partitions may have been another's. */
  #isLost = false;
  /** What is read, from where: as it was assigned, or settled when the pipeline began anew last. */
  #held: readonly PartitionOffset[] | undefined;
  /** Whether the pipeline is to begin anew, and has not. */
  #isRestarting = false;
  /** Whether they were, and none were assigned since. */
  #isAway = false;
  /** Told whether this member is in the group again, once nothing more is read. */
  #back: ((isBack: boolean) => void) | undefined;
  #isFinishing = false;
  readonly #closing = new AbortController();

  private constructor(cluster: KafkaCluster, options: MembershipOptions) {
    const { settings, runtime, reading } = options;
    this.#options = options;
    this.#cluster = cluster;
    this.keeper = new OffsetKeeper({
      ...{ runtime, commitMs: settings.commitMs, states: () => reading.states },
      commit: (offsets) => this.#commit(offsets),
    });
  }

  /** Connects to the group's coordinator; a member joins. */
  static async open(options: MembershipOptions): Promise<Membership> {
    const { settings, reading, runtime, signal } = options;
    const cluster = await reading.driver.connect(settings.connection, { signal, runtime });
    const membership = new Membership(cluster, options);
    if (!settings.partitions) membership.#join();
    return membership;
  }

  #join(): void {
    const { settings, reading, runtime } = this.#options;
    const { groupId, topics } = settings;
    const member = this.#member = new GroupMember({
      ...{ cluster: this.#cluster, groupId: groupId!, topics, runtime, ...settings.member },
      onAssigned: (partitions, generation) => this.#assigned(partitions, generation),
      onRevoked: (partitions, { lost }) => this.#revoked(partitions, lost),
      onError: (error) => reading.fail(error),
    });
    member.start();
  }

  /** What comes back is gone on with; what does not is another's. */
  async #assigned(partitions: readonly PartitionOffset[], generation: number): Promise<void> {
    const { reading } = this.#options;
    this.#generation = generation;
    this.#isAway = false;
    if (this.#isFinishing) return this.#regained(partitions);
    this.#held = partitions;
    const kept = new Set(partitions.filter((each) => this.#isKept(each)).map(keyOf));
    if (this.#isToRestart(partitions, kept)) {
      this.#isLost = false;
      this.#isRestarting = true;
      this.#giveUp(partitions);
      reading.restart(partitions);
      return reading.hold(false);
    }
    reading.revoke(reading.states.filter((state) => !state.isGone && !kept.has(keyOf(state))));
    await reading.assign(partitions.filter((each) => !kept.has(keyOf(each))));
    reading.hold(false);
  }

  /** Of what is another's now, or was meanwhile, nothing is to be committed until all begins anew. */
  #giveUp(partitions: readonly PartitionOffset[]): void {
    const held = new Map(partitions.map((at) => [keyOf(at), at.offset]));
    for (const state of this.#options.reading.states) {
      const { offset } = this.keeper.settledOf(state) ?? { offset: state.first };
      const committed = held.get(keyOf(state));
      if (committed === undefined || committed > offset) state.isGone = true;
    }
  }

  /** Nothing more is read: what is another's now is not this member's to commit. */
  #regained(partitions: readonly PartitionOffset[]): void {
    const own = new Set(partitions.filter((each) => this.#isKept(each)).map(keyOf));
    for (const state of this.#options.reading.states) {
      if (!own.has(keyOf(state))) state.isGone = true;
    }
    this.#back?.(true);
  }

  /**
   * Commits all that is settled, since nothing more will be. Where the group has changed it is waited
   * for this member's place, as long as it is tried when brokers fail.
   *
   * @throws {NotCommitted} when something is left.
   */
  async finish(): Promise<void> {
    const { settings: { groupId, retryMs }, runtime } = this.#options;
    this.#isFinishing = true;
    const back = async () => {
      if (!this.#member || this.#isAway) return false;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#back = resolve;
      const cancel = runtime.after(retryMs, () => resolve(false));
      return await promise.finally(cancel);
    };
    const left = await this.keeper.finish({ isAway: this.#isAway, back });
    if (left) throw new NotCommitted(groupId!, left.offsets, left);
  }

  /** Whether nobody has come further in a partition since it was let go of. */
  #isKept(at: PartitionOffset): boolean {
    const state = this.#options.reading.stateOf(at);
    return state !== undefined && at.offset <= state.taken;
  }

  /** Whether rows that the pipeline keeps would go together with others than before. */
  #isToRestart(partitions: readonly PartitionOffset[], kept: ReadonlySet<string>): boolean {
    const { reading, keepsRows } = this.#options;
    if (this.#isRestarting) return true;
    if (!keepsRows || !reading.hasGiven) return false;
    const held = reading.states.filter(({ isGone }) => !isGone);
    return this.#isLost || kept.size < partitions.length || kept.size < held.length;
  }

  /** Something that is read beside begins anew: so do the partitions that are held. */
  restart(): void {
    const { reading } = this.#options;
    this.#isRestarting = true;
    reading.restart(this.#held ?? reading.states.map((state) => state.at(state.first, state.note)));
  }

  /** The pipeline has begun anew: partitions are read from where they are settled. */
  async renew(positions: readonly PartitionOffset[]): Promise<void> {
    const { reading } = this.#options;
    const wanted = new Set(positions.map(keyOf));
    const settled = new Map(reading.states.map((state) => {
      return [keyOf(state), this.keeper.settledOf(state)] as const;
    }));
    for (const state of reading.states) if (!wanted.has(keyOf(state))) state.isGone = true;
    await this.keeper.flush().catch(() => {}); // what was not committed comes again at worst
    this.keeper.renew();
    const from = positions.map((at) => {
      const own = settled.get(keyOf(at));
      return own && own.offset >= at.offset ? own : at;
    });
    // others may have been assigned meanwhile, with which it begins anew once more
    if (!reading.isRestarting) this.#held = from;
    await reading.renew(from);
    // until then whatever is assigned has to begin anew, too
    this.#isRestarting = reading.isRestarting;
  }

  async #revoked(partitions: readonly TopicPartition[], isLost: boolean): Promise<void> {
    const { reading, runtime, keepsRows } = this.#options;
    reading.hold(true);
    this.#isLost ||= isLost;
    this.#isAway ||= isLost;
    if (isLost) this.#back?.(false);
    if (isLost) return keepsRows ? undefined : reading.revoke(partitions);
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const cancel = runtime.after(SETTLE_MS, resolve);
    if (this.#closing.signal.aborted) resolve();
    await this.keeper.whenSettled(enough);
    cancel();
    await this.keeper.flush();
  }

  async #commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const { settings, runtime } = this.#options;
    const generation = this.#generation;
    if (this.#member) return await this.#member.commit(offsets, { generation });
    const groupId = settings.groupId!;
    const coordinator = this.#cluster.group(groupId);
    const commit = () => coordinator.commit({ groupId }, offsets);
    await untilDone(commit, { runtime, signal: this.#closing.signal, forMs: settings.retryMs });
  }

  /** Commits what is settled, leaves, and closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#member) await this.keeper.flush().catch(() => {});
    this.#closing.abort();
    await this.#member?.[Symbol.asyncDispose]();
    this.keeper.close();
    await this.#cluster[Symbol.asyncDispose]();
  }
}
