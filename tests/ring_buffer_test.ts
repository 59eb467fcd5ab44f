import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  allocateRing,
  RingCorruptedError,
  RingReader,
  RingWriter,
} from "../src/hive/ring_buffer.ts";
import { patternedFrame, ringPair } from "./support/ring_pair.ts";

const RUNS = 2_000;
/** Just before the cursors turn negative, wrap to zero, and in between. */
const STARTS = [0, 8, 24, 2 ** 31 - 40, 2 ** 31 - 8, 2 ** 31, 2 ** 32 - 40, 2 ** 32 - 8];

function readAll(reader: RingReader): Uint8Array[] {
  const frames: Uint8Array[] = [];
  reader.drain((frame) => frames.push(frame.slice()));
  return frames;
}

Deno.test("RingWriter.tryWrite() and RingReader.tryRead() carry frames in order", () => {
  const { writer, reader } = ringPair(1024);
  for (let i = 0; i < 5; i++) {
    assertEquals(writer.tryWrite(patternedFrame(i * 3, i)), { state: "ok" });
  }
  for (let i = 0; i < 5; i++) assertEquals(reader.tryRead()?.slice(), patternedFrame(i * 3, i));
  assertEquals(reader.tryRead(), undefined);
});

Deno.test("RingWriter.tryWrite() returns full until the reader releases", () => {
  const { writer, reader } = ringPair(64);
  const frame = patternedFrame(24, 1);
  assertEquals(writer.tryWrite(frame).state, "ok");
  assertEquals(writer.tryWrite(frame).state, "ok");
  assertEquals(writer.tryWrite(frame).state, "full");
  assertEquals(reader.tryRead()?.slice(), frame);
  assertEquals(writer.tryWrite(frame).state, "full");
  reader.release();
  assertEquals(writer.tryWrite(frame).state, "ok");
  assertEquals(readAll(reader), [frame, frame]);
});

Deno.test("committed frames are invisible until RingWriter.publish()", () => {
  const { writer, reader } = ringPair(1024);
  for (const value of [1, 2, 3]) {
    writer.tryReserve(8)!.fill(value);
    writer.commit();
    assertEquals(reader.tryRead(), undefined);
  }
  writer.publish();
  assertEquals(readAll(reader).map((frame) => frame[0]), [1, 2, 3]);
});

Deno.test("a reservation that finds the ring full publishes what is committed", () => {
  const { writer, reader } = ringPair(64);
  for (let i = 0; i < 2; i++) {
    writer.tryReserve(24)!.fill(i);
    writer.commit();
  }
  assertEquals(writer.tryReserve(24), undefined);
  assertEquals(readAll(reader).length, 2);
  assert(writer.tryReserve(24));
});

Deno.test("a reserved frame lies 8-byte aligned and can be cut at commit", () => {
  const { writer, reader } = ringPair(256);
  const room = writer.tryReserve(100)!;
  assertEquals(room.byteOffset % 8, 0);
  new Float64Array(room.buffer, room.byteOffset, 2).set([0.5, 2.5]);
  writer.commit(16);
  writer.publish();
  const frame = reader.tryRead()!;
  assertEquals([...new Float64Array(frame.buffer, frame.byteOffset, 2)], [0.5, 2.5]);
  assertEquals(frame.length, 16);
});

Deno.test("RingReader.readInto() copies a frame and keeps one that does not fit", () => {
  const { writer, reader } = ringPair(256);
  writer.tryWrite(patternedFrame(20, 3));
  const error = assertThrows(() => reader.readInto(new Uint8Array(19)), RangeError);
  assertStringIncludes(error.message, "it has 20 bytes, the target 19");
  const target = new Uint8Array(32);
  assertEquals(reader.peekLength(), 20);
  assertEquals(reader.readInto(target), 20);
  assertEquals(target.slice(0, 20), patternedFrame(20, 3));
  assertEquals([reader.readInto(target), reader.peekLength()], [-1, -1]);
  assertEquals(writer.freeBytes, 256);
});

