import type { GroupIdentity, JoinRequest, PartitionOffset, TopicPartition } from "../driver.ts";
import { APIS, request, type WireRequest } from "./apis.ts";
import { byTopic, type PartitionCode, readByTopic, readPartitionCodes } from "./by_topic.ts";
import type { WireWriter } from "./wire_writer.ts";

const PROTOCOL_TYPE = "consumer";

/** What a member hears when all have joined, or why not. */
export interface JoinedGroup {
  readonly code: number;
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[];
}

/** Joins a group. */
export function joinGroupRequest(groupId: string, join: JoinRequest): WireRequest<JoinedGroup> {
  return request(
    APIS.joinGroup,
    (writer) => {
      writer.text(groupId).int32(join.sessionTimeoutMs).int32(join.rebalanceTimeoutMs);
      writer.text(join.memberId).text(join.instanceId ?? null).text(PROTOCOL_TYPE);
      writer.list(join.protocols, ({ name, metadata }) => writer.text(name).bytes(metadata));
    },
    (reader) => {
      reader.int32();
      return {
        code: reader.int16(),
        generation: reader.int32(),
        protocol: reader.text() ?? "",
        leaderId: reader.text() ?? "",
        memberId: reader.text() ?? "",
        members: reader.list(() => {
          const memberId = reader.text() ?? "";
          reader.text(); // its own name
          return { memberId, metadata: reader.bytes().slice() };
        }),
      };
    },
  );
}

/** Who asks, of which generation. */
function writeMember(writer: WireWriter, member: GroupIdentity): void {
  const { groupId, generation = -1, memberId = "", instanceId = null } = member;
  writer.text(groupId).int32(generation).text(memberId).text(instanceId);
}

/** Hands in, as leader, and gets the assignment. */
export function syncGroupRequest(
  member: GroupIdentity,
  assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
): WireRequest<{ code: number; assignment: Uint8Array }> {
  return request(
    APIS.syncGroup,
    (writer) => {
      writeMember(writer, member);
      writer.list(
        assignments,
        ({ memberId, assignment }) => writer.text(memberId).bytes(assignment),
      );
    },
    (reader) => {
      reader.int32();
      return { code: reader.int16(), assignment: reader.bytes().slice() };
    },
  );
}

/** Tells that a member lives. */
export function heartbeatRequest(member: GroupIdentity): WireRequest<{ code: number }> {
  return request(
    APIS.heartbeat,
    (writer) => writeMember(writer, member),
    (reader) => {
      reader.int32();
      return { code: reader.int16() };
    },
  );
}

/** Leaves a group. */
export function leaveGroupRequest(member: GroupIdentity): WireRequest<{ code: number }> {
  return request(
    APIS.leaveGroup,
    (writer) => writer.text(member.groupId).text(member.memberId ?? ""),
    (reader) => {
      reader.int32();
      return { code: reader.int16() };
    },
  );
}

/** Commits offsets. */
export function offsetCommitRequest(
  member: GroupIdentity,
  offsets: readonly PartitionOffset[],
): WireRequest<PartitionCode[]> {
  return request(
    APIS.offsetCommit,
    (writer) => {
      writeMember(writer, member);
      writer.list(byTopic(offsets), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition, offset, leaderEpoch = -1, metadata }) => {
          writer.int32(partition).int64(offset).int32(leaderEpoch).text(metadata ?? "");
        });
      });
    },
    (reader) => {
      reader.int32();
      return readPartitionCodes(reader);
    },
  );
}

/** What is committed of a partition. */
export interface CommittedOffset extends PartitionCode {
  /** −1: nothing. */
  readonly offset: number;
  /** −1: nobody said. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** Asks what is committed, and not while a transaction may change it: KIP-447. */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[],
): WireRequest<{ code: number; offsets: CommittedOffset[] }> {
  return request(
    APIS.offsetFetch,
    (writer) => {
      writer.text(groupId).list(byTopic(partitions), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition }) => writer.int32(partition)).end();
      }).bool(true);
    },
    (reader) => {
      reader.int32();
      const offsets = readByTopic(reader, (topic): CommittedOffset => {
        const partition = reader.int32();
        const offset = reader.int64();
        const leaderEpoch = reader.int32();
        const metadata = reader.text() ?? "";
        return { topic, partition, offset, leaderEpoch, metadata, code: reader.int16() };
      });
      return { code: reader.int16(), offsets };
    },
  );
}
