import type { AbortedTransaction, Isolation, TopicPartition } from "../driver.ts";
import { APIS, request, type WireRequest } from "./apis.ts";
import { byTopic, readByTopic } from "./by_topic.ts";

const EMPTY = new Uint8Array(0);

/** One record batch for one partition. */
export interface ProducedPart extends TopicPartition {
  readonly bytes: Uint8Array;
}

/** What came of it. */
export interface ProducedPartition extends TopicPartition {
  readonly code: number;
  readonly baseOffset: number;
}

/** Appends record batches, one a partition at most. */
export function produceRequest(options: {
  readonly transactionalId: string | null;
  readonly acks: "all" | 1 | 0;
  readonly timeoutMs: number;
  readonly parts: readonly ProducedPart[];
}): WireRequest<ProducedPartition[]> {
  const { transactionalId, acks, timeoutMs, parts } = options;
  return request(
    APIS.produce,
    (writer) => {
      writer.text(transactionalId).int16(acks === "all" ? -1 : acks).int32(timeoutMs);
      writer.list(byTopic(parts), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition, bytes }) => {
          writer.int32(partition).refer(bytes);
        });
      });
    },
    (reader) =>
      acks === 0 ? [] : readByTopic(reader, (topic): ProducedPartition => {
        const partition = reader.int32();
        const code = reader.int16();
        const baseOffset = reader.int64();
        reader.int64(); // when it was appended
        reader.int64(); // where the partition begins
        return { topic, partition, code, baseOffset };
      }),
    acks !== 0,
  );
}

/** From where a partition is read. */
export interface FetchedPart extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly maxBytes: number;
}

/** What has come of a partition. */
export interface FetchedPartition extends TopicPartition {
  readonly code: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** A view of the answer. */
  readonly bytes: Uint8Array;
}

/** Reads partitions, without a fetch session (KIP-227). */
export function fetchRequest(options: {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolation: Isolation;
  readonly parts: readonly FetchedPart[];
}): WireRequest<{ code: number; partitions: FetchedPartition[] }> {
  const { maxWaitMs, minBytes, maxBytes, isolation, parts } = options;
  return request(
    APIS.fetch,
    (writer) => {
      writer.int32(-1).int32(maxWaitMs).int32(minBytes).int32(maxBytes);
      writer.int8(isolation === "read_committed" ? 1 : 0).int32(0).int32(-1); // no session
      writer.list(byTopic(parts), ([topic, its]) => {
        writer.text(topic).list(its, (part) => {
          writer.int32(part.partition).int32(part.leaderEpoch).int64(part.offset).int64(-1);
          writer.int32(part.maxBytes);
        });
      });
      writer.int32(0).text(""); // forgets no partition; stands in no rack
    },
    (reader) => {
      reader.int32();
      const code = reader.int16();
      reader.int32(); // the session
      const partitions = readByTopic(reader, (topic): FetchedPartition => {
        const partition = reader.int32();
        const code = reader.int16();
        const highWatermark = reader.int64();
        const lastStableOffset = reader.int64();
        const logStartOffset = reader.int64();
        const aborted = reader.list(() => ({
          producerId: reader.bigint64(),
          firstOffset: reader.int64(),
        }));
        reader.int32(); // a replica that is nearer
        const bytes = code === 0 ? reader.bytes() : (reader.bytes(), EMPTY);
        const ends = { highWatermark, lastStableOffset, logStartOffset };
        return { topic, partition, code, ...ends, aborted, bytes };
      });
      return { code, partitions };
    },
  );
}

/** What a leader is asked of a partition. */
export interface EpochPart extends TopicPartition {
  /** The leader's epoch, as it is known here. */
  readonly leaderEpoch: number;
  /** The epoch of the last record that was read. */
  readonly epoch: number;
}

/** Up to where the records of an epoch go. */
export interface EpochEnd extends TopicPartition {
  readonly code: number;
  /** The offset behind the last of them; −1: unknown. */
  readonly end: number;
}

/** Asks a leader up to where it has the records of an epoch: KIP-320. */
export function epochEndsRequest(parts: readonly EpochPart[]): WireRequest<EpochEnd[]> {
  return request(
    APIS.offsetForLeaderEpoch,
    (writer) => {
      writer.int32(-1); // no replica
      writer.list(byTopic(parts), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition, leaderEpoch, epoch }) => {
          writer.int32(partition).int32(leaderEpoch).int32(epoch);
        });
      });
    },
    (reader) => {
      reader.int32();
      return readByTopic(reader, (topic): EpochEnd => {
        const [code, partition] = [reader.int16(), reader.int32()];
        reader.int32(); // the greatest epoch that is not greater than the one asked for
        return { topic, partition, code, end: reader.int64() };
      });
    },
  );
}