Deno.test("freeBytes and queuedBytes count headers and padding", () => {
  const { writer, reader } = ringPair(256);
  writer.tryWrite(new Uint8Array(9));
  assertEquals([writer.queuedBytes, writer.freeBytes, reader.queuedBytes], [24, 232, 24]);
  reader.tryRead();
  reader.release();
  assertEquals([writer.queuedBytes, writer.freeBytes, reader.queuedBytes], [0, 256, 0]);
});

Deno.test("a closed ring gives what was written, then closed", () => {
  const { writer, reader } = ringPair(256);
  writer.tryWrite(patternedFrame(5, 1));
  writer.tryReserve(6);
  writer.commit();
  writer.close();
  assertEquals(reader.state, "open");
  assertEquals(readAll(reader).map((frame) => frame.length), [5, 6]);
  assertEquals(reader.state, "closed");
  assertEquals(writer.state, "closed");
});

Deno.test("writing after close is an error that says so", () => {
  const { memory, writer } = ringPair(256);
  writer.close();
  assertEquals(writer.tryWrite(new Uint8Array(8)), { state: "closed" });
  assertEquals(writer.write(new Uint8Array(8), { timeoutMs: 0 }), { state: "closed" });
  assertThrows(() => writer.tryReserve(8), TypeError, "Cannot write to ring buffer: it is closed");
  assertEquals(new RingWriter(memory).tryWrite(new Uint8Array(8)), { state: "closed" });
});

Deno.test("abandon() is seen by both sides, from either side, and unread frames are gone", () => {
  for (const by of ["writer", "reader"] as const) {
    const pair = ringPair(256);
    pair.writer.tryWrite(patternedFrame(5, 1));
    pair[by].abandon();
    assertEquals([pair.writer.state, pair.reader.state], ["abandoned", "abandoned"]);
    assertEquals(pair.reader.tryRead(), undefined);
    assertEquals(pair.writer.tryReserve(8), undefined);
    assertEquals(pair.writer.tryWrite(new Uint8Array(8)), { state: "abandoned" });
    pair.writer.close();
    assertEquals(pair.reader.state, "abandoned");
  }
});

Deno.test("a reader or writer made anew goes on where the last one was", () => {
  const { memory, writer, reader } = ringPair(256);
  writer.tryWrite(patternedFrame(5, 1));
  writer.tryWrite(patternedFrame(6, 2));
  reader.tryRead();
  reader.release();
  new RingWriter(memory).tryWrite(patternedFrame(7, 3));
  assertEquals(readAll(new RingReader(memory)), [patternedFrame(6, 2), patternedFrame(7, 3)]);
});

Deno.test("allocateRing() says which capacity it needs", () => {
  const messages = [1000, 0, -64, NaN, 16, 2 ** 31, 48.5].map((capacity) =>
    assertThrows(() => allocateRing(capacity), RangeError).message
  );
  const notPower = "Cannot create ring buffer: capacity must be a power of two, received ";
  const outOfRange = "Cannot create ring buffer: capacity must be from 32 to 1073741824 bytes, ";
  assertEquals(messages, [
    ...["1000", "0", "-64", "NaN"].map((received) => notPower + received),
    outOfRange + "received 16",
    outOfRange + "received 2147483648",
    notPower + "48.5",
  ]);
  assertThrows(() => allocateRing(64, { start: 4 }), RangeError, "multiple of 8, received 4");
});

Deno.test("a view on memory that is no ring is refused", () => {
  for (const memory of [new ArrayBuffer(0), new SharedArrayBuffer(2048), new ArrayBuffer(1031)]) {
    assertThrows(() => new RingWriter(memory), TypeError, "make its memory by allocateRing()");
    assertThrows(() => new RingReader(memory), TypeError, `${memory.byteLength} bytes are not a`);
  }
});

Deno.test("a frame over the limit is an error with its size and the limit", () => {
  const { writer } = ringPair(1024);
  assertEquals(writer.maxFrameBytes, 504);
  const error = assertThrows(() => writer.tryWrite(new Uint8Array(505)), RangeError);
  assertStringIncludes(error.message, "505 bytes received, at most 504 allowed");
  for (const bytes of [-1, 0.5, NaN]) assertThrows(() => writer.tryReserve(bytes), RangeError);
  assertEquals(writer.tryWrite(new Uint8Array(504)), { state: "ok" });
});

