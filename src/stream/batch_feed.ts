import type { Column } from "../batch/column.ts";
import { SharedShape } from "../kernel/shared_shape.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { sameFields } from "../batch/schema_check.ts";
import { BlockArena } from "../hive/block_arena.ts";
import type { IntakeSpec } from "../hive/block_intake.ts";
import { greatestTime } from "../hive/event_times.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import { withSchemas } from "../hive/row_steps.ts";
import { splitBatch } from "../hive/message_queue.ts";
import { FLINK_SEMANTICS } from "../windows/window_semantics.ts";
import { Alignment, checkAligns, type PartitionMarks } from "./alignment.ts";
import type { BadInputs } from "./bad_inputs.ts";
import { BlockContent, BlockReading } from "./block_content.ts";
import { BlockHistory } from "./block_history.ts";
import { type EventTimes, eventTimesOf } from "./calendar_plan.ts";
import { allWindows, type PipelinePlan, type ResolvedPlan, resolvePlan } from "./pipeline_plan.ts";
import { ReadingClock } from "./made_time.ts";
import type {
  BlockFormat,
  Source,
  SourceBatch,
  SourceBlock,
  SourceOptions,
  SourceProgress,
} from "./source.ts";
import { stageOf } from "./stage.ts";
import { type TimedRows, WatermarkFeed } from "./watermark_feed.ts";

const MAX_PARTITIONS = 65_536;

/** A batch on its way to a bee, with its place in its source. */
export interface FeedBatch {
  readonly batch: RecordBatch;
  readonly partition: number;
  /** Position of the first row in its partition. */
  readonly position: number;
  /** Positions of all rows, where some between them were left out; absent: one after the other. */
  readonly positions?: Float64Array;
  /** Watermark before the first row, of this partition alone, ms. */
  readonly watermark: number;
  /** Watermark of all partitions after the last row, ms. */
  readonly watermarkAfter: number;
  /** What the other partitions hold the watermark down to, ms. */
  readonly cap: number;
}

/** A block of bytes on its way to a bee: what comes before it is known later. */
export type FeedBlock = Omit<FeedBatch, "batch" | "positions"> & { readonly block: BlockContent };

/** What goes to a bee. */
export type FeedItem = FeedBatch | FeedBlock;

/** Rows that go to a bee at a time, with the watermarks of all partitions, ms. */
interface ToldRows {
  readonly batch: RecordBatch;
  /** Before the first row, or what the rows are judged by. */
  readonly watermark: number;
  /** What the bees are told that it is after the last row. */
  readonly told: number;
}

/** Options of a {@linkcode BatchFeed}. */
export interface BatchFeedOptions {
  readonly plan: PipelinePlan;
  readonly open: SourceOptions;
  readonly bad: BadInputs;
  /** Whether the bees tell which rows are late. */
  readonly tellsLate: boolean;
  /** Rows and bytes that go to a bee at a time, at most. */
  readonly batchRows: number;
  readonly maxBytes: number;
  /** What kernels are made with. */
  readonly kernel: KernelOptions;
}

/** What the blocks of a source come to, where bees decode them. */
export interface FeedBlocks {
  /** What bees do with them. */
  readonly intake: IntakeSpec;
  readonly history: BlockHistory;
  readonly reading: BlockReading;
}

/** Reads a source and decides event times and watermarks in the order of its rows. */
export class BatchFeed {
  readonly #source: Source;
  readonly #options: BatchFeedOptions;
  /** With the columns that were learned. */
  #plan: PipelinePlan;
  readonly #batches: AsyncIterator<SourceBatch>;
  readonly #greatest: Float64Array;
  readonly #positions: Float64Array;
  readonly #ended = new Set<number>();
  /** Where watermarks are more than a bound behind the greatest time. */
  readonly #watermarks: WatermarkFeed | undefined;
  /** By how much windows judge behind the watermark that comes with rows, ms. */
  readonly #behind: number;
  /** Where partitions wait for each other. */
  readonly #alignment: Alignment | undefined;
  /** By which rows get their times where these are those of reading them. */
  readonly #clock: ReadingClock | undefined;
  /** The last watermark that the bees were or will be told of. */
  #told = -Infinity;
  #sourceSchema: Schema | undefined;
  #time: EventTimes | undefined;
  #resolved: ResolvedPlan | undefined;
  #records = 0;
  #blocks: FeedBlocks | undefined;
  #progress: SourceProgress = { bytes: 0 };
  readonly #arena: BlockArena | undefined;

