import { assert, assertEquals, assertThrows } from "@std/assert";
import { columnOf, RecordBatch } from "../mod.ts";
import { decodeFrame } from "../src/batch/frame.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { MessageQueue } from "../src/hive/message_queue.ts";
import {
  message,
  messageBody,
  MessageFlag,
  MessageKind,
  readMessageHeader,
} from "../src/hive/pipeline_frames.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { ringPair } from "./support/ring_pair.ts";

const RUNS = 2_000;
const CAPACITY = 1024;

function text(random: Random, most: number): string {
  return "é".repeat(random.below(most)) + random.below(50);
}

function batchOf(random: Random): RecordBatch {
  const length = random.below(40);
  const values = <T>(make: () => T) => Array.from({ length }, make);
  const most = random.pick([1, 10, 2_000]);
  const words = Array.from({ length: 1 + random.below(60) }, () => text(random, 20));
  return new RecordBatch(
    {
      fields: [
        { name: "n", type: { kind: "i32" } },
        { name: "text", type: { kind: "utf8" } },
        { name: "word", type: { kind: "dict" } },
      ],
    },
    [
      columnOf({ kind: "i32" }, values(() => random.below(1000))),
      columnOf({ kind: "utf8" }, values(() => random.chance(0.1) ? text(random, most) : null)),
      columnOf({ kind: "dict" }, values(() => random.pick(words))),
    ],
    length,
  );
}

/** Sends by `send` and gives the messages as they come out, put together again. */
function sent(send: (queue: MessageQueue) => void) {
  const { writer, reader } = ringPair(CAPACITY);
  const queue = new MessageQueue(() => writer);
  const received: { position: number; flags: number; batch: RecordBatch }[] = [];
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  send(queue);
  do {
    queue.flush();
    reader.drain((frame) => {
      const { position, flags } = readMessageHeader(frame);
      bytes += frame.length;
      pieces.push(messageBody(frame).slice());
      if ((flags & MessageFlag.more) !== 0) return;
      const { batch } = decodeFrame(concatBytes(pieces));
      received.push({ position, flags, batch: batch! });
      pieces = [];
    });
  } while (!queue.isEmpty);
  assertEquals(pieces, []);
  return { received, bytes };
}

Deno.test("MessageQueue.sendRows() carries rows of any size through a small ring, in order", () => {
  forSeeds(RUNS, (random) => {
    const batch = batchOf(random);
    const header = message({ kind: MessageKind.rows, position: 7, flags: MessageFlag.suspect });
    const { received } = sent((queue) => queue.sendRows(header, batch));
    assertEquals(received.flatMap(({ batch }) => batch.toRows()), batch.toRows());
    let position = 7;
    for (const each of received) {
      assertEquals([each.position, each.flags], [position, MessageFlag.suspect]);
      position += each.batch.length;
    }
  });
});

Deno.test("MessageQueue.sendRows() does not send a dictionary along with each of its rows", () => {
  const words = Array.from({ length: 64 }, (_, n) => `${n} `.padEnd(100, "."));
  const type = { kind: "dict" } as const;
  const schema = { fields: [{ name: "word", type }] };
  const batch = new RecordBatch(schema, [columnOf(type, words)], words.length);
  const { bytes } = sent((queue) => queue.sendRows(message({ kind: MessageKind.rows }), batch));
  assert(bytes < 5 * 64 * 100, `${bytes} bytes`);
});

Deno.test("MessageQueue.sendBatch() refuses a row that does not fit, and says what to do", () => {
  const type = { kind: "utf8" } as const;
  const columns = [columnOf(type, ["a", "b".repeat(1000), "c"])];
  const batch = new RecordBatch({ fields: [{ name: "text", type }] }, columns, 3);
  const header = message({ kind: MessageKind.result });
  const send = () => sent((queue) => queue.sendBatch(header, batch));
  assertThrows(send, RangeError, "at most 440 fit into half a ring; pass larger ringBytes");
});

