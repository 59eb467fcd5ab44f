import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { greatestTime } from "../hive/event_times.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import { FLINK_SEMANTICS } from "../windows/window_semantics.ts";
import { Alignment, checkAligns, type PartitionMarks } from "./alignment.ts";
import type { BadInputs } from "./bad_inputs.ts";
import { BlockFeed, type FeedBlocks } from "./block_feed.ts";
import { FeedColumns } from "./feed_columns.ts";
import { DecidedWatermarks, type WatermarkMove } from "./decided_watermarks.ts";
import type { FeedBatch, FeedItem } from "./feed_item.ts";
import { FeedPartitions } from "./feed_partitions.ts";
import { keptRows, withStanding } from "./kept_rows.ts";
import { batchesOf, checkedRead } from "./open_source.ts";
import type { PartitionTimes } from "./partition_times.ts";
import type { PipelinePlan, ResolvedPlan } from "./pipeline_plan.ts";
import type { BlockFormat, Source, SourceBatch, SourceOptions, SourceProgress } from "./source.ts";
import { stageOf } from "./stage.ts";
import type { ToldRows } from "./told_rows.ts";

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

/** Reads a source and decides event times and watermarks in the order of its rows. */
export class BatchFeed {
  readonly #source: Source;
  readonly #options: BatchFeedOptions;
  readonly #columns: FeedColumns;
  readonly #batches: AsyncIterator<SourceBatch>;
  readonly #partitions: FeedPartitions;
  /** Where watermarks are more than a bound behind the greatest time. */
  readonly #watermarks: DecidedWatermarks | undefined;
  /** By how much windows judge behind the watermark that comes with rows, ms. */
  readonly #behind: number;
  /** Where partitions wait for each other. */
  readonly #alignment: Alignment | undefined;
  #records = 0;
  /** Where bees decode what the source gives. */
  readonly #blocks: BlockFeed | undefined;
  #progress: SourceProgress = { bytes: 0 };
  #greatest = -Infinity;

