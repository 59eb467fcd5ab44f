import { decodeFrame, encodeFrame } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import type { WindowOperator } from "../windows/window_operator.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { BarrierAlignment } from "./barrier_alignment.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import type { ControlBlock } from "./control_block.ts";
import { EVENT_TIME, greatestTime } from "./event_times.ts";
import { ExchangeInputs } from "./exchange_inputs.ts";
import { KeyRouter } from "./key_router.ts";
import { MessagePieces } from "./message_pieces.ts";
import { loadOperator, type OperatorMaker } from "./operator_loader.ts";
import { OrderedInput, type OrderedSpec, pieceOf } from "./ordered_input.ts";
import { OrderedOwner } from "./ordered_owner.ts";
import {
  message,
  MessageFlag,
  type MessageHeader,
  MessageKind,
  outcomeBytes,
} from "./pipeline_frames.ts";
import type { PipelineLogic, Taken } from "./pipeline_task.ts";
import { inPieces } from "./window_input.ts";
import type { Sleeper } from "./ring_buffer.ts";
import type { StepSpec } from "./row_steps.ts";
import { loadSteppedTask } from "./stepped_task.ts";
import { spellOut } from "./spell_out.ts";
import type { TaskParts } from "./task_parts.ts";
import type { ResetMessage } from "./window_task.ts";

/** How many times as long as it takes to look at all windows passes until that is done again. */
const OLDEST_SHARE = 50;
const NO_BATCH = -1;
const FRAME = { kind: "data" } as const;

/** A task by which each key's rows come to its owner in the order of the source. */
export interface OrderedTaskSpec {
  readonly kind: "orderedWindows";
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  readonly ordered: OrderedSpec;
  readonly workers: number;
  /** How often owners tell from which event time on they have rows, ms. Default: never. */
  readonly oldestMs?: number;
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
}

/** Makes the task inside the bee: at once where there is nothing to import for it. */
export function loadOrderedTask(
  spec: OrderedTaskSpec,
  context: BeeContext,
  parts: TaskParts,
): BeeTask | Promise<BeeTask> {
  const make = loadOperator(spec.ordered.operator);
  return make instanceof Promise
    ? make.then((operatorOf) => orderedTask(spec, context, { parts, operatorOf }))
    : orderedTask(spec, context, { parts, operatorOf: make });
}

function orderedTask(
  spec: OrderedTaskSpec,
  context: BeeContext,
  { parts, operatorOf }: { readonly parts: TaskParts; readonly operatorOf: OperatorMaker },
): BeeTask | Promise<BeeTask> {
  const { schema, ordered, workers } = spec;
  return loadSteppedTask(spec, context, {
    parts,
    logicOf: ({ steps, kernel, outputs }) => {
      const input = new OrderedInput(ordered, schema, steps);
      const rows = { schema: input.schema, keys: ordered.keys };
      const time = ordered.time === undefined ? {} : { time: EVENT_TIME };
      const operator = operatorOf({ ...rows, ...time, kernel });
      const router = workers > 1 ? new KeyRouter(kernel, { ...rows, workers }) : undefined;
      return new OrderedLogic(spec, { context, outputs, input, operator, router });
    },
    watermarkAfter: (batch, header) => watermarkAfter(ordered, batch, header),
  });
}

function watermarkAfter(
  { time, bound }: OrderedSpec,
  batch: RecordBatch,
  { watermark }: MessageHeader,
): number {
  if (time === undefined) return watermark;
  return Math.max(watermark, greatestTime(batch.column(time), batch.length) - bound);
}

interface OrderedParts {
  readonly context: BeeContext;
  readonly outputs: BeeOutputs;
  readonly input: OrderedInput;
  readonly operator: WindowOperator;
  /** Absent where there is one bee. */
  readonly router: KeyRouter | undefined;
}

