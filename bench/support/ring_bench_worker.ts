import { RingReader, RingWriter } from "../../src/hive/ring_buffer.ts";
import { denoRuntime } from "../../src/runtime/mod.ts";

/** What a worker is to do in one round. */
export type RingRound =
  | {
    kind: "write records" | "write frames" | "write batches";
    memory: SharedArrayBuffer;
    count: number;
  }
  | {
    kind: "read records" | "read frames" | "read batches";
    memory: SharedArrayBuffer;
    count: number;
  }
  | { kind: "post records" | "post batches"; port: MessagePort; count: number }
  | { kind: "receive records" | "receive batches"; port: MessagePort; count: number };

/** Bytes of a record: four doubles. */
export const RECORD_BYTES = 32;
/** Bytes of a batch. */
export const BATCH_BYTES = 16 * 1024;

const RECORDS_PER_BATCH = 512;
const WAIT = { timeoutMs: 10_000 };

interface Scope {
  onmessage: ((event: MessageEvent<RingRound>) => void) | null;
  postMessage(sum: number): void;
}

interface Reading {
  id: number;
  time: number;
  value: number;
  key: number;
}

/** What batches are made from, and what they end up in: the private memory of either side. */
const privateMemory = new Uint8Array(BATCH_BYTES).fill(1);

function doublesOf(end: RingWriter | RingReader): Float64Array {
  return new Float64Array(end.bytes.buffer, end.bytes.byteOffset, end.bytes.length / 8);
}

function reserve(writer: RingWriter, bytes: number): number {
  let at = writer.reserveAt(bytes);
  while (at < 0) {
    writer.waitForRoom(bytes, WAIT);
    at = writer.reserveAt(bytes);
  }
  return at;
}

function next(reader: RingReader): number {
  let at = reader.nextAt();
  while (at < 0) {
    reader.waitForFrame(WAIT);
    at = reader.nextAt();
  }
  return at;
}

function putRecord(doubles: Float64Array, cell: number, i: number): void {
  doubles[cell] = i;
  doubles[cell + 1] = i + 0.5;
  doubles[cell + 2] = i * 2;
  doubles[cell + 3] = i & 1023;
}

function addRecord(doubles: Float64Array, cell: number): number {
  return doubles[cell] + doubles[cell + 1] + doubles[cell + 2] + doubles[cell + 3];
}

/** A batch is a frame, as in the hive. */
function writeRecords(memory: SharedArrayBuffer, count: number): number {
  const writer = new RingWriter(memory, { waiter: denoRuntime });
  const doubles = doublesOf(writer);
  for (let i = 0; i < count;) {
    const records = Math.min(RECORDS_PER_BATCH, count - i);
    let cell = reserve(writer, records * RECORD_BYTES) >> 3;
    for (const end = i + records; i < end; i++, cell += 4) putRecord(doubles, cell, i);
    writer.commit();
    writer.publish();
  }
  return count;
}

function readRecords(memory: SharedArrayBuffer, count: number): number {
  const reader = new RingReader(memory, { waiter: denoRuntime });
  const doubles = doublesOf(reader);
  let sum = 0;
  for (let i = 0; i < count;) {
    let cell = next(reader) >> 3;
    const end = i + reader.frameBytes / RECORD_BYTES;
    for (; i < end; i++, cell += 4) sum += addRecord(doubles, cell);
    reader.release();
  }
  return sum;
}

/** Each record is a frame; a batch of them is published at once. */
function writeFrames(memory: SharedArrayBuffer, count: number): number {
  const writer = new RingWriter(memory, { waiter: denoRuntime });
  const doubles = doublesOf(writer);
  for (let i = 0; i < count; i++) {
    putRecord(doubles, reserve(writer, RECORD_BYTES) >> 3, i);
    writer.commit(RECORD_BYTES);
    if (i % RECORDS_PER_BATCH === 0) writer.publish();
  }
  writer.publish();
  return count;
}

function readFrames(memory: SharedArrayBuffer, count: number): number {
  const reader = new RingReader(memory, { waiter: denoRuntime });
  const doubles = doublesOf(reader);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += addRecord(doubles, next(reader) >> 3);
    if (i % RECORDS_PER_BATCH === 0) reader.release();
  }
  reader.release();
  return sum;
}

function writeBatches(memory: SharedArrayBuffer, count: number): number {
  const writer = new RingWriter(memory, { waiter: denoRuntime });
  for (let i = 0; i < count; i++) {
    privateMemory[0] = i & 127;
    writer.write(privateMemory, WAIT);
  }
  return count;
}

function readBatches(memory: SharedArrayBuffer, count: number): number {
  const reader = new RingReader(memory, { waiter: denoRuntime });
  let sum = 0;
  for (let i = 0; i < count; i++) {
    while (reader.readInto(privateMemory) < 0) reader.waitForFrame(WAIT);
    sum += privateMemory[0];
  }
  return sum;
}

function postRecords(port: MessagePort, count: number): number {
  for (let i = 0; i < count; i++) {
    port.postMessage({ id: i, time: i + 0.5, value: i * 2, key: i & 1023 });
  }
  return count;
}

function postBatches(port: MessagePort, count: number): number {
  for (let i = 0; i < count; i++) {
    privateMemory[0] = i & 127;
    const batch = privateMemory.slice().buffer;
    port.postMessage(batch, [batch]);
  }
  return count;
}

/** Adds up `count` messages by `valueOf`. */
function receive<T>(
  port: MessagePort,
  count: number,
  valueOf: (message: T) => number,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let left = count;
  let sum = 0;
  port.onmessage = ({ data }) => {
    sum += valueOf(data);
    if (--left === 0) resolve(sum);
  };
  return promise;
}

function valueOfBatch(batch: ArrayBuffer): number {
  privateMemory.set(new Uint8Array(batch));
  return privateMemory[0];
}

function run(round: RingRound): number | Promise<number> {
  switch (round.kind) {
    case "write records":
      return writeRecords(round.memory, round.count);
    case "read records":
      return readRecords(round.memory, round.count);
    case "write frames":
      return writeFrames(round.memory, round.count);
    case "read frames":
      return readFrames(round.memory, round.count);
    case "write batches":
      return writeBatches(round.memory, round.count);
    case "read batches":
      return readBatches(round.memory, round.count);
    case "post records":
      return postRecords(round.port, round.count);
    case "post batches":
      return postBatches(round.port, round.count);
    case "receive records":
      return receive<Reading>(
        round.port,
        round.count,
        ({ id, time, value, key }) => id + time + value + key,
      );
    case "receive batches":
      return receive(round.port, round.count, valueOfBatch);
  }
}

const scope = self as unknown as Scope;

if (typeof scope.postMessage === "function") {
  scope.onmessage = async ({ data }) => scope.postMessage(await run(data));
}