Deno.test("RingWriter.commit() of more than was reserved is an error", () => {
  const { writer, reader } = ringPair(1024);
  assertThrows(() => writer.commit(), RangeError, "call tryReserve() first");
  writer.tryReserve(8);
  assertThrows(() => writer.commit(9), RangeError, "9 bytes received, 8 reserved");
  writer.commit();
  assertThrows(() => writer.commit(), RangeError, "0 reserved");
  writer.publish();
  assertEquals(reader.tryRead()?.length, 8);
});

Deno.test("waiting without a waiter is an error that names it", () => {
  const { writer, reader } = ringPair(32);
  assertThrows(() => reader.read({ timeoutMs: 5 }), TypeError, "no waiter was given");
  writer.tryWrite(new Uint8Array(8));
  writer.tryWrite(new Uint8Array(8));
  assertThrows(
    () => writer.write(new Uint8Array(8), { timeoutMs: 5 }),
    TypeError,
    "no waiter was given",
  );
});

Deno.test("a ring works on plain memory in one thread", () => {
  const memory = allocateRing(64, { allocate: (bytes) => new ArrayBuffer(bytes) });
  assert(memory instanceof ArrayBuffer);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  for (let i = 0; i < 100; i++) {
    assertEquals(writer.tryWrite(patternedFrame(i % 25, i)).state, "ok");
    assertEquals(readAll(reader), [patternedFrame(i % 25, i)]);
  }
});

type Step =
  | { do: "write"; length: number }
  | { do: "reserve"; length: number; keep: number | undefined }
  | { do: "publish" | "read" | "release" | "readInto" | "drain" };

const anyStep = (maxFrameBytes: number): fc.Arbitrary<Step> => {
  const length = fc.integer({ min: 0, max: maxFrameBytes });
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("write" as const), length }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("reserve" as const),
        length,
        keep: fc.option(length, { nil: undefined }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom("publish", "read", "release", "readInto", "drain"),
      }),
    },
  ) as fc.Arbitrary<Step>;
};

interface QueuedFrame {
  readonly frame: Uint8Array;
  /** Where it ends, in bytes since the beginning. */
  readonly end: number;
}

/** Frames as lists, with the layout in plain arithmetic without any wrap-around. */
class NaiveQueue {
  committed: QueuedFrame[] = [];
  published: QueuedFrame[] = [];
  read: QueuedFrame[] = [];
  #position: number;
  #released: number;

  constructor(readonly capacity: number, start: number) {
    this.#position = this.#released = start;
  }

  publish(): void {
    this.published.push(...this.committed.splice(0));
  }

  take(): Uint8Array | undefined {
    const next = this.published.shift();
    if (next) this.read.push(next);
    return next?.frame;
  }

  release(): void {
    this.#released = this.read.at(-1)?.end ?? this.#released;
    this.read = [];
  }

  fits(length: number): boolean {
    return this.#endOf(length, length) - this.#released <= this.capacity;
  }

