import type {
  GroupCoordinator,
  GroupIdentity,
  JoinAnswer,
  JoinRequest,
  PartitionOffset,
  TopicPartition,
} from "../driver.ts";
import { Fenced, GroupChanged, KafkaError } from "../kafka_error.ts";
import type { WireRequest } from "../wire/apis.ts";
import { CODES, errorName } from "../wire/error_codes.ts";
import {
  heartbeatRequest,
  joinGroupRequest,
  leaveGroupRequest,
  offsetCommitRequest,
  offsetFetchRequest,
  syncGroupRequest,
} from "../wire/group_requests.ts";
import type { ClusterView } from "./cluster_view.ts";
import { Coordinator } from "./coordinator.ts";
import { Links } from "./links.ts";

const CHANGED = new Set<number>([
  CODES.illegalGeneration,
  CODES.unknownMember,
  CODES.rebalanceInProgress,
]);
const ADVICE: Readonly<Record<number, string>> = {
  [CODES.groupAuthorizationFailed]: "grant READ on the group",
  [CODES.topicAuthorizationFailed]: "grant READ on the topic",
  23: "its members know no way to assign partitions in common: do all run the same program?",
  24: "no group can have that name",
  26: "the session timeout must be within the broker's group.min.session.timeout.ms and " +
    "group.max.session.timeout.ms",
  12: "what is noted with the offset is too large",
  81: "it has as many members as the broker's group.max.size allows",
};

/** Requests to a consumer group's coordinator. */
export class ClientGroup implements GroupCoordinator, AsyncDisposable {
  readonly #view: ClusterView;
  readonly #groupId: string;
  /** Join and Sync are held until others have come: what is behind them on a connection waits. */
  readonly #slowLinks: Links;
  readonly #quickLinks: Links;
  readonly #slow: Coordinator;
  readonly #quick: Coordinator;

  /** Of a group. */
  constructor(view: ClusterView, groupId: string) {
    this.#view = view;
    this.#groupId = groupId;
    this.#slowLinks = new Links(view.dialer);
    this.#quickLinks = new Links(view.dialer);
    this.#slow = new Coordinator(view, this.#slowLinks, "group", groupId);
    this.#quick = new Coordinator(view, this.#quickLinks, "group", groupId);
  }

  async join(
    request: JoinRequest,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<JoinAnswer> {
    let { memberId } = request;
    for (;;) {
      const { requestTimeoutMs } = this.#view.options;
      const timeoutMs = request.rebalanceTimeoutMs + requestTimeoutMs;
      const { answer, code } = await this.#slow.ask({
        request: joinGroupRequest(this.#groupId, { ...request, memberId }),
        codeOf: (answer) => answer.code,
        doing: this.#doing("join"),
        forMs: timeoutMs,
        timeoutMs,
        signal,
      });
      if (code === CODES.memberIdRequired && memberId === "") { // KIP-394
        memberId = answer.memberId;
        request.named?.(memberId);
        continue;
      }
      this.#judge(code, "join");
      const { generation, leaderId, protocol, members } = answer;
      return { memberId: answer.memberId, generation, leaderId, protocol, members };
    }
  }

  async sync(
    member: GroupIdentity,
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    const { requestTimeoutMs } = this.#view.options;
    const { answer, code } = await this.#slow.ask({
      request: syncGroupRequest(member, assignments),
      codeOf: (answer) => answer.code,
      doing: this.#doing("sync with"),
      forMs: requestTimeoutMs,
      signal,
    });
    this.#judge(code, "sync with");
    return answer.assignment;
  }

  async heartbeat(member: GroupIdentity): Promise<void> {
    await this.#ask(heartbeatRequest(member), "stay in");
  }

  async leave(member: GroupIdentity): Promise<void> {
    const { code } = await this.#quick.ask({
      request: leaveGroupRequest(member),
      codeOf: (answer) => answer.code,
      doing: this.#doing("leave"),
      forMs: this.#view.options.requestTimeoutMs,
    });
    if (code !== CODES.unknownMember) this.#judge(code, "leave");
  }

  async commit(member: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const { code } = await this.#quick.ask({
      request: offsetCommitRequest(member, offsets),
      codeOf: (answer) => answer.find(({ code }) => code !== 0)?.code ?? 0,
      doing: this.#doing("commit offsets of"),
      forMs: this.#view.options.requestTimeoutMs,
      isPassing: (code) => code === CODES.unknownTopicOrPartition || code === CODES.requestTimedOut,
    });
    this.#judge(code, "commit offsets of");
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    if (partitions.length === 0) return [];
    const { answer, code } = await this.#quick.ask({
      request: offsetFetchRequest(this.#groupId, partitions),
      codeOf: ({ code, offsets }) =>
        code !== 0 ? code : offsets.find(({ code }) => code !== 0)?.code ?? 0,
      doing: this.#doing("read offsets of"),
      forMs: this.#view.options.requestTimeoutMs,
      isPassing: (code) =>
        code === CODES.unstableOffsetCommit || code === CODES.unknownTopicOrPartition,
    });
    this.#judge(code, "read offsets of");
    return answer.offsets.filter(({ offset }) => offset >= 0)
      .map(({ topic, partition, offset, leaderEpoch, metadata }) => ({
        ...{ topic, partition, offset },
        ...(leaderEpoch >= 0 && { leaderEpoch }),
        ...(metadata !== "" && { metadata }),
      }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#slowLinks.close(), this.#quickLinks.close()]);
  }

  async #ask(request: WireRequest<{ code: number }>, doing: string): Promise<void> {
    const { code } = await this.#quick.ask({
      request,
      codeOf: (answer) => answer.code,
      doing: this.#doing(doing),
      forMs: this.#view.options.requestTimeoutMs,
    });
    this.#judge(code, doing);
  }

  #doing(doing: string): string {
    return `${doing} group ${JSON.stringify(this.#groupId)}`;
  }

  #judge(code: number, doing: string): void {
    if (code === 0) return;
    const said = `Cannot ${this.#doing(doing)}: the broker says ${errorName(code)}`;
    if (CHANGED.has(code)) {
      throw new GroupChanged(`${said}; join again`, {
        code: errorName(code),
        forgotten: code === CODES.unknownMember,
      });
    }
    if (code === CODES.fencedInstance) {
      throw new Fenced(
        `${said}: another member has joined under the same groupInstanceId, and has its place; give ` +
          "each process a name of its own",
        { code: errorName(code) },
      );
    }
    const advice = ADVICE[code];
    throw new KafkaError(advice === undefined ? said : `${said}: ${advice}`, {
      code: errorName(code),
    });
  }
}
