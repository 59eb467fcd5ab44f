import { concatBytes } from "../batch/concat_bytes.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import { haveFunctions, mayNeedFunctions, specsOf } from "../windows/aggregate_types.ts";
import { BarrierAlignment } from "./barrier_alignment.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import type { IntakeSpec } from "./block_intake.ts";
import { greatestTime } from "./event_times.ts";
import { ExchangeInputs } from "./exchange_inputs.ts";
import { MessagePieces } from "./message_pieces.ts";
import { message, type MessageHeader, MessageKind } from "./pipeline_frames.ts";
import type { PipelineLogic, Taken } from "./pipeline_task.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { RowSteps, type StepSpec } from "./row_steps.ts";
import { loadSteppedTask, type LogicParts } from "./stepped_task.ts";
import type { StepParts, TaskParts } from "./task_parts.ts";
import type { WindowSpec } from "./window_input.ts";
import type { OwnerState } from "./window_owner.ts";
import { takenWith, WindowPart } from "./window_part.ts";

/** Windows with keys and steps of their own, beside others. */
export interface WindowsBeside {
  readonly steps: readonly StepSpec[];
  readonly window: WindowSpec;
}

/** A task that aggregates batches in windows together with the other bees. */
export interface WindowTaskSpec {
  readonly kind: "windows";
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  readonly window: WindowSpec;
  /** Windows with other keys or steps, of the same rows and times. */
  readonly beside?: readonly WindowsBeside[];
  readonly workers: number;
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
  /** How blocks of bytes become batches, where the bees decode them. */
  readonly intake?: IntakeSpec;
  /** Rows after which partial results go to their owners. */
  readonly epochRows: number;
}

/** What a bee is told when one was lost: to go back, all together, to a barrier. */
export interface ResetMessage {
  readonly generation: number;
  readonly state: OwnerState;
  /** The state of the windows that it owns. */
  readonly snapshot: Uint8Array;
  /** Where bees tell each other of the times of blocks from now on. */
  readonly board?: SharedArrayBuffer;
}

/** Whether windows keep text or the like, or may: what steps make of columns is not known yet. */
export function keepsValues({ schema, steps, window, beside = [] }: WindowTaskSpec): boolean {
  return [{ steps, window }, ...beside].some(({ steps, window }) =>
    steps.length > 0 ? specsOf(window).some(mayNeedFunctions) : haveFunctions(window, schema)
  );
}

/** Makes the task inside the bee. */
export function loadWindowTask(
  spec: WindowTaskSpec,
  context: BeeContext,
  parts: TaskParts,
): BeeTask | Promise<BeeTask> {
  const { time, bound } = spec.window;
  const tables = { functionTables: parts.functionTables };
  return loadSteppedTask(spec, context, {
    parts,
    logicOf: (made) => new WindowLogic(spec, context, { ...made, ...parts.steps, ...tables }),
    watermarkAfter: (batch, { watermark }) =>
      Math.max(watermark, greatestTime(batch.column(time), batch.length) - bound),
  });
}

/** Of what the windows of a bee are made: with what makes steps, where there are any. */
type WindowParts = LogicParts & Partial<StepParts> & Pick<TaskParts, "functionTables">;

/** The windows of one bee, and what they have to do with those of the others. */
class WindowLogic implements PipelineLogic {
  /** At least one; each has keys and steps of its own. */
  readonly #parts: readonly WindowPart[];
  readonly #outputs: BeeOutputs;
  readonly #inputs: ExchangeInputs;
  readonly #pieces = new MessagePieces();
  readonly #alignment: BarrierAlignment;
  #end: MessageHeader | undefined;
  #isDone = false;