/** Sends rows to the owners of their keys, and owns some keys. */
class OrderedLogic implements PipelineLogic {
  readonly #spec: OrderedTaskSpec;
  readonly #bee: number;
  readonly #control: ControlBlock;
  readonly #runtime: Runtime;
  readonly #input: OrderedInput;
  readonly #router: KeyRouter | undefined;
  readonly #owner: OrderedOwner;
  readonly #outputs: BeeOutputs;
  readonly #inputs: ExchangeInputs;
  readonly #pieces = new MessagePieces();
  readonly #alignment: BarrierAlignment;
  /** Rows of the batch in work that were sent on. */
  #from = 0;
  #end: MessageHeader | undefined;
  #isDone = false;
  /** When it is to be told next from which event time on there are rows, by the pipeline's clock. */
  #oldestDue = -Infinity;

  constructor(spec: OrderedTaskSpec, parts: OrderedParts) {
    const { context, outputs, input, operator, router } = parts;
    this.#spec = spec;
    this.#bee = context.bee;
    this.#control = context.control;
    this.#runtime = context.runtime;
    this.#outputs = outputs;
    this.#input = input;
    this.#router = router;
    this.#owner = new OrderedOwner(operator, (...rows) => this.#control.setCursor(...rows));
    this.#alignment = new BarrierAlignment(spec.workers - 1, outputs);
    this.#inputs = new ExchangeInputs(context.peers, {
      message: (from, header, body) => this.#exchanged(from, header, body),
      barrier: (from) => this.#alignment.arrived(from),
    });
  }

  get mayTake(): boolean {
    return !this.#alignment.isWaiting;
  }

  take(batch: RecordBatch, header: MessageHeader): Taken {
    const { ordered } = this.#spec;
    const isSuspect = (header.flags & MessageFlag.suspect) !== 0;
    // Rows of a suspect come one by one, and are kept until all have come.
    const use = { from: this.#from, isLent: !this.#router && !isSuspect };
    const { batch: rows, ...outcome } = this.#input.prepare(batch, header, use);
    this.#from += batch.length;
    // Of a bee alone they are taken before the memory that they lie in is wanted back.
    if (rows.length > 0 && !this.#router) this.#owner.put(header.sequence, pieceOf(rows));
    else if (rows.length > 0) { for (const piece of inPieces(rows)) this.#route(piece, header); }
    return { ...outcome, watermarkAfter: watermarkAfter(ordered, batch, header) };
  }

  #route(rows: RecordBatch, header: MessageHeader): void {
    this.#router!.rowsByOwner(rows).forEach((own, owner) => {
      if (own.length > 0) this.#hand(owner, rows.take(own), header);
    });
  }

  #hand(to: number, rows: RecordBatch, { sequence, generation }: MessageHeader): void {
    const batch = spellOut(rows);
    if (to !== this.#bee) {
      const header = message({ kind: MessageKind.rows, generation, sequence });
      return this.#outputs.peer(to).sendRows(header, batch);
    }
    // A copy: it may lie in memory that is lent until the bee takes the next batch.
    this.#keep(sequence, encodeFrame(FRAME, batch));
  }

  #keep(sequence: number, frame: Uint8Array): void {
    this.#owner.put(sequence, pieceOf(decodeFrame(frame, { trusted: true }).batch!));
  }

  finish(header: MessageHeader): void {
    this.#from = 0;
    const covered = { ...header, kind: MessageKind.covered };
    this.#outputs.toPeers(covered);
    this.#cover(covered);
    if (!this.#router) this.#feed(header.generation);
  }

  #cover(header: MessageHeader): void {
    const { sequence, count: partition, position, watermarkAfter, amount: nowMs, flags } = header;
    const isSuspect = (flags & MessageFlag.suspect) !== 0;
    this.#owner.cover({ sequence, partition, position, watermarkAfter, nowMs, isSuspect });
  }

  rest(): boolean {
    return false;
  }

  barrier(header: MessageHeader): void {
    this.#alignment.begin(header);
  }

  end(header: MessageHeader): void {
    this.#end = header;
  }

  drain(generation: number): boolean {
    const drained = this.#inputs.drain(generation);
    const fed = this.#feed(generation);
    const isAligned = this.#align();
    const isFinished = this.#finishAll(generation);
    return drained || fed || isAligned || isFinished;
  }

  /** A bee gets its rows of as many batches in a step as all bees send on meanwhile. */
  #feed(generation: number): boolean {
    let batches = 0;
    while (batches < this.#spec.workers && this.#owner.isReady) {
      this.#judge(generation);
      this.#control.setCursor(NO_BATCH, 0, 0);
      this.#control.advance();
      batches++;
    }
    return batches > 0;
  }

  #judge(generation: number): void {
    const { main } = this.#outputs;
    const { sequence, watermark, nowMs, results, ...outcome } = this.#owner.take();
    for (const each of results) this.#send(each, { generation, sequence });
    const late = this.#spec.ordered.tellsLate ? outcome.late : [];
    const header = { kind: MessageKind.judged, generation, sequence, watermark };
    const body = outcomeBytes({ ...outcome, late }, main.maxBodyBytes);
    const cap = this.#oldestAt(nowMs);
    // Who was told nothing now brings the clock when it is time for that.
    const due = Number.isNaN(cap) && this.#spec.oldestMs !== undefined ? this.#oldestDue : Infinity;
    main.send(message({ ...header, cap, amount: Math.min(due, this.#owner.nextTick) }), body);
  }

  /** From which event time on there are rows, if it is time to tell; else `NaN`. */
  #oldestAt(nowMs: number): number {
    const { oldestMs } = this.#spec;
    if (oldestMs === undefined || nowMs < this.#oldestDue) return NaN;
    const startedMs = this.#runtime.monotonicMs();
    const oldest = this.#owner.oldest();
    const tookMs = this.#runtime.monotonicMs() - startedMs;
    this.#oldestDue = nowMs + Math.max(oldestMs, OLDEST_SHARE * tookMs);
    return oldest;
  }

  #send(results: RecordBatch | undefined, at: Pick<MessageHeader, "generation" | "sequence">) {
    if (!results || results.length === 0) return;
    this.#outputs.main.sendResults(message({ kind: MessageKind.result, ...at }), results);
  }

  reset(given: unknown): void {
    const { state, snapshot } = given as ResetMessage;
    this.#owner.restore(state, snapshot);
    this.#inputs.openAll();
    this.#alignment.clear();
    this.#pieces.clear();
    this.#from = 0;
    this.#end = undefined;
    this.#isDone = false;
    this.#oldestDue = -Infinity;
  }

  waitsFor(): Sleeper[] {
    return this.#inputs.waitsFor();
  }

  #exchanged(from: number, header: MessageHeader, body: Uint8Array): void {
    if (header.kind === MessageKind.covered) return this.#cover(header);
    const whole = this.#pieces.whole(from, header, body);
    // Copied, because a piece waits for its turn and the ring does not.
    if (whole) this.#keep(header.sequence, whole.slice());
  }

  /** When the barriers of all bees are here, the state is exactly that of all batches before. */
  #align(): boolean {
    const barrier = this.#alignment.complete;
    if (!barrier || this.#owner.isReady) return false;
    const { generation, sequence } = barrier;
    const { state, isAhead } = this.#owner;
    if (state.sequence !== sequence || isAhead) {
      throw new Error(
        `A barrier before batch ${sequence} found the state at batch ${state.sequence}`,
      );
    }
    const snapshot = this.#owner.snapshot();
    const header = { kind: MessageKind.snapshot, generation, sequence, amount: snapshot.length };
    const { watermark, rows: position } = state;
    this.#outputs.main.sendPieces(message({ ...header, watermark, position }), snapshot);
    this.#alignment.clear();
    this.#inputs.openAll();
    return true;
  }

  #finishAll(generation: number): boolean {
    const { sequence, rows: amount } = this.#owner.state;
    if (!this.#end || this.#isDone || sequence < this.#end.sequence) return false;
    this.#isDone = true;
    this.#send(this.#owner.finish(), { generation, sequence });
    this.#outputs.main.send(message({ kind: MessageKind.done, generation, sequence, amount }));
    return true;
  }
}
