import { RecordReader } from "../../src/batch/records/mod.ts";
import { Bee, inboxOptions, outboxOptions } from "../../src/hive/bee.ts";
import { CONTROL_BYTES, ControlBlock } from "../../src/hive/control_block.ts";
import { DanceFloor, danceFloorBytes } from "../../src/hive/dance_floor.ts";
import {
  aligned,
  readResultHeader,
  RECORD_HEADER_BYTES,
  RecordFrameKind,
  type RowError,
  writeWorkHeader,
} from "../../src/hive/record_frames.ts";
import { functionSpec } from "../../src/hive/record_function.ts";
import { allocateRing, RingReader, RingWriter } from "../../src/hive/ring_buffer.ts";
import { loadTask } from "../../src/hive/tasks.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { BatchFiller } from "../../src/stream/hive_stream/batch_filler.ts";

/** Results of some rows, as the hive gets them. */
export interface SoloResults {
  readonly kind: number;
  readonly batch: number;
  readonly from: number;
  readonly values: unknown[];
  readonly errors: RowError[];
}

/** Rows for a bee. */
export interface SoloWork {
  readonly batch: number;
  readonly values: readonly unknown[];
  /** Key of each row. Default: one key for all. */
  readonly keys?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly suspect?: boolean;
}

/** Options of {@linkcode soloBee}. */
export interface SoloBeeOptions {
  readonly ringBytes?: number;
  readonly concurrency?: number;
  readonly ordered?: boolean;
  readonly recordTimeoutMs?: number;
  readonly context?: unknown;
  readonly runtime?: SimulatedRuntime;
}

/** A record bee without a hive, in this thread, and the hive's ends of what it shares. */
export class SoloBee {
  readonly bee: Bee;
  readonly control: ControlBlock;
  readonly floor: DanceFloor;
  readonly runtime: SimulatedRuntime;
  readonly #inbox: RingWriter;
  readonly #outbox: RingReader;
  readonly #reader = new RecordReader();

  constructor(
    bee: Bee,
    parts: {
      control: ControlBlock;
      floor: DanceFloor;
      runtime: SimulatedRuntime;
      inbox: RingWriter;
      outbox: RingReader;
    },
  ) {
    this.bee = bee;
    this.control = parts.control;
    this.floor = parts.floor;
    this.runtime = parts.runtime;
    this.#inbox = parts.inbox;
    this.#outbox = parts.outbox;
  }

  /** Puts work into its inbox; false when there is no room. */
  give({ batch, values, keys, from = 0, to = values.length, suspect = false }: SoloWork): boolean {
    const filler = new BatchFiller({
      group: 0,
      priority: false,
      sendKeys: () => true,
      maxFrameBytes: this.#inbox.maxFrameBytes,
    });
    values.forEach((value, row) => {
      const key = keys?.[row] ?? "k";
      filler.add({ key, value }, key.length > 1 ? Number(key.slice(1)) : key.charCodeAt(0));
    });
    const { body, rows, valueBytes, keyBytes } = filler.seal(0);
    const frame = this.#inbox.tryReserve(RECORD_HEADER_BYTES + body.length);
    if (!frame) return false;
    writeWorkHeader(frame, { batch, from, to, rows, valueBytes, keyBytes, suspect });
    frame.set(body, RECORD_HEADER_BYTES);
    this.#inbox.commit();
    this.#inbox.publish();
    return true;
  }

  /** Takes what it has sent. */
  take(): SoloResults[] {
    const taken: SoloResults[] = [];
    this.#outbox.drain((frame) => taken.push(this.#read(frame)));
    return taken;
  }

  #read(frame: Uint8Array): SoloResults {
    const { kind, batch, from, valueBytes, errorBytes } = readResultHeader(frame);
    const valuesAt = RECORD_HEADER_BYTES;
    const errorsAt = valuesAt + aligned(valueBytes);
    const section = (at: number, bytes: number) =>
      bytes > 0 ? this.#reader.read(frame.subarray(at, at + bytes)) : [];
    const values = section(valuesAt, valueBytes);
    const errors = section(errorsAt, errorBytes) as RowError[];
    return { kind, batch, from, values, errors };
  }

  /** Steps and takes until there is nothing to do and no promise is pending. */
  async work(): Promise<SoloResults[]> {
    return await this.runtime.drive(async () => {
      const taken: SoloResults[] = [];
      while (true) {
        const outcome = this.bee.step();
        const more = this.take();
        taken.push(...more);
        const isDone = outcome !== "worked" && more.length === 0 && this.bee.pending === 0;
        if (isDone) return taken;
        await new Promise<void>((resolve) => void this.runtime.after(0.1, resolve));
      }
    });
  }
}

/** Makes a bee that calls a function. */
export async function soloBee(
  fn: Parameters<typeof functionSpec>[0],
  options: SoloBeeOptions = {},
): Promise<SoloBee> {
  const { ringBytes = 65_536, concurrency = 4, ordered = true } = options;
  const { recordTimeoutMs = 1_000, context, runtime = new SimulatedRuntime() } = options;
  const memory = {
    control: runtime.sharedMemory(CONTROL_BYTES),
    hive: runtime.sharedMemory(CONTROL_BYTES),
    danceFloor: runtime.sharedMemory(danceFloorBytes(1)),
    inbox: allocateRing(ringBytes),
    outbox: allocateRing(ringBytes),
  };
  const control = new ControlBlock(memory.control, runtime);
  const hive = new ControlBlock(memory.hive, runtime);
  const bells = { toBee: control.bell, toHive: hive.bell };
  const spec = functionSpec(fn, context);
  const task = { kind: "records", fn: spec, concurrency, recordTimeoutMs, ordered } as const;
  const bee = await Bee.born({ bee: 0, incarnation: 0, ...memory, peers: [], task }, {
    runtime,
    loadTask,
  });
  return new SoloBee(bee, {
    control,
    floor: new DanceFloor(memory.danceFloor),
    runtime,
    inbox: new RingWriter(memory.inbox, inboxOptions(bells, runtime)),
    outbox: new RingReader(memory.outbox, outboxOptions(bells, runtime)),
  });
}

export { RecordFrameKind };
