import type { GroupIdentity, JoinAnswer, JoinRequest } from "../../kafka/driver/driver.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { BrokerRefusal } from "./broker_refusal.ts";
import { GroupInstances } from "./group_instances.ts";
import { GroupOffsets } from "./group_offsets.ts";
import { type Member, newMember } from "./group_member.ts";
import { electProtocol, hasCommon, samePart } from "./group_protocols.ts";
import { PromisedNames } from "./promised_names.ts";

/** Where a group stands: "Group Coordinator" in Kafka's sources, `GroupState`. */
export type GroupPhase = "empty" | "joining" | "syncing" | "stable";

/** A consumer group, as its coordinator keeps it. */
export class GroupState {
  readonly #runtime: Runtime;
  #members = new Map<string, Member>();
  readonly #instances: GroupInstances;
  /** What is committed. */
  readonly offsets: GroupOffsets = new GroupOffsets();
  readonly #promised: PromisedNames;
  #phase: GroupPhase = "empty";
  #generation = 0;
  #protocol = "";
  #leader = "";
  #cancelRebalance: Cancel = () => {};

  /** Without members. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#instances = new GroupInstances(runtime);
    this.#promised = new PromisedNames(runtime);
  }

  /** Where it stands. */
  get phase(): GroupPhase {
    return this.#phase;
  }

  /** How often it was put together. */
  get generation(): number {
    return this.#generation;
  }

  /** Who belongs to it. */
  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** The name of a member that is going to join: KIP-394. */
  name(clientId: string, sessionTimeoutMs: number): string {
    return this.#promised.name(clientId, sessionTimeoutMs);
  }

  /** Joins; resolves when all have. */
  join(request: JoinRequest): Promise<JoinAnswer> {
    const { memberId, instanceId } = request;
    if (memberId === "") return this.#joinUnder(instanceId!, request);
    this.#instances.check(request);
    if (!this.#members.has(memberId) && !this.#promised.has(memberId)) {
      throw new BrokerRefusal("UNKNOWN_MEMBER_ID");
    }
    return this.#joinAs(request);
  }

