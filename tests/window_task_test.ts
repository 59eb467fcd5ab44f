import { assertEquals } from "@std/assert";
import { encodeFrame } from "../src/batch/frame.ts";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { schema, types as t } from "../src/batch/mod.ts";
import { CONTROL_BYTES, ControlBlock } from "../src/hive/control_block.ts";
import { DanceFloor, danceFloorBytes } from "../src/hive/dance_floor.ts";
import {
  message,
  MESSAGE_HEADER_BYTES,
  type MessageHeader,
  MessageKind,
  readMessageHeader,
  writeMessageHeader,
} from "../src/hive/pipeline_frames.ts";
import { allocateRing, RingReader, RingWriter } from "../src/hive/ring_buffer.ts";
import { loadTask } from "../src/hive/tasks.ts";
import type { BeeTask } from "../src/hive/bee_task.ts";
import type { WindowTaskSpec } from "../src/hive/window_task.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { count } from "../src/windows/mod.ts";

const BEES = 2;
const KEYS = 20;
const RING_BYTES = 262_144;
/** Batches behind a barrier that are as many rows as an epoch has. */
const HELD = [2, 3, 4, 5, 6];
const ROWS = schema({ at: t.timestamp, key: t.i32 });

const { work, barrier, end, outcome, snapshot, done } = MessageKind;

const SPEC: WindowTaskSpec = {
  kind: "windows",
  schema: ROWS,
  steps: [],
  window: {
    time: "at",
    keys: ["key"],
    aggregates: { n: count() },
    bound: 0,
    lateAlone: false,
    tellsLate: false,
    tellsAll: false,
    size: 1_000,
    slide: 1_000,
    step: 1_000,
    offset: 0,
  },
  workers: BEES,
  kernel: {},
  epochRows: 100,
};

/** A bee without a hive, in this thread. */
interface WindowBee {
  readonly task: BeeTask;
  /** Puts a message into its inbox. */
  give(given: Partial<MessageHeader>, batch?: RecordBatch): void;
  /** Works until there is nothing to do; the headers of what it has sent. */
  work(): MessageHeader[];
}

/** Two bees that own a half of the keys each. */
async function twoBees(): Promise<WindowBee[]> {
  const runtime = new SimulatedRuntime();
  const options = { waiter: runtime };
  const between = Array.from({ length: BEES }, () => allocateRing(RING_BYTES));
  const bells = Array.from({ length: BEES }, () => {
    return new ControlBlock(new SharedArrayBuffer(CONTROL_BYTES), runtime);
  });
  const make = async (bee: number): Promise<WindowBee> => {
    const [inbox, outbox] = [allocateRing(RING_BYTES), allocateRing(RING_BYTES)];
    const [given, sent] = [new RingWriter(inbox, options), new RingReader(outbox, options)];
    const peers = [];
    peers[1 - bee] = {
      incoming: new RingReader(between[1 - bee], options),
      outgoing: new RingWriter(between[bee], options),
      bell: bells[1 - bee].bell,
    };
    const task = await loadTask(SPEC, {
      bee,
      runtime,
      inbox: new RingReader(inbox, options),
      outbox: new RingWriter(outbox, options),
      control: bells[bee],
      dancer: new DanceFloor(new SharedArrayBuffer(danceFloorBytes(BEES))).dancer(bee),
      peers,
    });
    return {
      task,
      give: (header, batch) => {
        const body = batch ? encodeFrame({ kind: "data" }, batch) : new Uint8Array();
        const frame = given.tryReserve(MESSAGE_HEADER_BYTES + body.length)!;
        writeMessageHeader(frame, message(header));
        frame.set(body, MESSAGE_HEADER_BYTES);
        given.commit();
        given.publish();
      },
      work: () => {
        while (task.step() === "worked");
        const headers: MessageHeader[] = [];
        sent.drain((frame) => headers.push(readMessageHeader(frame)));
        return headers;
      },
    };
  };
  return await Promise.all([make(0), make(1)]);
}

/** A row of each key at a time. */
function rowsAt(at: number): RecordBatch {
  return RecordBatch.fromRows(
    Array.from({ length: KEYS }, (_, key) => ({ at, key })),
    { schema: ROWS },
  ) as RecordBatch;
}

function batchAt(sequence: number): [Partial<MessageHeader>, RecordBatch] {
  const watermark = sequence === 0 ? -Infinity : sequence - 1;
  const header = { kind: work, sequence, watermark, watermarkAfter: sequence, cap: Infinity };
  return [{ ...header, position: KEYS * sequence }, rowsAt(sequence)];
}

function of(kind: number, headers: readonly MessageHeader[]): MessageHeader[] {
  return headers.filter((header) => header.kind === kind);
}

Deno.test("A bee of windows goes on behind a barrier, and no state has what came behind it", async () => {
  const [early, slow] = await twoBees();
  early.give(...batchAt(0));
  early.give({ kind: barrier, sequence: 2 });
  for (const sequence of HELD) early.give(...batchAt(sequence));
  const before = early.work();
  assertEquals(of(outcome, before).map(({ sequence }) => sequence), [0, ...HELD]);
  assertEquals(of(snapshot, before), []);
  slow.give(...batchAt(1));
  slow.give({ kind: barrier, sequence: 2 });
  slow.give({ kind: end, sequence: 7 });
  const states = [...of(snapshot, slow.work()), ...of(snapshot, early.work())];
  assertEquals(states.map(({ sequence }) => sequence), [2, 2]);
  assertEquals(states.reduce((sum, { position }) => sum + position, 0), 2 * KEYS);
  early.give({ kind: end, sequence: 7 });
  const ends = [...of(done, early.work()), ...of(done, slow.work()), ...of(done, early.work())];
  assertEquals(ends.reduce((sum, { amount }) => sum + amount, 0), 7 * KEYS);
});

Deno.test("A bee of windows that is told of the end at a barrier hands on what it holds after it", async () => {
  const [early, slow] = await twoBees();
  early.give({ kind: barrier, sequence: 0 });
  early.give(...batchAt(0));
  early.give({ kind: end, sequence: 1 });
  assertEquals(of(done, early.work()), []);
  for (const kind of [barrier, end]) slow.give({ kind, sequence: kind === end ? 1 : 0 });
  const sent = [...slow.work(), ...early.work(), ...slow.work(), ...early.work()];
  assertEquals(of(snapshot, sent).map(({ position }) => position), [0, 0]);
  assertEquals(of(done, sent).reduce((sum, { amount }) => sum + amount, 0), KEYS);
});

Deno.test("A bee of windows holds no more than an epoch at a barrier", async () => {
  const [early] = await twoBees();
  early.give({ kind: barrier, sequence: 0 });
  for (let sequence = 0; sequence < 10; sequence++) early.give(...batchAt(sequence));
  const taken = of(outcome, early.work()).length;
  assertEquals(taken * KEYS, SPEC.epochRows);
});
