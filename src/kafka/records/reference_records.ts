/**
 * Kafka's records in plain TypeScript: what the kernel is held to, and what tests make batches of.
 *
 * @module
 */
import { concatBytes } from "../../batch/concat_bytes.ts";
import { crc32c } from "../../batch/crc32c.ts";
import type { AbortedTransaction, Isolation } from "../driver/driver.ts";
import { At, Attribute, HEADER_BYTES, LENGTH_OVERHEAD, viewOf } from "./batch_header.ts";
import {
  type CompressionName,
  COMPRESSIONS,
  compressRecords,
  decompressRecords,
} from "./compression.ts";

/** A record as an object. */
export interface PlainRecord {
  /** Its place in the partition. */
  readonly offset: number;
  /** When it was made, ms since 1970. */
  readonly timestamp: number;
  /** What it is about; null: none. */
  readonly key: Uint8Array | null;
  /** What it says; null: a tombstone. */
  readonly value: Uint8Array | null;
  /** What is said beside. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

/** What a batch has besides its records. */
export interface PlainBatch {
  /** Its records, by ascending offsets. */
  readonly records: readonly PlainRecord[];
  /** Default: none. */
  readonly compression?: CompressionName;
  /** Default: the offset of the first record. */
  readonly baseOffset?: number;
  /** Default: the offset of the last record. */
  readonly lastOffset?: number;
  /** The time of all records, set by the broker. */
  readonly appendTime?: number;
  /** Default: nobody's, −1n. */
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const none = new Uint8Array();

/** A whole number by zigzag and 7 bits a byte, the lowest first. */
export function varint(value: number): number[] {
  if (value >= 0 && value < 64) return [2 * value];
  const whole = BigInt(value);
  let left = BigInt.asUintN(64, whole << 1n ^ whole >> 63n);
  const bytes: number[] = [];
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n | 128n));
  return [...bytes, Number(left)];
}

function sized(bytes: Uint8Array | null): Uint8Array[] {
  return bytes === null
    ? [Uint8Array.from(varint(-1))]
    : [Uint8Array.from(varint(bytes.length)), bytes];
}

function recordBytes(record: PlainRecord, baseOffset: number, firstTime: number): Uint8Array {
  const { offset, timestamp, key, value, headers } = record;
  const body = concatBytes([
    Uint8Array.of(0, ...varint(timestamp - firstTime), ...varint(offset - baseOffset)),
    ...sized(key),
    ...sized(value),
    Uint8Array.from(varint(headers.length)),
    ...headers.flatMap(([name, cell]) => [...sized(encoder.encode(name)), ...sized(cell)]),
  ]);
  return concatBytes([Uint8Array.from(varint(body.length)), body]);
}

/** A batch of format 2. */
export function encodePlainBatch(batch: PlainBatch): Uint8Array<ArrayBuffer> {
  const { records, compression = "none", appendTime, producerId = -1n } = batch;
  const { producerEpoch = -1, baseSequence = -1, transactional, control } = batch;
  const baseOffset = batch.baseOffset ?? records[0]?.offset ?? 0;
  const lastOffset = batch.lastOffset ?? records.at(-1)?.offset ?? baseOffset;
  const times = records.map(({ timestamp }) => timestamp);
  const firstTime = times[0] ?? -1;
  const all = records.map((record) => recordBytes(record, baseOffset, firstTime));
  const payload = compressRecords(compression, all.length === 0 ? none : concatBytes(all));
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes.set(payload, HEADER_BYTES);
  const view = viewOf(bytes);
  view.setBigInt64(At.baseOffset, BigInt(baseOffset));
  view.setInt32(At.length, bytes.length - LENGTH_OVERHEAD);
  view.setInt32(At.length + 4, -1);
  view.setInt8(At.magic, 2);
  view.setInt16(
    At.attributes,
    COMPRESSIONS.indexOf(compression) | (appendTime === undefined ? 0 : Attribute.appendTime) |
      (transactional ? Attribute.transactional : 0) | (control ? Attribute.control : 0),
  );
  view.setInt32(At.lastOffsetDelta, lastOffset - baseOffset);
  view.setBigInt64(At.firstTime, BigInt(firstTime));
  view.setBigInt64(
    At.maxTime,
    BigInt(appendTime ?? times.reduce((most, time) => Math.max(most, time), -1)),
  );
  view.setBigInt64(At.producerId, producerId);
  view.setInt16(At.producerEpoch, producerEpoch);
  view.setInt32(At.baseSequence, baseSequence);
  view.setInt32(At.records, records.length);
  view.setUint32(At.crc, crc32c(bytes.subarray(At.attributes)));
  return bytes;
}

/** A batch that ends a transaction of a producer. */
export function controlBatch(
  offset: number,
  kind: "abort" | "commit",
  producerId: bigint,
): Uint8Array<ArrayBuffer> {
  const key = Uint8Array.of(0, 0, 0, kind === "abort" ? 0 : 1);
  const value = new Uint8Array(6);
  const records = [{ offset, timestamp: 0, key, value, headers: [] }];
  return encodePlainBatch({
    records,
    producerId,
    producerEpoch: 0,
    transactional: true,
    control: true,
  });
}