Deno.test("MessageQueue.sendUnshown() shows nothing until something else is sent or show() is called", () => {
  const { writer, reader } = ringPair(CAPACITY);
  const queue = new MessageQueue(() => writer);
  const seen: number[] = [];
  const look = () => {
    reader.drain((frame) => seen.push(readMessageHeader(frame).sequence));
    return seen.splice(0);
  };
  const outcome = (sequence: number) => message({ kind: MessageKind.outcome, sequence });
  queue.sendUnshown(outcome(1), new Uint8Array(8));
  queue.sendUnshown(outcome(2), new Uint8Array(8));
  assertEquals(look(), []);
  queue.show();
  assertEquals(look(), [1, 2]);
  queue.sendUnshown(outcome(3), new Uint8Array(8));
  queue.send(outcome(4));
  assertEquals(look(), [3, 4]);
});

Deno.test("MessageQueue.sendUnshown() keeps the order of messages that wait for room", () => {
  const { writer, reader } = ringPair(CAPACITY);
  const queue = new MessageQueue(() => writer);
  const expected = Array.from({ length: 40 }, (_, sequence) => sequence);
  for (const sequence of expected) {
    const header = message({ kind: MessageKind.outcome, sequence });
    if (sequence % 3 === 0) queue.send(header, new Uint8Array(40));
    else queue.sendUnshown(header, new Uint8Array(40).fill(sequence));
  }
  const seen: number[] = [];
  while (!queue.flush() || reader.queuedBytes > 0) {
    reader.drain((frame) => seen.push(readMessageHeader(frame).sequence));
  }
  assertEquals(seen, expected);
});

interface Sent {
  readonly sequence: number;
  readonly content: unknown;
}

/** Puts what comes out of a ring together again; several messages of one number are one. */
class Receiver {
  readonly seen: Sent[] = [];
  #pieces: Uint8Array[] = [];

  take(frame: Uint8Array): void {
    const { kind, sequence, flags } = readMessageHeader(frame);
    this.#pieces.push(messageBody(frame).slice());
    if ((flags & MessageFlag.more) !== 0) return;
    const bytes = concatBytes(this.#pieces);
    this.#pieces = [];
    if (kind === MessageKind.outcome) return void this.seen.push({ sequence, content: [...bytes] });
    const rows = decodeFrame(bytes).batch!.toRows();
    const last = this.seen.at(-1);
    if (last?.sequence === sequence) (last.content as unknown[]).push(...rows);
    else this.seen.push({ sequence, content: rows });
  }
}

/** Sends something in one of the ways; what is to come of it. */
function sendSome(queue: MessageQueue, random: Random, sequence: number): Sent {
  const way = random.pick(
    ["send", "sendUnshown", "sendPieces", "sendRows", "sendResults"] as const,
  );
  if (way === "sendRows" || way === "sendResults") {
    const batch = batchOf(random);
    queue[way](message({ kind: MessageKind.rows, sequence }), batch);
    return { sequence, content: batch.toRows() };
  }
  const bytes = new Uint8Array(8 * random.below(way === "sendPieces" ? 700 : 8)).fill(sequence);
  const content = [...bytes];
  queue[way](message({ kind: MessageKind.outcome, sequence }), bytes);
  bytes.fill(0); // its owner uses the memory again
  return { sequence, content };
}

Deno.test("MessageQueue carries all that is sent in order, whoever flushes, shows and reads between", () => {
  forSeeds(RUNS / 20, (random) => {
    const { writer, reader } = ringPair(random.pick([512, 1024, 4096]));
    const queue = new MessageQueue(() => writer);
    const receiver = new Receiver();
    const read = () => reader.drain((frame) => receiver.take(frame));
    const expected: Sent[] = [];
    for (let sequence = 1; sequence <= 40; sequence++) {
      expected.push(sendSome(queue, random, sequence));
      const next = random.below(4);
      if (next === 0) queue.show();
      else if (next === 1) queue.flush();
      else if (next === 2) read();
    }
    while (!queue.flush()) read();
    queue.show();
    read();
    assertEquals(receiver.seen, expected);
  });
});
