import { decodeFrame } from "../../batch/frame.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { MessagePieces } from "../../hive/message_pieces.ts";
import type { OrderedTaskSpec } from "../../hive/ordered_task.ts";
import { MessageKind, type Outcome, readOutcome } from "../../hive/pipeline_frames.ts";
import { addCounts, noCounts } from "../../hive/row_counts.ts";
import type { Checkpoint } from "./checkpoints.ts";
import type { LastClosing } from "./last_closing.ts";
import { OrderedResults } from "./ordered_results.ts";
import { OwnersJob } from "./owners_job.ts";
import type { BeeAnswer, JobContext } from "./pipeline_job.ts";
import type { PipelineSettings } from "../pipeline_options.ts";
import type { ResolvedPlan } from "../pipeline_plan.ts";
import type { LogEntry } from "../work_log.ts";

/** Batches a bee that owners may wait with for an earlier one: they are held in memory. */
const IN_FLIGHT_PER_BEE = 16;

/** Windows that see the rows of each key in the order of the source. */
export class OrderedJob extends OwnersJob {
  override readonly task: OrderedTaskSpec;
  readonly #results: OrderedResults;
  /** Of results that do not fit into one message. */
  readonly #pieces = new MessagePieces();
  /** Of batches that not all have told about: what those have that did. */
  readonly #verdicts = new Map<number, Outcome[]>();
  /** When each owner waits for the clock, ms. */
  readonly #ticks: number[];

  /** Of each owner: the event times before which no open window had a row, after some batches. */
  readonly #oldest: readonly { readonly sequence: number; readonly oldest: number }[][];

  readonly #isStepwise: boolean;
  readonly #lastClosing: LastClosing;

  /** A job by a plan with windows over rows in order; `stepwise`: results leave batch by batch. */
  constructor(
    { schema, steps, ordered, lastClosing }: ResolvedPlan,
    settings: PipelineSettings,
    { stepwise = false, oldestMs }: {
      readonly stepwise?: boolean;
      /** How often the owners tell which rows open windows have, ms; absent: nobody asks. */
      readonly oldestMs?: number | undefined;
    } = {},
  ) {
    super(settings);
    const { workers, kernel } = settings;
    this.task = {
      kind: "orderedWindows",
      schema,
      steps,
      ordered: ordered!,
      workers,
      kernel,
      ...(oldestMs !== undefined && lastClosing!.mayStay && { oldestMs }),
    };
    this.#isStepwise = stepwise;
    this.#lastClosing = lastClosing!;
    this.#results = new OrderedResults(workers, ordered!.keys, { stepwise });
    this.#ticks = Array(workers).fill(Infinity);
    this.#oldest = this.#ticks.map(() => []);
  }

  override get windows(): number {
    return this.#results.windows;
  }

  override get settled(): number | undefined {
    return this.#isStepwise ? this.#results.left : undefined;
  }

  override get watermark(): number {
    return this.#results.watermark;
  }

  override isPast(time: number): boolean {
    const { of, mayStay } = this.#lastClosing;
    if (of(time) > this.#results.watermark) return false;
    return !mayStay || this.#oldest.every(([told]) => told !== undefined && time < told.oldest);
  }

  override get knownUntil(): number {
    if (!this.#lastClosing.mayStay) return Infinity;
    const { left } = this.#results;
    return Math.min(...this.#oldest.map((told) => {
      // The last before what has not left: windows that closed later have results to come.
      while (told.length > 1 && told[1].sequence < left) told.shift();
      return told.length > 0 && told[0].sequence < left ? told[0].sequence + 1 : 0;
    }));
  }

  override wantsMore(context: JobContext): boolean {
    const inFlight = context.log.end - this.#results.told;
    return inFlight < IN_FLIGHT_PER_BEE * this.workers && super.wantsMore(context);
  }

  /** What is under way brings the clock along. */
  override dueAt({ log }: JobContext): number {
    return this.#results.told < log.end ? Infinity : Math.min(...this.#ticks);
  }

  override outcome(context: JobContext, entry: LogEntry, outcome: Outcome): void {
    // What went on to the owners they will have counted themselves.
    this.#judged(context, entry, outcome);
  }

  override mayHold(bee: number, entry: LogEntry): boolean {
    return !entry.outcome && this.#results.toldBy(bee) <= entry.sequence;
  }

  protected override answered(context: JobContext, { bee, header, body }: BeeAnswer): void {
    const { kind, sequence, watermark, cap: oldest, amount } = header;
    if (kind === MessageKind.result) {
      const whole = this.#pieces.whole(bee, header, body);
      if (!whole) return;
      // A copy: the frame is only lent, and results wait for those of other owners.
      const kept = whole === body ? body.slice() : whole;
      this.#results.add(bee, sequence, decodeFrame(kept, { trusted: true }).batch!);
    } else if (kind === MessageKind.judged) {
      this.#results.passed(bee, sequence, watermark);
      this.#ticks[bee] = amount;
      if (!Number.isNaN(oldest)) this.#oldest[bee].push({ sequence, oldest });
      const entry = context.log.at(sequence);
      if (entry) this.#judged(context, entry, readOutcome(body));
    }
  }

  protected override finished(bee: number, sequence: number): void {
    this.#results.passed(bee, sequence, Infinity);
  }

  /** With what the bee says that took a batch, and all owners, it is known what became of it. */
  #judged({ log, ledger }: JobContext, entry: LogEntry, outcome: Outcome): void {
    const { sequence } = entry;
    const verdicts = [...this.#verdicts.get(sequence) ?? [], outcome];
    if (verdicts.length <= this.workers) {
      this.#verdicts.set(sequence, verdicts);
      return;
    }
    this.#verdicts.delete(sequence);
    ledger.note(log, entry, together(verdicts));
  }

  override take(): RecordBatch | undefined {
    return this.#results.take();
  }

  protected override started(sequence: number, watermark: number): void {
    for (let bee = 0; bee < this.workers; bee++) this.#results.passed(bee, sequence - 1, watermark);
  }

  protected override rewound(checkpoint: Checkpoint): void {
    this.#pieces.clear();
    this.#results.rewind(checkpoint, { repeats: this.repeats });
    this.#verdicts.clear();
    this.#ticks.fill(Infinity);
    for (const told of this.#oldest) told.length = 0;
  }
}

function together(outcomes: readonly Outcome[]): Outcome {
  const counts = noCounts();
  for (const each of outcomes) addCounts(counts, each.counts);
  const bad = outcomes.flatMap((each) => each.bad);
  // A record of which a function made several rows goes aside once.
  const late = [...new Set(outcomes.flatMap((each) => each.late))].sort((a, b) => a - b);
  return { counts, bad, late };
}