  /** Opens a source. */
  constructor(source: Source, options: BatchFeedOptions) {
    const { partitions = 1 } = source;
    if (!(Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS)) {
      throw new RangeError(
        `Cannot read ${source.name}: partitions must be a whole number from 1 to ` +
          `${MAX_PARTITIONS}, received ${partitions}`,
      );
    }
    this.#source = source;
    this.#options = options;
    this.#plan = options.plan;
    // Other sources that tell watermarks tell them once, and mean them.
    this.#behind = stageOf(source) && touchesAtEnd(options.plan) ? 1 : 0;
    this.#greatest = new Float64Array(partitions).fill(-Infinity);
    this.#positions = new Float64Array(partitions);
    const { plan, open: { runtime, blockBytes } } = options;
    if (plan.time?.watermarks && (plan.window || plan.ordered)) {
      this.#watermarks = new WatermarkFeed(plan.time.watermarks, { partitions, runtime });
      if (plan.time.made === "clock") this.#clock = new ReadingClock(runtime);
    }
    if (source.schema) this.#resolve(source.schema);
    const { maxDriftMs } = plan.time ?? {};
    if (maxDriftMs !== undefined && (plan.window || plan.ordered)) {
      checkAligns(source);
      this.#alignment = new Alignment(maxDriftMs, this.#marks(partitions));
    }
    const alignment = this.#alignment;
    if (blockBytes !== undefined) this.#arena = new BlockArena(runtime);
    this.#batches = batchesOf(source, {
      ...options.open,
      ...(this.#arena && { blockMemory: this.#arena }),
      ...(alignment && { alignment }),
    });
  }

  #marks(length: number): PartitionMarks {
    const bound = this.#options.plan.time?.bound ?? 0;
    return this.#watermarks
      ? {
        length,
        markOf: (partition) => this.#watermarks!.markOf(partition),
        holdsBack: (partition) => this.#watermarks!.holdsBack(partition),
      }
      : {
        length,
        markOf: (partition) => this.#greatest[partition] - bound,
        holdsBack: (partition) => !this.#ended.has(partition),
      };
  }

  /** Records read so far, those that could not be used included. */
  get records(): number {
    return this.#records;
  }

  /** Records were found in a block of which nobody knew. */
  told(records: number): void {
    this.#records += records;
    this.#blocks?.history.advance();
  }

  /** How far the source has come, as far as it tells. */
  get progress(): SourceProgress {
    return this.#progress;
  }

  /** What its blocks come to, once that is known, where it gives blocks. */
  get blocks(): FeedBlocks | undefined {
    return this.#blocks;
  }

  /** The plan, once the columns are known. */
  get resolved(): ResolvedPlan | undefined {
    return this.#resolved;
  }

  /**
   * The columns are known that functions give; absent where a step has none of its own.
   *
   * @throws {TypeError} when the plan does not fit them.
   */
  learned(columns: readonly (Schema | undefined)[]): void {
    const { plan } = this.#options;
    this.#plan = { ...plan, steps: withSchemas(plan.steps, columns) };
    this.#resolve(this.#sourceSchema!);
  }

  /** Reads on; `undefined` at the end. */
  async read(): Promise<SourceBatch | undefined> {
    this.wait(true);
    const { done, value } = await this.#batches.next().finally(() => this.wait(false));
    return done ? undefined : checkedRead(value, this.#source.name);
  }

  /** The source is waited for, or no longer. */
  wait(isWaiting: boolean): void {
    this.#watermarks?.wait(isWaiting);
  }

  /** The watermark is at least this from now on, ms; tells what that comes to. */
  advance(watermark: number): FeedBatch[] {
    if (this.#watermarks) {
      this.#watermarks.advance(watermark);
      const moved = this.tick();
      return moved ? [moved] : [];
    }
    const { bound } = this.#options.plan.time!;
    return this.#raised(() => {
      this.#greatest.forEach((greatest, partition) => {
        this.#greatest[partition] = Math.max(greatest, watermark + bound);
      });
    });
  }

  /** Milliseconds of silence after which {@linkcode BatchFeed.tick} may have something to tell. */
  dueIn(): number {
    if (!this.#clock) return this.#watermarks?.dueIn() ?? Infinity;
    // Before the first row there is nothing to close.
    return this.#told === -Infinity ? Infinity : this.#clock.closesIn(this.#plan, this.#told);
  }

  /** No rows, but a watermark that has moved by the clock; `undefined`: it has not. */
  tick(): FeedBatch | undefined {
    this.#watermarks?.elapse();
    this.#alignment?.notify();
    this.#lookAtClock();
    const watermarkAfter = this.#watermarks?.watermark ?? -Infinity;
    if (!this.#resolved || watermarkAfter <= this.#told) return undefined;
    const watermark = this.#told;
    this.#told = watermarkAfter;
    return this.#moved(this.#resolved, watermark, watermarkAfter);
  }

  /** No rows and no other watermark: brings the clock to the bees. Only after rows have come. */
  beat(): FeedBatch {
    const { time } = this.#options.plan;
    const watermark = this.#watermarks
      ? this.#told
      : Math.min(...this.#greatest) - (time?.bound ?? 0);
    return this.tick() ?? this.#moved(this.#resolved!, watermark, watermark);
  }

  /**
   * Takes what was read in: counted, placed, and cut to what a bee is sent at a time.
   *
   * @throws {TypeError | RangeError} when the plan does not fit the columns, or a row is too large.
   * @throws {BadInputError} when a time cannot be read and that is the end.
   */
  take(read: SourceBatch): FeedItem[] {
    if (read.progress) this.#progress = read.progress;
    if (read.format) this.#takeFormat(read.format);
    if (read.block) return [this.#takeBlock(read.block)];
    if (this.#blocks && read.batch) throw this.#mixed("a batch after it had given blocks");
    const { batch, partition = 0, skipped = 0, deadLettered = 0, ended = false, watermark } = read;
    this.#records += skipped + deadLettered + (batch?.length ?? 0);
    this.#options.bad.told(skipped, deadLettered);
    const isEmpty = !batch || batch.length === 0;
    if (isEmpty && !ended && watermark === undefined) return [];
    this.#checkPartition(partition);
    const pieces = isEmpty ? [] : this.#takeRows(batch, partition);
    if (watermark !== undefined && this.#watermarks) {
      pieces.push(...this.advance(watermark - this.#behind));
    }
    const all = ended ? [...pieces, ...this.#end(partition)] : pieces;
    this.#alignment?.notify();
    return all;
  }

  /** What the blocks, or the batches, that come are made of: it is held to all columns there are. */
  #takeFormat(format: BlockFormat): void {
    const { plan, open, kernel } = this.#options;
    const { schema, decoder } = format;
    this.#resolve(schema);
    const { source } = this.#resolved!;
    this.#resolve(decoder.schema);
    const { picked, schema: sent } = this.#resolved = { ...this.#resolved!, source };
    if (open.blockBytes === undefined) return;
    const { column, format: written } = plan.time ?? {};
    const time = column !== undefined && this.#time
      ? { time: { column, ...(written && { format: written }) } }
      : {};
    const bound = plan.time?.bound ?? 0;
    const { blockBytes } = format;
    if (blockBytes !== undefined) this.#arena?.open(blockBytes);
    const arena = this.#arena?.memory;
    const rows = { bound, picked, schema: sent };
    const intake: IntakeSpec = { decoder, ...time, ...rows, ...(arena && { arena }) };
    const reading = new BlockReading(format, { spec: intake, kernel });
    this.#blocks = { intake, reading, history: new BlockHistory() };
  }

  #takeBlock(given: SourceBlock): FeedBlock {
    if (!this.#blocks) throw this.#mixed("a block, which was not asked for or has no format");
    const { history, reading } = this.#blocks;
    const block = new BlockContent(given, reading, this.#arena);
    history.append(block);
    const unknown = { watermark: -Infinity, watermarkAfter: -Infinity, cap: Infinity };
    return { block, partition: 0, position: given.offset, ...unknown };
  }

  #mixed(what: string): TypeError {
    return new TypeError(
      `Cannot read ${this.#source.name}: received ${what}; a source that is opened with blockBytes ` +
        `gives either batches, or a format and then blocks`,
    );
  }

  /** By processing time no row is older than the last look at the clock. */
  #lookAtClock(): void {
    if (this.#clock) this.#watermarks!.advance(this.#clock.nowMs);
  }

  #takeRows(batch: RecordBatch, partition: number): FeedBatch[] {
    this.#checkSchema(batch);
    this.#lookAtClock();
    const start = this.#positions[partition];
    const { batch: kept, rows } = this.#timed(batch, partition);
    const pieces = this.#watermarks
      ? this.#cut(kept, { partition, watermarks: this.#watermarks })
      : this.#sized(this.#pick(kept)).map((piece) => this.#place(piece, partition));
    this.#positions[partition] = start + batch.length;
    return rows ? withPositions(pieces, rows.map((row) => start + row)) : pieces;
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#batches.return?.();
    this.#blocks?.reading[Symbol.dispose]();
  }

  #checkPartition(partition: number): void {
    const { name } = this.#source;
    if (!(partition in this.#positions)) {
      throw new RangeError(
        `Cannot read ${name}: it has ${this.#positions.length} partitions, received a batch of ` +
          `partition ${partition}`,
      );
    }
    if (!this.#ended.has(partition)) return;
    throw new RangeError(
      `Cannot read ${name}: received a batch of partition ${partition} after that had ended; ` +
        `say ended with the last one`,
    );
  }

  /** A partition holds the watermark back no longer; tells what that comes to. */
  #end(partition: number): FeedBatch[] {
    this.#ended.add(partition);
    // With the last one the source ends, and all windows with it.
    if (this.#ended.size === this.#greatest.length) return [];
    if (this.#watermarks) {
      this.#watermarks.end(partition);
      const moved = this.tick();
      return moved ? [moved] : [];
    }
    return this.#raised(() => this.#greatest[partition] = Infinity);
  }

  /** Tells what it comes to when greatest times are raised. */
  #raised(raise: () => void): FeedBatch[] {
    const before = Math.min(...this.#greatest);
    raise();
    const after = Math.min(...this.#greatest);
    if (!timeColumn(this.#resolved) || after <= before) return [];
    const { bound } = this.#options.plan.time!;
    return [this.#moved(this.#resolved!, before - bound, after - bound)];
  }

  /** No rows, but a watermark that has moved. */
  #moved({ schema }: ResolvedPlan, watermark: number, watermarkAfter: number): FeedBatch {
    const batch = RecordBatch.fromRows([], { schema });
    const position = this.#positions[0];
    return this.#decided({ batch, partition: 0, position, watermark, watermarkAfter });
  }

  #checkSchema(batch: RecordBatch): void {
    if (!this.#sourceSchema) return this.#resolve(batch.schema);
    const isSame = batch.schema === this.#sourceSchema ||
      sameFields(batch.schema.fields, this.#sourceSchema.fields);
    if (isSame) return;
    throw new TypeError(
      `Cannot read ${this.#source.name}: a batch has the columns ${batch.names.join(", ")}, ` +
        `those before had ${this.#sourceSchema.fields.map(({ name }) => name).join(", ")}; ` +
        `all batches of a source need the same names and types: give a schema`,
    );
  }

  #resolve(schema: Schema): void {
    const { open, tellsLate } = this.#options;
    const plan = this.#plan;
    this.#sourceSchema = schema;
    this.#time = eventTimesOf(plan, schema, () => this.#clock!.nowMs);
    const whole = open.badRecords === "deadLetter";
    this.#resolved = resolvePlan(plan, this.#time?.schema ?? schema, { whole, tellsLate });
  }

  /** With event times; rows whose time cannot be read are out, and then it is said which are not. */
  #timed(given: RecordBatch, partition: number): { batch: RecordBatch; rows?: number[] } {
    const { bad } = this.#options;
    const { batch, bad: badTimes } = this.#time?.convert(given) ?? { batch: given, bad: [] };
    for (const { row, error } of badTimes) {
      const { name, message } = error;
      const position = this.#positions[partition] + row;
      bad.report({ record: given.row(row).toObject(), error: { name, message }, position });
    }
    if (badTimes.length === 0) return { batch };
    const gone = new Set(badTimes.map(({ row }) => row));
    const rows = [...Array(batch.length).keys()].filter((row) => !gone.has(row));
    return { batch: batch.take(rows), rows };
  }

  /** Cut to size. */
  #sized(picked: RecordBatch): RecordBatch[] {
    const { batchRows, maxBytes } = this.#options;
    const pieces: RecordBatch[] = [];
    for (let row = 0; row < picked.length; row += batchRows) {
      const piece = picked.length <= batchRows ? picked : picked.slice(row, row + batchRows);
      pieces.push(...splitBatch(piece, maxBytes));
    }
    return pieces;
  }

  #pick(batch: RecordBatch, columns: readonly Column[] = batch.columns): RecordBatch {
    const { schema, picked } = this.#resolved!;
    if (picked.length === batch.columns.length && columns === batch.columns) return batch;
    return new RecordBatch(schema, picked.map((at) => columns[at]), batch.length);
  }

  /** A piece whose watermarks are those of all partitions; the bees of a calendar know even times. */
  #decided({ watermark, watermarkAfter, ...piece }: Omit<FeedBatch, "cap">): FeedBatch {
    const { calendar } = this.#options.plan;
    const told = calendar
      ? { watermark: calendar.toEven(watermark), watermarkAfter: calendar.toEven(watermarkAfter) }
      : { watermark, watermarkAfter };
    return { ...piece, ...told, cap: Infinity };
  }

  /** Cut to size, with watermarks that are decided row by row. */
  #cut(
    batch: RecordBatch,
    { partition, watermarks }: { partition: number; watermarks: WatermarkFeed },
  ): FeedBatch[] {
    const { tellerOf } = this.#resolved as Required<ResolvedPlan>;
    const { length } = batch;
    const time = batch.column(this.#options.plan.time!.column);
    const timed = { length, partition, time, tell: tellerOf(batch) };
    watermarks.elapse();
    const pieces = this.#options.plan.ordered
      ? this.#marked(batch, timed, watermarks)
      : this.#cutByWatermark(batch, timed, watermarks);
    this.#told = pieces.at(-1)?.told ?? this.#told;
    return pieces.map(({ batch, watermark, told: watermarkAfter }) => {
      const position = this.#positions[partition];
      this.#positions[partition] += batch.length;
      return this.#decided({ batch, partition, position, watermark, watermarkAfter });
    });
  }

  /** So that each piece has one watermark. */
  #cutByWatermark(batch: RecordBatch, timed: TimedRows, watermarks: WatermarkFeed): ToldRows[] {
    const picked = this.#pick(batch);
    const { plan } = this.#options;
    const alone = plan.time!.lateBy === "partition";
    const cuts = watermarks.cut({ ...timed, nextEnd: nextEndOf(plan), alone });
    return cuts.flatMap(({ start, end, watermark, watermarkBefore, watermarkAfter }) => {
      const sized = this.#sized(cuts.length === 1 ? picked : picked.slice(start, end));
      return sized.map((batch, at): ToldRows => {
        const told = at === sized.length - 1 ? watermarkAfter : watermarkBefore;
        return { batch, watermark, told };
      });
    });
  }

  /** With the watermark before each row beside it. */
  #marked(batch: RecordBatch, timed: TimedRows, watermarks: WatermarkFeed): ToldRows[] {
    const { length } = batch;
    const values = watermarks.before(timed);
    const column: Column = { type: { kind: "f64" }, length, nullCount: 0, values };
    let row = 0;
    return this.#sized(this.#pick(batch, [...batch.columns, column])).map((batch) => {
      const watermark = values[row];
      row += batch.length;
      return { batch, watermark, told: row < length ? values[row] : watermarks.watermark };
    });
  }

  #place(batch: RecordBatch, partition: number): FeedBatch {
    const bound = this.#options.plan.time?.bound ?? 0;
    const position = this.#positions[partition];
    const watermark = this.#greatest[partition] - bound;
    const cap = this.#othersAt(partition) - bound;
    this.#positions[partition] += batch.length;
    const column = timeColumn(this.#resolved);
    if (column !== undefined) {
      const time = batch.column(column);
      const greatest = greatestTime(time, batch.length);
      if (greatest > this.#greatest[partition]) this.#greatest[partition] = greatest;
    }
    const watermarkAfter = Math.min(cap, this.#greatest[partition] - bound);
    return { batch, partition, position, watermark, watermarkAfter, cap };
  }

  /** The least of the greatest times of the other partitions. */
  #othersAt(partition: number): number {
    let least = Infinity;
    for (let other = 0; other < this.#greatest.length; other++) {
      if (other !== partition && this.#greatest[other] < least) least = this.#greatest[other];
    }
    return least;
  }
}

/** The pieces of rows that have these positions. */
function withPositions(pieces: readonly FeedBatch[], all: readonly number[]): FeedBatch[] {
  let row = 0;
  return pieces.map((piece) => {
    const positions = Float64Array.from(all.slice(row, row += piece.batch.length));
    return { ...piece, position: positions[0], positions };
  });
}

/** The column of event times in what goes to the bees, where they put rows into windows. */
function timeColumn(resolved: ResolvedPlan | undefined): string | undefined {
  return resolved?.window?.time ?? resolved?.ordered?.time;
}

/** The first end after a watermark of a window that holds a time. */
function nextEndOf(
  plan: PipelinePlan,
): (time: number, watermark: number) => number {
  const { calendar } = plan;
  if (!calendar) {
    const shape = new SharedShape(allWindows(plan));
    return (time, watermark) => shape.nextEnd(time, watermark);
  }
  return (time, watermark) => {
    const end = calendar.window.endOf(time);
    return end > watermark ? end : Infinity;
  };
}

/**
 * Opens a source.
 *
 * @throws {TypeError} when it gives nothing that can be iterated.
 */
export function batchesOf(source: Source, options: SourceOptions): AsyncIterator<SourceBatch> {
  const opened: unknown = source.open(options);
  if (typeof opened === "object" && opened !== null && Symbol.asyncIterator in opened) {
    return (opened as AsyncIterable<SourceBatch>)[Symbol.asyncIterator]();
  }
  throw new TypeError(
    `Cannot read ${source.name}: its open() must give an async iterable, received ${typeof opened}`,
  );
}

/** What a source gives may come from anybody: nothing of it may pass for no records. */
function checkedRead(read: SourceBatch, name: string): SourceBatch {
  const { batch, skipped = 0, deadLettered = 0 } = Object(read) as SourceBatch;
  const isGiven = typeof read === "object" && read !== null;
  if (!isGiven || !(batch === undefined || batch instanceof RecordBatch)) {
    throw new TypeError(
      `Cannot read ${name}: a source gives objects such as { batch }, with a RecordBatch in it, ` +
        `received ${isGiven ? `a batch that is ${typeof batch}` : String(read)}`,
    );
  }
  for (const count of [skipped, deadLettered]) {
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new RangeError(
      `Cannot read ${name}: skipped and deadLettered must be whole numbers, received ${count}`,
    );
  }
  return read;
}

/**
 * Whether a row may belong to a session that the watermark has reached the end of, but not passed:
 * one that is exactly a gap later. How often a watermark is handed on must not decide that.
 */
function touchesAtEnd({ ordered }: PipelinePlan): boolean {
  if (ordered?.operator.kind !== "windows") return false;
  const { window, semantics } = ordered.operator.windows;
  const { sessionsTouch, closing } = { ...FLINK_SEMANTICS, ...semantics };
  return window.kind === "session" && sessionsTouch && closing !== "passed";
}
