import { byTopic, readByTopic } from "../../kafka/driver/wire/by_topic.ts";
import type { WireReader } from "../../kafka/driver/wire/wire_reader.ts";
import type { WireWriter } from "../../kafka/driver/wire/wire_writer.ts";
import { served } from "./served.ts";

function producerOf(reader: WireReader) {
  return { producerId: reader.bigint64(), producerEpoch: reader.int16() };
}

function writeCode(writer: WireWriter, _: unknown, __: unknown, code: number): void {
  writer.int32(0).int16(code);
}

/** Gives a producer its identity. */
export const serveInitProducer = served({
  api: "initProducer",
  read: (reader) => ({
    id: reader.text() ?? undefined,
    timeoutMs: reader.int32(),
    current: producerOf(reader),
  }),
  about: ({ id = "" }) => id,
  work: ({ id, timeoutMs, current }, { broker }) =>
    broker.transactions.begin(id, timeoutMs, current),
  write: (writer, _, answer, code) =>
    void writer.int32(0).int16(code).int64(answer?.producerId ?? -1n).int16(
      answer?.producerEpoch ?? -1,
    ),
});

/** Makes partitions part of a transaction. */
export const serveAddPartitions = served({
  api: "addPartitions",
  read: (reader) => ({
    id: reader.text() ?? "",
    producer: producerOf(reader),
    partitions: readByTopic(reader, (topic) => ({ topic, partition: reader.int32() })),
  }),
  about: ({ id }) => id,
  work: ({ id, producer, partitions }, { broker }) => {
    for (const each of partitions) broker.log(each);
    broker.transactions.addPartitions(id, producer, partitions);
  },
  write: (writer, { partitions }, _, code) => {
    writer.int32(0).list(byTopic(partitions), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition }) => writer.int32(partition).int16(code));
    });
  },
});

/** Makes a group part of a transaction. */
export const serveAddOffsets = served({
  api: "addOffsets",
  read: (reader) => ({
    id: reader.text() ?? "",
    producer: producerOf(reader),
    groupId: reader.text() ?? "",
  }),
  about: ({ id }) => id,
  work: ({ id, producer, groupId }, { broker }) =>
    broker.transactions.addGroup(id, producer, groupId),
  write: writeCode,
});

/** Makes a group's offsets part of a transaction. */
export const serveSendOffsets = served({
  api: "sendOffsets",
  read: (reader) => {
    const [id, groupId] = [reader.text() ?? "", reader.text() ?? ""];
    const producer = producerOf(reader);
    const [generation, memberId] = [reader.int32(), reader.text() ?? ""];
    const instanceId = reader.text() ?? undefined;
    const offsets = readByTopic(reader, (topic) => {
      const [partition, offset] = [reader.int32(), reader.int64()];
      reader.int32();
      reader.text();
      return { topic, partition, offset };
    });
    const group = {
      ...{ groupId, ...(generation >= 0 && { generation, memberId }) },
      ...(instanceId !== undefined && { instanceId }),
    };
    return { id, producer, group, offsets };
  },
  about: ({ id }) => id,
  work: ({ id, producer, group, offsets }, { broker }) => {
    // Who is nobody in particular may commit with a transaction though there are members.
    if ("generation" in group) broker.group(group.groupId).checkCommit(group);
    for (const each of offsets) broker.log(each);
    broker.transactions.addOffsets(id, producer, group.groupId, offsets);
  },
  write: (writer, { offsets }, _, code) => {
    writer.int32(0).list(byTopic(offsets), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition }) => {
        writer.int32(partition).int16(code).end();
      }).end();
    });
  },
});

/** Ends a transaction. */
export const serveEndTransaction = served({
  api: "endTransaction",
  read: (reader) => ({
    id: reader.text() ?? "",
    producer: producerOf(reader),
    commits: reader.bool(),
  }),
  about: ({ id }) => id,
  work: ({ id, producer, commits }, { broker }) => broker.transactions.end(id, producer, commits),
  write: writeCode,
});
