import type { GroupIdentity, PartitionOffset } from "../../kafka/driver/driver.ts";
import { byTopic, readByTopic } from "../../kafka/driver/wire/by_topic.ts";
import type { WireReader } from "../../kafka/driver/wire/wire_reader.ts";
import { attempt, served, spell } from "./served.ts";

const MEMBER_ID_REQUIRED = 79;

function identityOf(reader: WireReader): GroupIdentity & { memberId: string } {
  const [groupId, generation] = [reader.text() ?? "", reader.int32()];
  const memberId = reader.text() ?? "";
  const instanceId = reader.text() ?? undefined;
  return {
    ...{ groupId, memberId, ...(generation >= 0 && { generation }) },
    ...(instanceId !== undefined && { instanceId }),
  };
}

/** Lets a member join; a new one is told its name first. */
export const serveJoin = served({
  api: "join",
  read: (reader) => {
    const groupId = reader.text() ?? "";
    const [sessionTimeoutMs, rebalanceTimeoutMs] = [reader.int32(), reader.int32()];
    const memberId = reader.text() ?? "";
    const instanceId = reader.text() ?? undefined;
    reader.text(); // the kind of group
    const protocols = reader.list(() => ({
      name: reader.text() ?? "",
      metadata: reader.bytes().slice(),
    }));
    const named = instanceId === undefined ? {} : { instanceId };
    return { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, ...named, protocols };
  },
  about: ({ groupId }) => groupId,
  work: async ({ groupId, ...join }, { broker, clientId }) => {
    const group = broker.group(groupId);
    if (join.memberId !== "" || join.instanceId !== undefined) {
      return { code: 0, ...await group.join(join) };
    }
    const memberId = group.name(clientId, join.sessionTimeoutMs);
    return { code: MEMBER_ID_REQUIRED, memberId };
  },
  write: (writer, _, answer, code) => {
    const { generation = -1, protocol = "", leaderId = "", members = [] } =
      answer && "generation" in answer ? answer : {};
    writer.int32(0).int16(answer?.code ?? code).int32(generation).text(protocol).text(leaderId);
    writer.text(answer?.memberId ?? "").list(members, ({ memberId, metadata }) => {
      writer.text(memberId).text(null).bytes(metadata);
    });
  },
});

/** Takes and gives assignments. */
export const serveSync = served({
  api: "sync",
  read: (reader) => ({
    member: identityOf(reader),
    assignments: reader.list(() => ({
      memberId: reader.text() ?? "",
      assignment: reader.bytes().slice(),
    })),
  }),
  about: ({ member }) => member.groupId,
  work: ({ member, assignments }, { broker }) =>
    broker.group(member.groupId).sync(member, assignments),
  write: (writer, _, assignment = new Uint8Array(), code) =>
    void writer.int32(0).int16(code).bytes(assignment),
});

/** Hears that a member lives. */
export const serveHeartbeat = served({
  api: "heartbeat",
  read: identityOf,
  about: ({ groupId }) => groupId,
  work: (member, { broker }) => broker.group(member.groupId).heartbeat(member),
  write: (writer, _, __, code) => void writer.int32(0).int16(code),
});

/** Lets a member leave. */
export const serveLeave = served({
  api: "leave",
  read: (reader) => ({ groupId: reader.text() ?? "", memberId: reader.text() ?? "" }),
  about: ({ groupId }) => groupId,
  work: (member, { broker }) => broker.group(member.groupId).leave(member),
  write: (writer, _, __, code) => void writer.int32(0).int16(code),
});

/** Keeps what a group commits. */
export const serveCommit = served({
  api: "commit",
  read: (reader) => ({
    member: identityOf(reader),
    offsets: readByTopic(reader, (topic) => {
      const [partition, offset] = [reader.int32(), reader.int64()];
      const leaderEpoch = reader.int32();
      const metadata = reader.text();
      return {
        ...{ topic, partition, offset },
        ...(leaderEpoch >= 0 && { leaderEpoch }),
        ...(metadata && { metadata }),
      };
    }),
  }),
  about: ({ member }) => member.groupId,
  work: ({ member, offsets }, { broker }) => {
    const group = broker.group(member.groupId);
    group.checkCommit(member);
    return offsets.map((each) =>
      attempt(() => {
        broker.log(each);
        group.offsets.store([each]);
      }).code
    );
  },
  write: (writer, { offsets }, answer, code) => {
    const told = offsets.map((each, i) => ({ ...each, code: answer?.[i] ?? code }));
    writer.int32(0).list(byTopic(told), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition, code }) => writer.int32(partition).int16(code));
    });
  },
});

/** Tells what a group has committed. */
export const serveCommitted = served({
  api: "committed",
  read: (reader) => {
    const groupId = reader.text() ?? "";
    const partitions = reader.list(() => {
      const topic = reader.text() ?? "";
      const its = reader.list(() => ({ topic, partition: reader.int32() }));
      reader.end();
      return its;
    }).flat();
    return { groupId, partitions, isStable: reader.bool() };
  },
  about: ({ groupId, partitions }) => `${groupId} ${spell(partitions)}`,
  work: ({ groupId, partitions, isStable }, { broker }) =>
    broker.committed(groupId, partitions, isStable),
  write: (writer, { partitions }, answer = [], code) => {
    const told = partitions.map((at): PartitionOffset =>
      answer.find((each) => each.topic === at.topic && each.partition === at.partition) ??
        { ...at, offset: -1 }
    );
    writer.int32(0).list(byTopic(told), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition, offset, leaderEpoch = -1, metadata = "" }) => {
        writer.int32(partition).int64(offset).int32(leaderEpoch).text(metadata).int16(0).end();
      }).end();
    }).int16(code);
  },
});
