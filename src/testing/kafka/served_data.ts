import type { TopicPartition } from "../../kafka/driver/driver.ts";
import { byTopic, readByTopic } from "../../kafka/driver/wire/by_topic.ts";
import type { FetchedPiece, FetchPart } from "./broker.ts";
import { attempt, served, spell } from "./served.ts";

const NOTHING = {
  bytes: new Uint8Array(0),
  aborted: [],
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
};

/** Appends record batches. */
export const serveProduce = served({
  api: "produce",
  read: (reader) => {
    const transactionalId = reader.text() ?? undefined;
    reader.int16(); // acks: there is one replica
    reader.int32(); // for how long to wait for others
    const parts = readByTopic(
      reader,
      (topic) => ({ topic, partition: reader.int32(), bytes: reader.bytes() }),
    );
    return { transactionalId, parts };
  },
  about: ({ parts }) => spell(parts),
  work: ({ transactionalId, parts }, { broker, node }) =>
    parts.map((part) => attempt(() => broker.produce({ ...part, leader: node, transactionalId }))),
  write: (writer, { parts }, answer, code) => {
    writer.list(byTopic(offsetsOf(parts, answer, code)), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition, code, offset }) => {
        writer.int32(partition).int16(code).int64(offset).int64(-1).int64(0);
      });
    }).int32(0);
  },
});

/** Gives what there is. */
export const serveFetch = served({
  api: "fetch",
  read: (reader) => {
    reader.int32(); // no replica
    const [maxWaitMs, minBytes, maxBytes] = [reader.int32(), reader.int32(), reader.int32()];
    const isolation = reader.int8() === 1 ? "read_committed" as const : "read_uncommitted" as const;
    reader.int32(); // the session
    reader.int32();
    const parts = readByTopic(reader, (topic): FetchPart => {
      const [partition, leaderEpoch] = [reader.int32(), reader.int32()];
      const offset = reader.int64();
      reader.int64(); // where a follower begins
      return { topic, partition, leaderEpoch, offset, maxBytes: reader.int32() };
    });
    return { maxWaitMs, minBytes, maxBytes, isolation, parts };
  },
  about: ({ parts }) => spell(parts),
  work: (request, { broker, node }) => broker.fetch(request, node),
  write: (writer, { parts }, answer, code) => {
    const told = answer ?? parts.map((part): FetchedPiece => ({ ...part, ...NOTHING, code }));
    writer.int32(0).int16(0).int32(0).list(byTopic(told), ([topic, its]) => {
      writer.text(topic).list(its, (piece) => {
        writer.int32(piece.partition).int16(piece.code).int64(piece.highWatermark);
        writer.int64(piece.lastStableOffset).int64(piece.logStartOffset);
        writer.list(piece.aborted, ({ producerId, firstOffset }) => {
          writer.int64(producerId).int64(firstOffset);
        }).int32(-1).bytes(piece.bytes);
      });
    });
  },
});

/** Finds offsets by time. */
export const serveListOffsets = served({
  api: "listOffsets",
  read: (reader) => {
    reader.int32();
    const isolation = reader.int8() === 1 ? "read_committed" as const : "read_uncommitted" as const;
    const parts = readByTopic(
      reader,
      (topic) => ({ topic, partition: reader.int32(), at: reader.int64() }),
    );
    return { isolation, parts };
  },
  about: ({ parts }) => spell(parts),
  work: ({ isolation, parts }, { broker, node }) =>
    parts.map(({ at, ...place }) => attempt(() => broker.offsetAt(place, at, isolation, node))),
  write: (writer, { parts }, answer, code) => {
    writer.int32(0).list(byTopic(offsetsOf(parts, answer, code)), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition, code, offset }) => {
        writer.int32(partition).int16(code).int64(-1).int64(offset);
      });
    });
  },
});

/** Tells up to where records of epochs go. */
export const serveEpochEnds = served({
  api: "epochEnds",
  read: (reader) => {
    reader.int32(); // no replica
    return readByTopic(reader, (topic) => {
      const partition = reader.int32();
      reader.int32(); // the leader's epoch as the client knows it
      return { topic, partition, epoch: reader.int32() };
    });
  },
  about: (parts) => spell(parts),
  work: (parts, { broker, node }) =>
    parts.map(({ epoch, ...at }) => attempt(() => broker.endOfEpoch(at, epoch, node))),
  write: (writer, parts, answer, code) => {
    writer.int32(0).list(byTopic(offsetsOf(parts, answer, code)), ([topic, its]) => {
      writer.text(topic).list(its, ({ partition, code, offset }) => {
        writer.int16(code).int32(partition).int32(-1).int64(offset);
      });
    });
  },
});

/** The offset that was found for each partition, or why there is none: −1 then. */
function offsetsOf(
  parts: readonly TopicPartition[],
  found: readonly { readonly code: number; readonly value?: number }[] | undefined,
  code: number,
) {
  return parts.map(({ topic, partition }, i) => ({
    topic,
    partition,
    code: found?.[i].code ?? code,
    offset: found?.[i].value ?? -1,
  }));
}
