import { decodeFrame } from "../batch/frame.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { createWindowTable, type FunctionTables } from "../windows/create_window_table.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import { greatestTime } from "./event_times.ts";
import { Forager } from "./forager.ts";
import {
  COVERED_BYTES,
  type KindShare,
  message,
  type MessageHeader,
  MessageKind,
  readCovered,
} from "./pipeline_frames.ts";
import type { Taken } from "./pipeline_task.ts";
import type { RowSteps } from "./row_steps.ts";
import { WindowInput, type WindowSpec } from "./window_input.ts";
import { type OwnerState, WindowOwner } from "./window_owner.ts";

/** What a {@linkcode WindowPart} works with. */
export interface WindowPartOptions {
  readonly window: WindowSpec;
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: RowSteps;
  readonly kernel: Kernel;
  /** Needed where windows keep text or the like. */
  readonly functionTables?: FunctionTables | undefined;
  readonly outputs: BeeOutputs;
  readonly bee: number;
  readonly workers: number;
  readonly epochRows: number;
  /** Which of the parts of the task it is. */
  readonly part: number;
  /** Kinds of windows in the parts before it. */
  readonly firstKind: number;
}

/** Windows with one key, of one or several kinds: a forager and an owner of what they share. */
export class WindowPart {
  /** How many kinds of windows it has. */
  readonly kinds: number;
  readonly #options: WindowPartOptions;
  readonly #input: WindowInput;
  readonly #owner: WindowOwner;
  readonly #forager: Forager;
  #passed = -Infinity;

  /** A part without rows. */
  constructor(options: WindowPartOptions) {
    const { window, schema, steps, kernel, functionTables } = options;
    this.#options = options;
    this.kinds = 1 + (window.others?.length ?? 0);
    this.#input = new WindowInput(window, schema, steps);
    const { tableOptions, spacing } = this.#input;
    const newTable = () => createWindowTable(kernel, tableOptions, functionTables);
    this.#owner = new WindowOwner(newTable());
    const table = newTable();
    this.#forager = new Forager({ ...options, spacing, table, owner: this.#owner });
  }

  /** Where the owner stands. */
  get state(): OwnerState {
    return this.#owner.state;
  }

  /** Whether batches are in that an earlier one is missing before. */
  get isAhead(): boolean {
    return this.#owner.isAhead;
  }

  /** Rows that the owner has taken in for each kind of windows. */
  get kindRows(): readonly number[] {
    const { rows, kindRows } = this.state;
    return this.kinds === 1 ? [rows] : kindRows ?? Array(this.kinds).fill(0);
  }

  /** Takes rows that start where the header says; of each kind it is told where there are some. */
  take(batch: RecordBatch, header: MessageHeader): Taken {
    const prepared = this.#input.prepare(batch, header, this.#forager.isRouting);
    const { judged, counts, bad, late, kinds } = prepared;
    const after = this.#forager.take(prepared, header);
    const greatest = () => greatestTime(this.#input.times(batch), batch.length);
    const watermarkAfter = judged
      ? Math.max(header.watermark, greatest() - this.#options.window.bound)
      : after;
    return { counts, bad, late, ...(kinds && { kinds }), watermarkAfter };
  }

  /** Whether it can take rows without bringing any to their owners. */
  get mayHold(): boolean {
    return this.#forager.mayHold;
  }

  /** All rows of a batch have been taken; with `holds` they stay here for the time being. */
  finish(header: MessageHeader, nowMs: number, holds: boolean): void {
    if (this.#forager.finish(header, nowMs, holds)) this.#close(header.generation);
  }

  /** Sends off what is kept open; whether there was anything. */
  endEpoch(generation: number): boolean {
    if (!this.#forager.isLaden) return false;
    if (this.#forager.endEpoch(generation)) this.#close(generation);
    return true;
  }

  /** Takes in what another bee has sent for this part. */
  exchanged(header: MessageHeader, body: Uint8Array): void {
    if (header.kind === MessageKind.delta) return this.#fold(header, body);
    const { batch } = decodeFrame(body, { trusted: true });
    const { count: partition, position, watermark } = header;
    this.#owner.add(batch!, { partition, position, watermark });
  }

  #fold({ count, generation }: MessageHeader, body: Uint8Array): void {
    const delta = body.subarray(COVERED_BYTES * count);
    if (delta.length > 0) this.#owner.fold(delta);
    let moved = false;
    for (const each of readCovered(body, count)) moved = this.#owner.cover(each) || moved;
    if (moved) this.#close(generation);
  }

  /** No more rows come: closes all windows. */
  end(generation: number): void {
    this.#close(generation, Infinity);
  }

  /** Sends the results of all windows that the watermark has passed. */
  #close(generation: number, watermark: number = this.#owner.state.watermark): void {
    const { outputs: { main }, firstKind, part } = this.#options;
    const { table } = this.#owner;
    while (table.nextClose() <= watermark && table.nextClose() < Infinity) {
      const closed = table.closeKind(watermark);
      if (!closed) continue;
      const { kind, batch: { schema, columns, length } } = closed;
      const header = message({ kind: MessageKind.result, generation, count: firstKind + kind });
      main.sendBatch(header, new RecordBatch(schema, columns, length));
    }
    if (!this.#isPassed(watermark)) return;
    this.#passed = watermark;
    main.send(message({ kind: MessageKind.passed, generation, watermark, count: part }));
  }

  /** Whether the end of a window lies between the last watermark that was told of and this one. */
  #isPassed(watermark: number): boolean {
    const isFirst = this.#passed === -Infinity || watermark === Infinity;
    if (isFirst || this.#options.window.tellsAll) return watermark > this.#passed;
    return this.#input.endAfter(this.#passed) <= watermark;
  }

  /** The state of the windows that it owns. */
  snapshot(): Uint8Array {
    return this.#owner.table.snapshot();
  }

  /** Goes back to an earlier state, in which so many rows were taken in for each kind. */
  restore(state: OwnerState, snapshot: Uint8Array, kindRows: readonly number[]): void {
    this.#forager.reset();
    const rows = this.kinds === 1 ? { rows: kindRows[0] } : { kindRows };
    this.#owner.restore({ ...state, kindRows: undefined, ...rows }, snapshot);
    this.#passed = state.watermark;
  }
}

/** Adds what taking rows came to for other windows; they have no bad rows of their own. */
export function takenWith(first: Taken, others: readonly Taken[]): Taken {
  if (others.length === 0) return first;
  return { ...first, kinds: [first, ...others].flatMap(sharesOf) };
}

function sharesOf({ counts, late, kinds }: Taken): readonly KindShare[] {
  const { absorbed, filtered, late: lateCount, untimed } = counts;
  return kinds ?? [{ absorbed, filtered, late: lateCount, untimed, lateRows: late }];
}
