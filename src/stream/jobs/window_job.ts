import { decodeFrame } from "../../batch/frame.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { MessageKind } from "../../hive/pipeline_frames.ts";
import type { IntakeSpec } from "../../hive/block_intake.ts";
import { BOARD_BYTES } from "../../hive/time_board.ts";
import type { ResetMessage, WindowTaskSpec } from "../../hive/window_task.ts";
import { SharedShape } from "../../kernel/shared_shape.ts";
import type { CalendarTime } from "../../windows/calendar_time.ts";
import { withCalendarBounds } from "../calendar_plan.ts";
import type { Checkpoint } from "./checkpoints.ts";
import { OwnersJob } from "./owners_job.ts";
import type { BeeAnswer, JobContext, KindProgress } from "./pipeline_job.ts";
import type { PipelineSettings } from "../pipeline_options.ts";
import type { ResolvedPlan } from "../pipeline_plan.ts";
import { WindowResults } from "./window_results.ts";

/** Aggregates in windows: in whatever order, and put together afterwards. */
export class WindowJob extends OwnersJob {
  override readonly task: WindowTaskSpec;
  /** Of each kind of windows. */
  readonly #results: readonly WindowResults[];
  /** The same by parts of the task. */
  readonly #parts: readonly (readonly WindowResults[])[];
  readonly #calendar: CalendarTime | undefined;
  /** Where the windows of all kinds lie. */
  readonly #shape: SharedShape;

  readonly #newBoard: (() => SharedArrayBuffer) | undefined;
  #board: SharedArrayBuffer | undefined;

  /** A job by a plan with windows; with an intake the bees are given blocks of bytes. */
  constructor(
    plan: ResolvedPlan,
    settings: PipelineSettings,
    { intake }: { readonly intake?: IntakeSpec | undefined } = {},
  ) {
    super(settings);
    const { workers, epochRows, kernel, runtime } = settings;
    if (intake) this.#newBoard = () => runtime.sharedMemory(BOARD_BYTES);
    const board = this.#board = this.#newBoard?.();
    const { schema, steps, beside = [] } = plan;
    const window = plan.window!;
    const windows = { steps, window, ...(beside.length > 0 && { beside }) };
    this.task = {
      kind: "windows",
      schema,
      ...windows,
      workers,
      kernel,
      epochRows,
      ...(intake && { intake: { ...intake, ...(board && { board }) } }),
    };
    this.#calendar = plan.calendar;
    this.#shape = new SharedShape(
      [windows, ...beside].flatMap(({ window: { others = [], ...extent } }) => [
        extent,
        ...others.map(({ window }) => window),
      ]),
    );
    this.#parts = [windows, ...beside].map(({ window: { keys, others = [] } }) =>
      Array.from({ length: 1 + others.length }, () => new WindowResults(workers, keys.length))
    );
    this.#results = this.#parts.flat();
  }

  override get windows(): number {
    return this.#results[0].windows;
  }

  override get watermark(): number {
    const [{ watermark }] = this.#results;
    return this.#calendar?.fromEven(watermark) ?? watermark;
  }

  override isPast(time: number): boolean {
    return this.#shape.kinds.every((shape, kind) =>
      shape.lastEnd(time) <= this.#results[kind].watermark
    );
  }

  /** How far each of several kinds of windows has come. */
  get kinds(): readonly KindProgress[] | undefined {
    if (this.#results.length === 1) return undefined;
    return this.#results.map(({ windows, watermark }, kind) => {
      return { windows, watermark, absorbed: this.absorbedOf(kind) };
    });
  }

  protected override answered(_context: JobContext, { bee, header, body }: BeeAnswer): void {
    switch (header.kind) {
      case MessageKind.result:
        // A copy: the frame is only lent, and results wait for those of other owners.
        return this.#results[header.count]
          .add(bee, decodeFrame(body.slice(), { trusted: true }).batch!);
      case MessageKind.passed:
        for (const results of this.#parts[header.count]) results.passed(bee, header.watermark);
    }
  }

  override take(_context: JobContext, kind: number): RecordBatch | undefined {
    const batch = this.#results[kind].take();
    return batch && this.#calendar ? withCalendarBounds(batch, this.#calendar) : batch;
  }

  protected override rewound({ watermark }: Checkpoint): void {
    for (const results of this.#results) results.rewind(watermark, { repeats: this.repeats });
    // The bee that was lost may still write to the old one.
    this.#board = this.#newBoard?.();
  }

  override resetMessage(bee: number, generation: number): ResetMessage {
    const board = this.#board;
    return { ...super.resetMessage(bee, generation), ...(board && { board }) };
  }
}