  constructor(spec: WindowTaskSpec, context: BeeContext, parts: WindowParts) {
    this.#outputs = parts.outputs;
    this.#alignment = new BarrierAlignment(spec.workers - 1, parts.outputs);
    this.#parts = partsOf(spec, context, parts);
    this.#inputs = new ExchangeInputs(context.peers, {
      message: (from, header, body) => this.#exchanged(from, header, body),
      barrier: (from) => this.#alignment.arrived(from),
    });
  }

  /** At a barrier the owners wait for what came before it; what comes behind it is held meanwhile. */
  get mayTake(): boolean {
    return !this.#alignment.isWaiting || this.#parts.every(({ mayHold }) => mayHold);
  }

  take(batch: RecordBatch, header: MessageHeader): Taken {
    const [first, ...others] = this.#parts.map((part) => part.take(batch, header));
    return takenWith(first, others);
  }

  finish(header: MessageHeader, nowMs: number): void {
    const holds = this.#alignment.isWaiting;
    for (const part of this.#parts) part.finish(header, nowMs, holds);
  }

  rest(generation: number): boolean {
    if (this.#alignment.isWaiting) return false;
    return this.#parts.filter((part) => part.endEpoch(generation)).length > 0;
  }

  barrier(header: MessageHeader): void {
    this.rest(header.generation);
    this.#alignment.begin(header);
    this.#align();
  }

  end(header: MessageHeader): void {
    this.#end = header;
    this.rest(header.generation);
    this.#finishAll(header.generation);
  }

  drain(generation: number): boolean {
    if (!this.#inputs.drain(generation)) return false;
    this.#align();
    if (this.#end) this.rest(generation); // it may have come while a barrier was waited at
    this.#finishAll(generation);
    return true;
  }

  reset(given: unknown): void {
    const { state, snapshot } = given as ResetMessage;
    const snapshots = unpacked(snapshot, this.#parts.length);
    let kind = 0;
    this.#parts.forEach((part, at) => {
      const rows = Array.from({ length: part.kinds }, () => state.kindRows?.[kind++] ?? state.rows);
      part.restore(state, snapshots[at], rows);
    });
    this.#inputs.openAll();
    this.#alignment.clear();
    this.#pieces.clear();
    this.#end = undefined;
    this.#isDone = false;
  }

  waitsFor(): Sleeper[] {
    return this.#inputs.waitsFor();
  }

  #exchanged(from: number, header: MessageHeader, body: Uint8Array): void {
    const whole = this.#pieces.whole(from, header, body);
    if (whole) this.#parts[header.amount].exchanged(header, whole);
  }

  /** When the barriers of all bees are here, the state is exactly that of all batches before. */
  #align(): void {
    const barrier = this.#alignment.complete;
    if (!barrier) return;
    const { generation, sequence } = barrier;
    for (const { state, isAhead } of this.#parts) {
      if (state.sequence === sequence && !isAhead) continue;
      throw new Error(
        `A barrier before batch ${sequence} found the state at batch ${state.sequence}`,
      );
    }
    const snapshot = packed(this.#parts.map((part) => part.snapshot()));
    const header = { kind: MessageKind.snapshot, generation, sequence, amount: snapshot.length };
    const { watermark, rows: position } = this.#parts[0].state;
    this.#tellKindRows(generation);
    this.#outputs.main.sendPieces(message({ ...header, watermark, position }), snapshot);
    this.#alignment.clear();
    this.#inputs.openAll();
  }

  /** Before what tells of the rows of all kinds together. */
  #tellKindRows(generation: number): void {
    const rows = this.#parts.flatMap(({ kindRows }) => kindRows);
    if (rows.length === 1) return;
    const header = message({ kind: MessageKind.kindRows, generation, count: rows.length });
    this.#outputs.main.send(header, new Uint8Array(Float64Array.from(rows).buffer));
  }

  #finishAll(generation: number): void {
    if (!this.#end || this.#isDone) return;
    const { sequence } = this.#end;
    if (this.#parts.some(({ state }) => state.sequence < sequence)) return;
    this.#isDone = true;
    for (const part of this.#parts) part.end(generation);
    this.#tellKindRows(generation);
    const { rows: amount } = this.#parts[0].state;
    this.#outputs.main.send(message({ kind: MessageKind.done, generation, amount }));
  }
}

function partsOf(
  { schema, steps, window, beside = [], workers, epochRows }: WindowTaskSpec,
  { bee }: BeeContext,
  { steps: first, makeStep, kernel, outputs, functionTables }: WindowParts,
): WindowPart[] {
  let firstKind = 0;
  return [{ steps, window }, ...beside].map((given, part) => {
    const steps = part === 0 ? first : new RowSteps(given.steps, schema, { makeStep, kernel });
    const about = { schema, steps, kernel, outputs, bee, workers, epochRows, part, firstKind };
    const made = new WindowPart({ window: given.window, ...about, functionTables });
    firstKind += made.kinds;
    return made;
  });
}

/** Snapshots as one: behind the length of each, where there are several. */
function packed(snapshots: readonly Uint8Array[]): Uint8Array {
  if (snapshots.length === 1) return snapshots[0];
  const lengths = Float64Array.from(snapshots, ({ length }) => length);
  return concatBytes([new Uint8Array(lengths.buffer), ...snapshots]);
}

/** The snapshots that {@linkcode packed} has put together; those before the first row are empty. */
function unpacked(all: Uint8Array, count: number): Uint8Array[] {
  if (count === 1 || all.length === 0) return Array(count).fill(all);
  const lengths = new Float64Array(all.slice(0, 8 * count).buffer);
  let at = 8 * count;
  return Array.from(lengths, (length) => all.subarray(at, at += length));
}
