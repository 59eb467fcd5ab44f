import { decodeFrame } from "../batch/frame.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import { createWindowTable } from "../windows/create_window_table.ts";
import { BarrierAlignment } from "./barrier_alignment.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import { greatestTime } from "./event_times.ts";
import { ExchangeInputs } from "./exchange_inputs.ts";
import { Forager } from "./forager.ts";
import { MessagePieces } from "./message_pieces.ts";
import {
  COVERED_BYTES,
  message,
  type MessageHeader,
  MessageKind,
  readCovered,
} from "./pipeline_frames.ts";
import type { PipelineLogic, Taken } from "./pipeline_task.ts";
import type { Sleeper } from "./ring_buffer.ts";
import type { StepSpec } from "./row_steps.ts";
import { loadSteppedTask, type LogicParts } from "./stepped_task.ts";
import { WindowInput, type WindowSpec } from "./window_input.ts";
import { type OwnerState, WindowOwner } from "./window_owner.ts";

/** A task that aggregates batches in windows together with the other bees. */
export interface WindowTaskSpec {
  readonly kind: "windows";
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  readonly window: WindowSpec;
  readonly workers: number;
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
  /** Rows after which partial results go to their owners. */
  readonly epochRows: number;
}

/** What a bee is told when one was lost: to go back, all together, to a barrier. */
export interface ResetMessage {
  readonly generation: number;
  readonly state: OwnerState;
  /** The state of the windows that it owns. */
  readonly snapshot: Uint8Array;
}

/** Makes the task inside the bee. */
export function loadWindowTask(
  spec: WindowTaskSpec,
  context: BeeContext,
): BeeTask | Promise<BeeTask> {
  const { time, bound } = spec.window;
  return loadSteppedTask(spec, context, {
    logicOf: (parts) => new WindowLogic(spec, context, parts),
    watermarkAfter: (batch, { watermark }) =>
      Math.max(watermark, greatestTime(batch.column(time), batch.length) - bound),
  });
}

/** A forager and an owner in one bee, and what they have to do with the others. */
class WindowLogic implements PipelineLogic {
  readonly #bound: number;
  readonly #tellsAll: boolean;
  readonly #input: WindowInput;
  readonly #owner: WindowOwner;
  readonly #forager: Forager;
  readonly #outputs: BeeOutputs;
  readonly #inputs: ExchangeInputs;
  readonly #pieces = new MessagePieces();
  readonly #alignment: BarrierAlignment;
  #end: MessageHeader | undefined;
  #passed = -Infinity;
  #isDone = false;

