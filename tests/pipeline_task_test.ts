import { assertEquals } from "@std/assert";
import type { BlockInbox } from "../src/hive/block_inbox.ts";
import { BeeOutputs } from "../src/hive/bee_outputs.ts";
import { CONTROL_BYTES, ControlBlock } from "../src/hive/control_block.ts";
import { DanceFloor, danceFloorBytes } from "../src/hive/dance_floor.ts";
import {
  message,
  MESSAGE_HEADER_BYTES,
  type MessageHeader,
  MessageKind,
  writeMessageHeader,
} from "../src/hive/pipeline_frames.ts";
import { type PipelineLogic, PipelineTask } from "../src/hive/pipeline_task.ts";
import { allocateRing, RingReader, RingWriter } from "../src/hive/ring_buffer.ts";
import { noCounts } from "../src/hive/row_counts.ts";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const RING_BYTES = 65_536;

/** A bee whose logic waits at every barrier until it is let go, and tells what it does. */
function driven() {
  const runtime = new SimulatedRuntime();
  const [inbox, outbox] = [allocateRing(RING_BYTES), allocateRing(RING_BYTES)];
  const toBee = new RingWriter(inbox, { waiter: runtime });
  const context = {
    bee: 0,
    runtime,
    inbox: new RingReader(inbox, { waiter: runtime }),
    outbox: new RingWriter(outbox, { waiter: runtime }),
    control: new ControlBlock(new SharedArrayBuffer(CONTROL_BYTES), runtime),
    dancer: new DanceFloor(new SharedArrayBuffer(danceFloorBytes(1))).dancer(0),
    peers: [],
  };
  const did: string[] = [];
  const state = { waits: false };
  const rows = new RecordBatch({ fields: [] }, [], 1);
  const blocks = {
    open: ({ sequence }: MessageHeader) => {
      did.push(`open ${sequence}`);
      const share = { records: 1, rows: 1, undecoded: 0, lines: 1, greatest: 0 };
      return { parts: [{ batch: rows, from: 0 }], given: [], bad: [], undecoded: [], share };
    },
    marksBefore: () => ({ watermark: 0, cap: Infinity }),
    watermarkAfter: () => 0,
    partition: 0,
    forTimesBefore: () => [],
    reset: () => {},
  };
  const logic: PipelineLogic = {
    get mayTake() {
      return !state.waits;
    },
    take: (_, { sequence }) => {
      did.push(`take ${sequence}`);
      return { counts: noCounts(), bad: [], late: [], watermarkAfter: 0 };
    },
    finish: () => {},
    barrier: ({ sequence }) => {
      did.push(`barrier ${sequence}`);
      state.waits = true;
    },
    end: () => did.push("end"),
    drain: () => false,
    rest: () => false,
    reset: () => {},
    waitsFor: () => [],
  };
  const outputs = new BeeOutputs(context);
  const task = new PipelineTask(context, {
    outputs,
    logic,
    blocks: blocks as unknown as BlockInbox,
  });
  const send = (given: Partial<MessageHeader>) => {
    writeMessageHeader(toBee.tryReserve(MESSAGE_HEADER_BYTES)!, message(given));
    toBee.commit();
    toBee.publish();
  };
  const steps = () => {
    while (task.step() === "worked");
    return did.splice(0);
  };
  return { task, context, state, send, steps };
}

const { block, barrier, end } = MessageKind;

Deno.test("PipelineTask decodes one block, and takes none, while it waits at a barrier", () => {
  const { state, send, steps } = driven();
  send({ kind: block, sequence: 0 });
  send({ kind: barrier, sequence: 1 });
  for (const sequence of [1, 2]) send({ kind: block, sequence });
  assertEquals(steps(), ["open 0", "take 0", "barrier 1", "open 1"]);
  assertEquals(steps(), []);
  state.waits = false;
  assertEquals(steps(), ["take 1", "open 2", "take 2"]);
});

Deno.test("PipelineTask is woken by a block that comes while it waits at a barrier", () => {
  const { task, context, send, steps } = driven();
  send({ kind: barrier, sequence: 0 });
  assertEquals(steps(), ["barrier 0"]);
  assertEquals(task.waitsFor(), [context.inbox]);
  send({ kind: block, sequence: 0 });
  assertEquals(steps(), ["open 0"]);
  assertEquals(task.waitsFor(), []);
});

Deno.test("PipelineTask keeps what is no block until it may go on", () => {
  const { task, state, send, steps } = driven();
  send({ kind: barrier, sequence: 0 });
  send({ kind: barrier, sequence: 1 });
  send({ kind: end, sequence: 2 });
  assertEquals(steps(), ["barrier 0"]);
  assertEquals(task.waitsFor(), []);
  state.waits = false;
  assertEquals(steps(), ["barrier 1"]);
  state.waits = false;
  assertEquals(steps(), ["end"]);
});

Deno.test("PipelineTask forgets a block that it decoded ahead when all go back", () => {
  const { task, state, send, steps } = driven();
  send({ kind: barrier, sequence: 0 });
  send({ kind: block, sequence: 0 });
  assertEquals(steps(), ["barrier 0", "open 0"]);
  task.receive({ generation: 1 });
  state.waits = false;
  assertEquals(steps(), []);
  send({ kind: block, sequence: 0, generation: 1 });
  assertEquals(steps(), ["open 0", "take 0"]);
});