  commit(frame: Uint8Array, reserved: number): void {
    this.#position = this.#endOf(reserved, frame.length);
    this.committed.push({ frame, end: this.#position });
  }

  #endOf(reserved: number, length: number): number {
    const span = (bytes: number) => 8 + Math.ceil(bytes / 8) * 8;
    const toEnd = this.capacity - this.#position % this.capacity;
    const skip = span(reserved) > toEnd ? toEnd : 0;
    return this.#position + skip + span(length);
  }
}

function writeStep(
  { writer }: { writer: RingWriter },
  queue: NaiveQueue,
  step: { length: number; keep?: number; publish: boolean; seed: number },
): void {
  const frame = patternedFrame(Math.min(step.keep ?? step.length, step.length), step.seed);
  const room = writer.tryReserve(step.length);
  assertEquals(room !== undefined, queue.fits(step.length));
  if (!room) return queue.publish();
  room.set(frame);
  writer.commit(frame.length);
  queue.commit(frame, step.length);
  if (step.publish) writer.publish(), queue.publish();
}

function readStep(reader: RingReader, queue: NaiveQueue, how: Step["do"]): void {
  if (how === "read") return assertEquals(reader.tryRead()?.slice(), queue.take());
  if (how === "readInto") {
    const target = new Uint8Array(reader.maxFrameBytes);
    const length = reader.readInto(target);
    assertEquals(length < 0 ? undefined : target.slice(0, length), queue.take());
    if (length >= 0) queue.release();
    return;
  }
  if (how === "drain") {
    for (const frame of readAll(reader)) assertEquals(frame, queue.take());
    assertEquals(queue.published, []);
  } else {
    reader.release();
  }
  queue.release();
}

for (const capacity of [32, 64, 128, 1024]) {
  Deno.test(`a ring of ${capacity} bytes equals a naive queue, also where cursors wrap`, () => {
    const steps = fc.array(anyStep(capacity / 2 - 8), { maxLength: 60 });
    const run = (start: number, plan: Step[]): void => {
      const pair = ringPair(capacity, { start });
      const queue = new NaiveQueue(capacity, start);
      plan.forEach((step, seed) => {
        if (step.do === "write" || step.do === "reserve") {
          writeStep(pair, queue, { ...step, seed, publish: step.do === "write" });
        } else if (step.do === "publish") {
          pair.writer.publish();
          queue.publish();
        } else readStep(pair.reader, queue, step.do);
      });
      pair.writer.close();
      queue.publish();
      assertEquals(readAll(pair.reader), queue.published.map(({ frame }) => frame));
      assertEquals(pair.reader.state, "closed");
    };
    fc.assert(fc.property(fc.constantFrom(...STARTS), steps, run), { numRuns: RUNS });
  });
}

for (const held of [1, 2, 4]) {
  Deno.test(`a ring that holds ${held} frames fills and empties over every wrap-around`, () => {
    for (const start of STARTS) {
      // 32 bytes hold one frame of 16 if the other half of each lap is skipped.
      const capacity = held === 1 ? 32 : 16 * held;
      const { writer, reader } = ringPair(capacity, {
        start: start - start % capacity + (held === 1 ? 8 : 0),
      });
      for (let lap = 0; lap < 200; lap++) {
        let written = 0;
        while (writer.tryWrite(patternedFrame(8, lap + written)).state === "ok") written++;
        assert(written >= 1 && written <= capacity / 16);
        if (held > 1) assertEquals(written, held);
        const frames = readAll(reader);
        assertEquals(frames, frames.map((_, i) => patternedFrame(8, lap + i)));
        assertEquals(frames.length, written);
      }
    }
  });
}

Deno.test("a damaged header or cursor is a clean error", () => {
  const damages: [cell: number, value: number][] = [
    [256, -2],
    [256, 2 ** 31 - 1],
    [256, 121],
    [256, 60],
    [256, -1],
    [257, 8],
    [64, -8],
    [64, 2 ** 30],
  ];
  for (const [cell, value] of damages) {
    const { memory, writer, reader } = ringPair(256);
    writer.tryWrite(patternedFrame(40, 1));
    new Int32Array(memory)[cell] = value;
    const error = assertThrows(() => reader.tryRead(), Error, "abandon");
    assertEquals(error.name, "RingCorruptedError", `cell ${cell} = ${value}`);
  }
  const { memory, writer } = ringPair(64);
  for (const seed of [1, 2]) writer.tryWrite(patternedFrame(24, seed));
  new Int32Array(memory)[96] = 2 ** 20;
  const error = assertThrows(() => writer.tryReserve(8), Error, "its tail cursor is out of bounds");
  assertEquals(error.name, "RingCorruptedError");
});

Deno.test("a header that reaches over the end, or skips the whole ring, is a clean error", () => {
  const { memory, writer, reader } = ringPair(64);
  writer.tryWrite(patternedFrame(24, 1));
  reader.drain(() => {});
  for (const seed of [2, 3, 4]) writer.tryWrite(patternedFrame(8, seed));
  new Int32Array(memory)[256 + 12] = 16;
  assertEquals(reader.tryRead()?.slice(), patternedFrame(8, 2));
  assertThrows(() => reader.tryRead(), RingCorruptedError, "position 48 is not one, received leng");
  const full = ringPair(64);
  for (const seed of [1, 2]) full.writer.tryWrite(patternedFrame(24, seed));
  new Int32Array(full.memory)[256] = -1;
  assertThrows(() => full.reader.tryRead(), RingCorruptedError, "received length -1");
});