/** Reads what a batch has behind its header. */
class PlainCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(count: number): Uint8Array {
    if (count < 0 || count > this.#bytes.length - this.#at) throw new RangeError("cut short");
    return this.#bytes.slice(this.#at, this.#at += count);
  }

  /** A number of 64 bits. */
  long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte] = this.take(1);
      if (shift === 63n && byte > 1) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value >> 1n ^ -(value & 1n));
    }
    throw new RangeError("a number without an end");
  }

  /** A number of 32 bits. */
  int(): number {
    const value = this.long();
    if (BigInt.asIntN(32, value) !== value) throw new RangeError("a number of more than 32 bits");
    return Number(value);
  }

  sized(): Uint8Array | null {
    const length = this.int();
    if (length < -1) throw new RangeError("a negative length");
    return length < 0 ? null : this.take(length);
  }
}

function plainRecord(
  bytes: Uint8Array,
  place: { baseOffset: number; firstTime: bigint; appendTime?: bigint },
): PlainRecord {
  const cursor = new PlainCursor(bytes);
  cursor.take(1);
  const time = BigInt.asIntN(64, place.firstTime + cursor.long());
  const offset = place.baseOffset + cursor.int();
  const [key, value] = [cursor.sized(), cursor.sized()];
  const count = cursor.int();
  if (count < 0) throw new RangeError("a negative count");
  const headers: [string, Uint8Array | null][] = [];
  for (let at = 0; at < count; at++) {
    const name = cursor.sized();
    if (name === null) throw new RangeError("a header without a name");
    headers.push([decoder.decode(name), cursor.sized()]);
  }
  if (!cursor.isAtEnd) throw new RangeError("bytes behind a record");
  return { offset, timestamp: Number(place.appendTime ?? time), key, value, headers };
}

/** All records of a batch whose checksum fits, control records too. */
export function decodePlainBatch(batch: Uint8Array, maxBytes = 1 << 28): PlainRecord[] {
  const view = viewOf(batch);
  if (view.getUint32(At.crc) !== crc32c(batch.subarray(At.attributes))) {
    throw new RangeError("its checksum does not fit");
  }
  const attributes = view.getInt16(At.attributes);
  const codec = COMPRESSIONS[attributes & Attribute.compression];
  const count = view.getInt32(At.records);
  if (count < 0) throw new RangeError("a negative count");
  if (count === 0) return [];
  const cursor = new PlainCursor(
    decompressRecords(codec, batch.subarray(HEADER_BYTES), maxBytes),
  );
  const place = {
    baseOffset: Number(view.getBigInt64(At.baseOffset)),
    firstTime: view.getBigInt64(At.firstTime),
    ...(attributes & Attribute.appendTime && { appendTime: view.getBigInt64(At.maxTime) }),
  };
  const records: PlainRecord[] = [];
  for (let at = 0; at < count; at++) {
    const bytes = cursor.sized();
    if (bytes === null) throw new RangeError("a record of no length");
    records.push(plainRecord(bytes, place));
  }
  if (!cursor.isAtEnd) throw new RangeError("bytes behind the last record");
  return records;
}

/**
 * The records of whole batches that count, by the definition: a record of a transaction counts for
 * nobody who reads what is committed when the next marker of its producer is an abort, or when there
 * is none and the transaction is among those that were aborted.
 */
export function decodePlainBatches(
  batches: readonly Uint8Array[],
  reading: { from: number; isolation: Isolation; aborted: readonly AbortedTransaction[] },
): PlainRecord[] {
  const heads = batches.map((batch) => {
    const view = viewOf(batch);
    return {
      attributes: view.getInt16(At.attributes),
      producerId: view.getBigInt64(At.producerId),
      offset: Number(view.getBigInt64(At.baseOffset)),
    };
  });
  return batches.flatMap((batch, at) => {
    const { attributes, producerId, offset } = heads[at];
    if (attributes & Attribute.control) return [];
    const records = decodePlainBatch(batch).filter((record) => record.offset >= reading.from);
    if (!(attributes & Attribute.transactional) || reading.isolation === "read_uncommitted") {
      return records;
    }
    const isMarker = (head: typeof heads[number]) =>
      head.producerId === producerId && (head.attributes & Attribute.control) !== 0;
    const marker = heads.findIndex((head, other) => other > at && isMarker(head));
    if (marker >= 0) {
      const [{ key }] = decodePlainBatch(batches[marker]);
      return key![3] === 0 ? [] : records;
    }
    const ended = heads.slice(0, at).findLast(isMarker)?.offset ?? -1;
    const isAborted = reading.aborted.some(({ firstOffset, ...each }) =>
      each.producerId === producerId && firstOffset <= offset && firstOffset > ended
    );
    return isAborted ? [] : records;
  });
}