  constructor(spec: WindowTaskSpec, context: BeeContext, { steps, kernel, outputs }: LogicParts) {
    const { workers, epochRows, window } = spec;
    const { bee } = context;
    this.#bound = window.bound;
    this.#tellsAll = window.tellsAll;
    this.#outputs = outputs;
    this.#alignment = new BarrierAlignment(workers - 1, outputs);
    this.#input = new WindowInput(window, spec.schema, steps);
    const { tableOptions, spacing } = this.#input;
    this.#owner = new WindowOwner(createWindowTable(kernel, tableOptions));
    const table = createWindowTable(kernel, tableOptions);
    const parts = { bee, workers, epochRows, spacing, table, owner: this.#owner, outputs };
    this.#forager = new Forager(parts);
    this.#inputs = new ExchangeInputs(context.peers, {
      message: (from, header, body) => this.#exchanged(from, header, body),
      barrier: (from) => this.#alignment.arrived(from),
    });
  }

  get mayTake(): boolean {
    return !this.#alignment.isWaiting;
  }

  take(batch: RecordBatch, header: MessageHeader): Taken {
    const prepared = this.#input.prepare(batch, header, this.#forager.isRouting);
    const { judged, counts, bad, late, kinds } = prepared;
    const after = this.#forager.take(prepared, header);
    const watermarkAfter = judged
      ? Math.max(
        header.watermark,
        greatestTime(this.#input.times(batch), batch.length) - this.#bound,
      )
      : after;
    return { counts, bad, late, ...(kinds && { kinds }), watermarkAfter };
  }

  finish(header: MessageHeader, nowMs: number): void {
    if (this.#forager.finish(header, nowMs)) this.#closeWindows(header.generation);
  }

  rest(generation: number): boolean {
    if (!this.#forager.isLaden) return false;
    if (this.#forager.endEpoch(generation)) this.#closeWindows(generation);
    return true;
  }

  barrier(header: MessageHeader): void {
    if (this.#forager.endEpoch(header.generation)) this.#closeWindows(header.generation);
    this.#alignment.begin(header);
    this.#align();
  }

  end(header: MessageHeader): void {
    this.#end = header;
    if (this.#forager.endEpoch(header.generation)) this.#closeWindows(header.generation);
    this.#finishAll(header.generation);
  }

  drain(generation: number): boolean {
    if (!this.#inputs.drain(generation)) return false;
    this.#align();
    this.#finishAll(generation);
    return true;
  }

  reset(given: unknown): void {
    const { state, snapshot } = given as ResetMessage;
    this.#forager.reset();
    this.#owner.restore(state, snapshot);
    this.#inputs.openAll();
    this.#alignment.clear();
    this.#pieces.clear();
    this.#end = undefined;
    this.#passed = state.watermark;
    this.#isDone = false;
  }

  waitsFor(): Sleeper[] {
    return this.#inputs.waitsFor();
  }

  #exchanged(from: number, header: MessageHeader, body: Uint8Array): void {
    const whole = this.#pieces.whole(from, header, body);
    if (!whole) return;
    if (header.kind === MessageKind.delta) return this.#fold(header, whole);
    const { batch } = decodeFrame(whole, { trusted: true });
    const { count: partition, position, watermark } = header;
    this.#owner.add(batch!, { partition, position, watermark });
  }

  #fold({ count, generation }: MessageHeader, body: Uint8Array): void {
    const delta = body.subarray(COVERED_BYTES * count);
    if (delta.length > 0) this.#owner.fold(delta);
    let moved = false;
    for (const each of readCovered(body, count)) moved = this.#owner.cover(each) || moved;
    if (moved) this.#closeWindows(generation);
  }

  /** Sends the results of all windows that the watermark has passed. */
  #closeWindows(generation: number, watermark: number = this.#owner.state.watermark): void {
    const { table } = this.#owner;
    while (table.nextClose() <= watermark && table.nextClose() < Infinity) {
      const closed = table.closeKind(watermark);
      if (!closed) continue;
      const { kind: count, batch: { schema, columns, length } } = closed;
      const header = message({ kind: MessageKind.result, generation, count });
      this.#outputs.main.sendBatch(header, new RecordBatch(schema, columns, length));
    }
    if (!this.#isPassed(watermark)) return;
    this.#passed = watermark;
    const header = { kind: MessageKind.passed, generation, watermark };
    this.#outputs.main.send(message(header));
  }

  /** Whether the end of a window lies between the last watermark that was told of and this one. */
  #isPassed(watermark: number): boolean {
    const isFirst = this.#passed === -Infinity || watermark === Infinity;
    if (isFirst || this.#tellsAll) return watermark > this.#passed;
    return this.#input.endAfter(this.#passed) <= watermark;
  }

  /** When the barriers of all bees are here, the state is exactly that of all batches before. */
  #align(): void {
    const barrier = this.#alignment.complete;
    if (!barrier) return;
    const { generation, sequence } = barrier;
    const { state, table, isAhead } = this.#owner;
    if (state.sequence !== sequence || isAhead) {
      throw new Error(
        `A barrier before batch ${sequence} found the state at batch ${state.sequence}`,
      );
    }
    const snapshot = table.snapshot();
    const header = { kind: MessageKind.snapshot, generation, sequence, amount: snapshot.length };
    const { watermark, rows: position, kindRows } = state;
    if (kindRows) this.#tellKindRows(generation, kindRows);
    this.#outputs.main.sendPieces(message({ ...header, watermark, position }), snapshot);
    this.#alignment.clear();
    this.#inputs.openAll();
  }

  /** Before what tells of the rows of all kinds together. */
  #tellKindRows(generation: number, rows: readonly number[]): void {
    const header = message({ kind: MessageKind.kindRows, generation, count: rows.length });
    this.#outputs.main.send(header, new Uint8Array(Float64Array.from(rows).buffer));
  }

  #finishAll(generation: number): void {
    if (!this.#end || this.#isDone || this.#owner.state.sequence < this.#end.sequence) return;
    this.#isDone = true;
    this.#closeWindows(generation, Infinity);
    const { rows: amount, kindRows } = this.#owner.state;
    if (kindRows) this.#tellKindRows(generation, kindRows);
    this.#outputs.main.send(message({ kind: MessageKind.done, generation, amount }));
  }
}
