import type { RingReader, RingWriter } from "../../src/hive/ring_buffer.ts";

/** Bytes of a message of the sequence: its number and a checksum of it. */
export const MESSAGE_BYTES = 8;
/** Bytes of the ring that a message takes, its header included. */
export const SLOT_BYTES = 16;

const WAIT_MS = 30_000;

/** How a side waits when the ring is full or empty. */
export type Waiting = "polling" | "blocking" | "async";

/** What one side of a stress run is told. */
export interface StressTask {
  readonly role: "write" | "read";
  readonly memory: SharedArrayBuffer;
  readonly waiting: Waiting;
  /** Messages of the sequence, or frames of varying length. */
  readonly kind: "messages" | "frames";
  readonly count: number;
  /** Messages written before they are published. */
  readonly batch: number;
}

/** What the reading side saw. */
export interface StressReport {
  readonly role: "write" | "read";
  readonly count: number;
  /** The first thing that was wrong. */
  readonly error?: string;
  readonly state: string;
}

function scramble(number: number): number {
  const mixed = Math.imul(number ^ (number >>> 15), 0x2c1b3c6d);
  return Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
}

async function waitForRoom(writer: RingWriter, bytes: number, waiting: Waiting): Promise<boolean> {
  if (waiting === "blocking") return writer.waitForRoom(bytes, { timeoutMs: WAIT_MS });
  if (waiting === "async") return await writer.waitForRoomAsync(bytes, { timeoutMs: WAIT_MS });
  return writer.state === "open";
}

async function waitForFrame(reader: RingReader, waiting: Waiting): Promise<boolean> {
  if (waiting === "blocking") return reader.waitForFrame({ timeoutMs: WAIT_MS });
  if (waiting === "async") return await reader.waitForFrameAsync({ timeoutMs: WAIT_MS });
  reader.release();
  return reader.state === "open";
}

/** Writes messages until the ring is full or a batch is done; gives the number of the next one. */
function writeBatch(writer: RingWriter, cells: Int32Array, next: number, end: number): number {
  for (; next < end; next++) {
    const at = writer.reserveAt(MESSAGE_BYTES);
    if (at < 0) return next;
    cells[at >> 2] = next;
    cells[(at >> 2) + 1] = scramble(next);
    writer.commit(MESSAGE_BYTES);
  }
  writer.publish();
  return next;
}

async function writeMessages(writer: RingWriter, task: StressTask): Promise<number> {
  const { buffer, byteOffset, length } = writer.bytes;
  const cells = new Int32Array(buffer, byteOffset, length / 4);
  let next = 0;
  while (next < task.count) {
    const end = Math.min(task.count, next + task.batch);
    next = writeBatch(writer, cells, next, end);
    if (next < end && !await waitForRoom(writer, MESSAGE_BYTES, task.waiting)) break;
  }
  return next;
}

/** Reads all messages that are there; gives the number of the next one, or −1 − a wrong one's. */
function readBatch(reader: RingReader, cells: Int32Array, next: number, most: number): number {
  const end = next + most;
  for (; next < end; next++) {
    const at = reader.nextAt();
    if (at < 0) break;
    const good = reader.frameBytes === MESSAGE_BYTES && cells[at >> 2] === next &&
      cells[(at >> 2) + 1] === scramble(next);
    if (!good) return -1 - next;
  }
  reader.release();
  return next;
}

async function readMessages(reader: RingReader, task: StressTask): Promise<number> {
  const { buffer, byteOffset, length } = reader.bytes;
  const cells = new Int32Array(buffer, byteOffset, length / 4);
  const most = Math.max(1, length / SLOT_BYTES / 4);
  let next = 0;
  while (true) {
    const after = readBatch(reader, cells, next, most);
    if (after < 0) throw new Error(`message ${-1 - after} is wrong`);
    if (after === next && !await waitForFrame(reader, task.waiting)) return next;
    next = after;
  }
}

/** Lengths and bytes of frame `number`, which both sides can work out. */
class FramePattern {
  readonly #bytes: Uint8Array;
  #seed = 0;

  constructor(readonly maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes + 256);
    for (let i = 0; i < this.#bytes.length; i++) this.#bytes[i] = scramble(i + 1) >>> 24;
  }

  /** Bytes to be written as frame `number`: short and long ones, and at times the longest. */
  frame(number: number): Uint8Array {
    this.#seed = scramble(number) >>> 0;
    const scale = this.#seed % 64 === 0 ? 1 : (this.#seed % 7 + 1) / 32;
    const length = Math.floor((this.#seed >>> 8) % 1024 / 1023 * this.maxBytes * scale);
    return this.#bytes.subarray(this.#seed >>> 24, (this.#seed >>> 24) + length);
  }
}

async function writeFrames(writer: RingWriter, task: StressTask): Promise<number> {
  const pattern = new FramePattern(writer.maxFrameBytes);
  for (let i = 0; i < task.count; i++) {
    const frame = pattern.frame(i);
    let room = writer.tryReserve(frame.length);
    while (room === undefined) {
      if (!await waitForRoom(writer, frame.length, task.waiting)) return i;
      room = writer.tryReserve(frame.length);
    }
    room.set(frame);
    writer.commit();
    if (i % task.batch === 0) writer.publish();
  }
  return task.count;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

async function readFrames(reader: RingReader, task: StressTask): Promise<number> {
  const pattern = new FramePattern(reader.maxFrameBytes);
  for (let i = 0;; i++) {
    let frame = reader.tryRead();
    while (frame === undefined) {
      if (!await waitForFrame(reader, task.waiting)) return i;
      frame = reader.tryRead();
    }
    if (!sameBytes(frame, pattern.frame(i))) throw new Error(`frame ${i} is wrong`);
    if (i % 3 === 0) reader.release();
  }
}

/** Runs one side of a stress run to its end: the writer closes the ring, the reader sees it. */
export async function runSide(
  task: StressTask,
  ends: { writer: RingWriter } | { reader: RingReader },
): Promise<StressReport> {
  const { role } = task;
  if ("writer" in ends) {
    const write = task.kind === "messages" ? writeMessages : writeFrames;
    const count = await write(ends.writer, task);
    ends.writer.close();
    return { role, count, state: ends.writer.state };
  }
  const read = task.kind === "messages" ? readMessages : readFrames;
  try {
    const count = await read(ends.reader, task);
    return { role, count, state: ends.reader.state };
  } catch (error) {
    return { role, count: 0, state: ends.reader.state, error: String(error) };
  }
}