  /** Opens a source. */
  constructor(source: Source, options: BatchFeedOptions) {
    const { partitions = 1 } = source;
    const { plan, open: { runtime, badRecords, blockBytes }, kernel } = options;
    this.#source = source;
    this.#options = options;
    const { bound = 0, maxDriftMs } = plan.time ?? {};
    this.#partitions = new FeedPartitions(source.name, { count: partitions, bound });
    // Other sources that tell watermarks tell them once, and mean them.
    this.#behind = stageOf(source) && touchesAtEnd(plan) ? 1 : 0;
    const now = () => this.#watermarks!.nowMs;
    const about = { name: source.name, whole: badRecords === "deadLetter", now };
    this.#columns = new FeedColumns({ ...options, ...about });
    const watermarks = plan.time?.watermarks;
    if (watermarks && (plan.window || plan.ordered)) {
      this.#watermarks = new DecidedWatermarks(plan, { watermarks, partitions, runtime });
    }
    if (source.schema) this.#columns.resolve(source.schema);
    if (maxDriftMs !== undefined && (plan.window || plan.ordered)) {
      checkAligns(source);
      this.#alignment = new Alignment(maxDriftMs, this.#marks);
    }
    const alignment = this.#alignment;
    if (blockBytes !== undefined) this.#blocks = new BlockFeed(runtime, kernel);
    this.#batches = batchesOf(source, {
      ...options.open,
      ...(this.#blocks && { blockMemory: this.#blocks.memory }),
      ...(alignment && { alignment }),
    });
  }

  get #marks(): PartitionMarks {
    const watermarks = this.#watermarks?.feed;
    const { times } = this.#partitions;
    return !watermarks ? times : {
      length: times.length,
      markOf: (partition) => watermarks.markOf(partition),
      holdsBack: (partition) => watermarks.holdsBack(partition),
    };
  }

  /** Records read so far, those that could not be used included. */
  get records(): number {
    return this.#records;
  }

  /** Records were found in a block of which nobody knew. */
  told(records: number): void {
    this.#records += records;
    this.#blocks?.told();
  }

  /** The greatest event time of the rows last taken, ms, where that was asked for. */
  get greatest(): number {
    return this.#greatest;
  }

  /** How far the source has come, as far as it tells. */
  get progress(): SourceProgress {
    return this.#progress;
  }

  /** What its blocks come to, once that is known, where it gives blocks. */
  get blocks(): FeedBlocks | undefined {
    return this.#blocks?.opened;
  }

  /** The plan, once the columns are known. */
  get resolved(): ResolvedPlan | undefined {
    return this.#columns.resolved;
  }

  /**
   * The columns are known that functions give; absent where a step has none of its own.
   *
   * @throws {TypeError} when the plan does not fit them.
   */
  learned(columns: readonly (Schema | undefined)[]): void {
    this.#columns.learned(columns);
  }

  /** Reads on; `undefined` at the end. */
  async read(): Promise<SourceBatch | undefined> {
    this.wait(true);
    const { done, value } = await this.#batches.next().finally(() => this.wait(false));
    return done ? undefined : checkedRead(value, this.#source.name);
  }

  /** The source is waited for, or no longer. */
  wait(isWaiting: boolean): void {
    this.#watermarks?.feed.wait(isWaiting);
  }

  /** The watermark is at least this from now on, ms; tells what that comes to. */
  advance(watermark: number): FeedBatch[] {
    if (this.#watermarks) {
      this.#watermarks.feed.advance(watermark);
      const moved = this.tick();
      return moved ? [moved] : [];
    }
    return this.#raised((times) => times.raise(watermark));
  }

  /** Milliseconds of silence after which {@linkcode BatchFeed.tick} may have something to tell. */
  dueIn(): number {
    return this.#watermarks?.dueIn() ?? Infinity;
  }

  /** No rows, but a watermark that has moved by the clock; `undefined`: it has not. */
  tick(): FeedBatch | undefined {
    this.#watermarks?.feed.elapse();
    this.#alignment?.notify();
    this.#watermarks?.lookAtClock();
    const move = this.resolved && this.#watermarks?.tell();
    return move && this.#moved(move);
  }

  /** No rows and no other watermark: brings the clock to the bees. Only after rows have come. */
  beat(): FeedBatch {
    const watermark = this.#watermarks?.told ?? this.#partitions.times.watermark;
    return this.tick() ?? this.#moved({ watermark, watermarkAfter: watermark });
  }

  /**
   * Takes what was read in: counted, placed, and cut to what a bee is sent at a time.
   *
   * @param asksGreatest Whether {@linkcode BatchFeed.greatest} is asked for.
   * @throws {TypeError | RangeError} when the plan does not fit the columns, or a row is too large.
   * @throws {BadInputError} when a time cannot be read and that is the end.
   */
  take(read: SourceBatch, asksGreatest = false): FeedItem[] {
    this.#greatest = -Infinity;
    if (read.progress) this.#progress = read.progress;
    if (read.schema) this.#columns.announce(read.schema);
    if (read.names) this.#columns.named(read.names);
    const grown = read.partitions === undefined ? [] : this.#grow(read.partitions);
    if (read.format) this.#takeFormat(read.format);
    if (read.delivered !== undefined) this.#begin(read.partition ?? 0, read.delivered);
    if (grown.length > 0 || read.block) return [...grown, ...this.#takeBlock(read)];
    if (this.blocks && read.batch) throw this.#mixed("a batch after it had given blocks");
    const { batch, partition = 0, skipped = 0, deadLettered = 0, ended = false, watermark } = read;
    this.#records += skipped + deadLettered + (batch?.length ?? 0);
    this.#options.bad.told(skipped, deadLettered);
    const isEmpty = !batch || batch.length === 0;
    if (isEmpty && !ended && watermark === undefined) return [];
    this.#partitions.check(partition);
    const pieces: FeedItem[] = isEmpty ? [] : this.#takeRows(read, { partition, asksGreatest });
    if (watermark !== undefined && this.#watermarks) {
      pieces.push(...this.advance(watermark - this.#behind));
    }
    const all = ended ? [...pieces, ...this.#end(partition)] : pieces;
    this.#alignment?.notify();
    return all;
  }

  /** What of a partition is in windows that end by then, ms, was delivered before. */
  #begin(partition: number, delivered: number): void {
    this.#partitions.begin(partition, delivered);
    if (this.#watermarks) return this.#watermarks.feed.begin(partition, delivered);
    this.#partitions.times.begin(partition, delivered);
    this.#blocks?.begin(partition, delivered + (this.#options.plan.time?.bound ?? 0));
  }

  /**
   * Up to where windows are delivered once they have left up to a watermark, ms; `undefined` where
   * that is not to be told, as rows of a partition may come again that has ended.
   */
  delivered(left: number): number | undefined {
    return this.#partitions.delivered(left);
  }

  /** There are more partitions from now on; tells what that comes to. */
  #grow(partitions: number): FeedItem[] {
    const { count, times: { haveEnded: hadEnded }, lastEnded } = this.#partitions;
    this.#partitions.grow(partitions);
    this.#watermarks?.feed.grow(partitions);
    if (!this.blocks || !this.#columns.timeColumn || partitions === count) return [];
    const marked = Array.from({ length: partitions - count }, (_, at) => {
      return this.#blocks!.mark(count + at, "begins");
    });
    // the last of all was to hold the watermark until now
    return hadEnded ? [...marked, this.#blocks!.mark(lastEnded, "ends")] : marked;
  }

  #takeBlock({ block, partition = 0, ended = false }: SourceBatch): FeedItem[] {
    if (block && !this.blocks) {
      throw this.#mixed("a block, which was not asked for or has no format");
    }
    if (!block && !ended) return [];
    this.#partitions.check(partition);
    const blocks = block ? [this.#blocks!.take(block, partition)] : [];
    return ended ? [...blocks, ...this.#end(partition)] : blocks;
  }

  /** What the blocks, or the batches, that come are made of: it is held to all columns there are. */
  #takeFormat(format: BlockFormat): void {
    const intake = this.#columns.takeFormat(format);
    const { times: { open }, lastEnded } = this.#partitions;
    this.#blocks?.open(format, intake, open.length > 0 ? open : [lastEnded]);
  }

  #mixed(what: string): TypeError {
    return new TypeError(
      `Cannot read ${this.#source.name}: received ${what}; a source that is opened with blockBytes ` +
        `gives either batches, or a format and then blocks`,
    );
  }

  #takeRows(
    read: SourceBatch,
    { partition, asksGreatest }: { readonly partition: number; readonly asksGreatest: boolean },
  ): FeedBatch[] {
    const batch = read.batch!;
    const columns = this.#columns;
    columns.check(batch);
    this.#watermarks?.lookAtClock();
    const start = this.#partitions.positionOf(partition);
    const { batch: kept, rows } = keptRows(read, { columns, bad: this.#options.bad, start });
    const { timeColumn } = columns;
    if (asksGreatest && timeColumn !== undefined) {
      this.#greatest = greatestTime(kept.column(timeColumn), kept.length);
    }
    const pieces = this.#watermarks
      ? this.#watermarks.cut(kept, { partition, columns }).map((rows) =>
        this.#told(rows, partition)
      )
      : columns.sized(columns.pick(kept)).map((piece) => this.#place(piece, partition));
    this.#partitions.moveTo(partition, start + batch.length);
    return withStanding(pieces, { rows, start, placeOf: read.placeOf });
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#batches.return?.();
    this.release();
  }

  /** Lets go of everything but the source. */
  release(): void {
    this.#blocks?.[Symbol.dispose]();
  }

  /** A partition holds the watermark back no longer; tells what that comes to. */
  #end(partition: number): FeedItem[] {
    this.#partitions.end(partition);
    // With the last one the source ends, and all windows with it.
    if (this.#partitions.times.haveEnded) return [];
    if (this.#watermarks) {
      this.#watermarks.feed.end(partition);
      const moved = this.tick();
      return moved ? [moved] : [];
    }
    if (this.blocks) {
      return this.#columns.timeColumn ? [this.#blocks!.mark(partition, "ends")] : [];
    }
    return this.#raised((times) => times.release(partition));
  }

  /** Tells what it comes to when watermarks are raised. */
  #raised(raise: (times: PartitionTimes) => void): FeedBatch[] {
    const { times } = this.#partitions;
    const before = times.watermark;
    raise(times);
    const after = times.watermark;
    if (!this.#columns.timeColumn || after <= before) return [];
    return [this.#moved({ watermark: before, watermarkAfter: after })];
  }

  /** No rows, but a watermark that has moved. */
  #moved(move: WatermarkMove): FeedBatch {
    const batch = RecordBatch.fromRows([], { schema: this.resolved!.schema });
    const position = this.#partitions.positionOf(0);
    return this.#decided({ batch, partition: 0, position, ...move });
  }

  /** A piece whose watermarks are those of all partitions; the bees of a calendar know even times. */
  #decided({ watermark, watermarkAfter, ...piece }: Omit<FeedBatch, "cap">): FeedBatch {
    const { calendar } = this.#options.plan;
    const told = calendar
      ? { watermark: calendar.toEven(watermark), watermarkAfter: calendar.toEven(watermarkAfter) }
      : { watermark, watermarkAfter };
    return { ...piece, ...told, cap: Infinity };
  }

  /** A piece of rows with watermarks that were decided row by row. */
  #told({ batch, watermark, told: watermarkAfter }: ToldRows, partition: number): FeedBatch {
    const position = this.#partitions.pass(partition, batch.length);
    return this.#decided({ batch, partition, position, watermark, watermarkAfter });
  }

  #place(batch: RecordBatch, partition: number): FeedBatch {
    const { timeColumn } = this.#columns;
    const position = this.#partitions.pass(partition, batch.length);
    const times = timeColumn === undefined ? undefined : batch.column(timeColumn);
    return { batch, partition, position, ...this.#partitions.times.place(partition, times) };
  }
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