  #joinAs(request: JoinRequest): Promise<JoinAnswer> {
    const { memberId, protocols } = request;
    const known = this.#members.get(memberId);
    if (protocols.length === 0 || !hasCommon(protocols, this.#others(memberId))) {
      throw new BrokerRefusal("INCONSISTENT_GROUP_PROTOCOL");
    }
    const isSame = known !== undefined && samePart(known.protocols, protocols);
    const member = known ?? this.#welcome(request);
    const { sessionTimeoutMs, rebalanceTimeoutMs } = request;
    Object.assign(member, { sessionTimeoutMs, rebalanceTimeoutMs, protocols });
    const isSettled = this.#phase === "syncing" ||
      this.#phase === "stable" && memberId !== this.#leader;
    if (isSame && isSettled) return Promise.resolve(this.#answer(member));
    member.cancelSession();
    member.joining?.reject(new BrokerRefusal("REBALANCE_IN_PROGRESS"));
    member.joining = Promise.withResolvers();
    const { promise } = member.joining;
    this.#rebalance();
    this.#completeJoin();
    return promise;
  }

  /** Hands in what all get, as leader, and gets one's own. */
  sync(
    identity: GroupIdentity,
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array> {
    const member = this.#checked(identity);
    if (this.#phase === "joining") throw new BrokerRefusal("REBALANCE_IN_PROGRESS");
    if (this.#phase === "stable") return Promise.resolve(member.assignment);
    member.syncing?.reject(new BrokerRefusal("REBALANCE_IN_PROGRESS"));
    member.syncing = Promise.withResolvers();
    const { promise } = member.syncing;
    this.#watch(member);
    if (member.memberId === this.#leader) this.#assign(assignments);
    return promise;
  }

  /** Tells that a member lives. */
  heartbeat(identity: GroupIdentity): void {
    this.#watch(this.#checked(identity));
    if (this.#phase === "joining") throw new BrokerRefusal("REBALANCE_IN_PROGRESS");
  }

  /** Leaves. */
  leave({ memberId = "" }: GroupIdentity): void {
    if (this.#promised.take(memberId)) return;
    const member = this.#members.get(memberId);
    if (!member) throw new BrokerRefusal("UNKNOWN_MEMBER_ID");
    this.#remove(member);
  }

  /** Looks whether somebody may commit now. */
  checkCommit(identity: GroupIdentity): void {
    if (identity.generation === undefined) {
      if (this.#members.size > 0) throw new BrokerRefusal("UNKNOWN_MEMBER_ID");
      return;
    }
    this.#watch(this.#checked(identity));
    if (this.#phase === "syncing") throw new BrokerRefusal("REBALANCE_IN_PROGRESS");
  }

  /** The broker has lost its connections: nobody waits any more, sessions begin anew. */
  reconnect(): void {
    for (const member of this.#members.values()) {
      delete member.joining;
      delete member.syncing;
      this.#watch(member);
    }
  }

  /** No timers are left. */
  close(): void {
    this.#cancelRebalance();
    this.#promised.close();
    for (const { cancelSession } of this.#members.values()) cancelSession();
  }

  /** Who starts again under its name takes the place that it had, without a word to the others. */
  #joinUnder(instanceId: string, request: JoinRequest): Promise<JoinAnswer> {
    const memberId = this.#instances.nameFor(instanceId);
    const before = this.#members.get(this.#instances.holderOf(instanceId) ?? "");
    if (!before) return this.#joinAs({ ...request, memberId });
    if (!hasCommon(request.protocols, this.#others(before.memberId))) {
      throw new BrokerRefusal("INCONSISTENT_GROUP_PROTOCOL");
    }
    const { assignment } = before;
    const member = this.#replace(before, {
      ...newMember({ ...request, memberId, instanceId }),
      assignment,
    });
    const wasLeader = this.#leader === before.memberId;
    if (wasLeader) this.#leader = memberId;
    if (this.#phase === "stable" && electProtocol([...this.#members.values()]) === this.#protocol) {
      this.#watch(member);
      const leaderId = wasLeader ? before.memberId : this.#leader;
      return Promise.resolve({ ...this.#answer(member), leaderId, members: [] });
    }
    member.joining = Promise.withResolvers();
    const { promise } = member.joining;
    this.#rebalance();
    this.#completeJoin();
    return promise;
  }

  #replace(before: Member, member: Member): Member {
    before.cancelSession();
    before.joining?.reject(new BrokerRefusal("FENCED_INSTANCE_ID"));
    before.syncing?.reject(new BrokerRefusal("FENCED_INSTANCE_ID"));
    this.#instances.give(member);
    this.#members = new Map(
      Array.from(this.#members, ([id, each]) => {
        return each === before ? [member.memberId, member] : [id, each];
      }),
    );
    return member;
  }

  #welcome(request: JoinRequest): Member {
    this.#promised.take(request.memberId);
    const member = newMember(request);
    this.#members.set(member.memberId, member);
    this.#instances.give(member);
    return member;
  }

  #others(memberId: string): Member[] {
    return [...this.#members.values()].filter((member) => member.memberId !== memberId);
  }

  #checked({ memberId = "", generation, instanceId }: GroupIdentity): Member {
    this.#instances.check({ memberId, instanceId });
    const member = this.#members.get(memberId);
    if (!member) throw new BrokerRefusal("UNKNOWN_MEMBER_ID");
    if (generation !== this.#generation) throw new BrokerRefusal("ILLEGAL_GENERATION");
    return member;
  }

  /** A member is given up when it is silent for too long. */
  #watch(member: Member): void {
    member.cancelSession();
    const { sessionTimeoutMs } = member;
    member.cancelSession = this.#runtime.after(sessionTimeoutMs, () => this.#remove(member), {
      background: true,
    });
  }

  #remove(member: Member): void {
    member.cancelSession();
    this.#members.delete(member.memberId);
    this.#instances.take(member);
    member.joining?.reject(new BrokerRefusal("UNKNOWN_MEMBER_ID"));
    member.syncing?.reject(new BrokerRefusal("UNKNOWN_MEMBER_ID"));
    if (this.#members.size === 0) return this.#empty();
    this.#rebalance();
    this.#completeJoin();
  }

  #empty(): void {
    this.#cancelRebalance();
    this.#phase = "empty";
    this.#generation++;
    this.#leader = "";
  }

  /** Everybody is to join again. */
  #rebalance(): void {
    if (this.#phase === "joining") return;
    this.#phase = "joining";
    for (const member of this.#members.values()) {
      member.syncing?.reject(new BrokerRefusal("REBALANCE_IN_PROGRESS"));
      delete member.syncing;
    }
    const longestMs = Math.max(
      ...[...this.#members.values()].map((member) => member.rebalanceTimeoutMs),
    );
    this.#cancelRebalance = this.#runtime.after(longestMs, () => this.#giveUpSilent(), {
      background: true,
    });
  }

  /** Who has not joined again in time is out, unless it has a name of its own: its session ends that. */
  #giveUpSilent(): void {
    for (const member of [...this.#members.values()]) {
      if (member.joining || member.instanceId !== undefined) continue;
      member.cancelSession();
      this.#members.delete(member.memberId);
    }
    if (this.#members.size === 0) this.#empty();
    else this.#completeJoin({ isLate: true });
  }

  #completeJoin({ isLate = false } = {}): void {
    const members = [...this.#members.values()];
    const isJoined = ({ joining }: Member) => joining !== undefined;
    const isComplete = isLate ? members.some(isJoined) : members.every(isJoined);
    if (this.#phase !== "joining" || !isComplete) return;
    this.#cancelRebalance();
    this.#generation++;
    this.#phase = "syncing";
    this.#protocol = electProtocol(members);
    if (!this.#members.get(this.#leader)?.joining) this.#leader = members.find(isJoined)!.memberId;
    for (const member of members) {
      const { joining } = member;
      delete member.joining;
      member.assignment = new Uint8Array();
      if (joining) this.#watch(member);
      joining?.resolve(this.#answer(member));
    }
  }

  #answer({ memberId }: Member): JoinAnswer {
    const members = memberId !== this.#leader ? [] : [...this.#members.values()].map((each) => ({
      memberId: each.memberId,
      metadata: each.protocols.find(({ name }) => name === this.#protocol)!.metadata,
    }));
    return {
      memberId,
      generation: this.#generation,
      leaderId: this.#leader,
      protocol: this.#protocol,
      members,
    };
  }

  #assign(
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
  ): void {
    this.#phase = "stable";
    const byMember = new Map(assignments.map((each) => [each.memberId, each.assignment]));
    for (const member of this.#members.values()) {
      member.assignment = byMember.get(member.memberId) ?? new Uint8Array();
      member.syncing?.resolve(member.assignment);
      delete member.syncing;
    }
  }
}
