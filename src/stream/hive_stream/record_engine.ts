import { RecordReader } from "../../batch/records/mod.ts";
import { type BeeLoss, Hive } from "../../hive/hive.ts";
import { keyHash } from "../../hive/key_hash.ts";
import {
  aligned,
  hashBytes,
  readResultHeader,
  RECORD_HEADER_BYTES,
  RecordFrameKind,
  type ResultHeader,
  type RowError,
  writeWorkHeader,
} from "../../hive/record_frames.ts";
import type { RecordFunctionSpec } from "../../hive/record_function.ts";
import type { Role } from "../../hive/roles.ts";
import { type Outstanding, Scheduler } from "../../hive/scheduler.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { type SealedBatch, WorkQueue, type WorkRange } from "../../hive/work_queue.ts";
import { Histogram } from "../../metrics/histogram.ts";
import { BatchFiller } from "./batch_filler.ts";
import { Carriage } from "./carriage.ts";
import type { HiveStreamSettings } from "./hive_stream_options.ts";
import type { Submission } from "./inlet.ts";

/** Few enough that what is filled at the same time stays in the cache. */
const GROUPS_PER_BEE = 4;
const MOST_GROUPS = 64;
const KEY_COUNTERS = 1 << 16;
const MAX_BATCH_ID = 0x7fff_ffff;
const LOSSES_TO_ISOLATE = 2;
const ROLE_SHIFT_MS = 100;
const DISPATCHES_PER_CLOCK = 16;

/** Outcomes of consecutive rows of a batch. */
export interface RowOutcomes {
  /** The first row. */
  readonly from: number;
  /** The function's results; `undefined` where it threw. */
  readonly values: readonly unknown[];
  /** By row, where it threw or a bee was lost over it twice. */
  readonly errors: ReadonlyMap<number, RowError> | undefined;
}

/** What becomes of records; called by the engine. */
export interface EngineEvents {
  /** Rows of a batch have their outcome. */
  settled(batch: SealedBatch, outcome: RowOutcomes): void;
  /** Nothing more can be done. */
  failed(error: Error): void;
}

/** The values of a batch as they were submitted, decoded anew. */
export function submittedValues(batch: SealedBatch): unknown[] {
  const at = hashBytes(batch.rows);
  return new RecordReader().read(batch.body.subarray(at, at + batch.valueBytes));
}

/** What the engine needs of a stream's settings. */
export type EngineSettings = Omit<HiveStreamSettings<unknown>, "deadLetter">;

/** Carries records to bees and their results back, whatever happens to a bee. */
export class RecordEngine {
  /** Time from a batch's leaving to each of its results, in milliseconds. */
  readonly latency: Histogram = new Histogram();
  /** What records cost this thread. */
  readonly carriage: Carriage;
  readonly #settings: EngineSettings;
  readonly #events: EngineEvents;
  readonly #hive: Hive;
  readonly #queue: WorkQueue;
  readonly #scheduler: Scheduler;
  readonly #groups: number;
  readonly #fillers: BatchFiller[] = [];
  readonly #filled = new Set<BatchFiller>();
  readonly #values = new RecordReader();
  readonly #errors = new RecordReader();
  /** Unfinished records outside of the priority lanes, by 16 bits of the key's hash. */
  readonly #normal = new Int32Array(KEY_COUNTERS);
  readonly #sealedMs = new WeakMap<SealedBatch, number>();
  /** Until all bees have said that their function does without. */
  #sendKeys: boolean;
  #sequence = 0;
  #order = 0;
  /** Whether open batches may be closed before they are full. */
  #due = false;
  #batchId = 0;
  #unfinished = 0;
  #finished = 0;
  #rolesAtMs = 0;
  #dispatches = 0;
  #newSources = 0;

  /** An engine whose bees are not born yet. */
  constructor(
    settings: EngineSettings,
    options: { fn: RecordFunctionSpec; events: EngineEvents },
  ) {
    const { runtime, workers, ordered } = settings;
    this.#settings = settings;
    this.#events = options.events;
    this.carriage = new Carriage(() => runtime.monotonicMs());
    this.#sendKeys = options.fn.usesInfo;
    this.#groups = ordered === false ? 1 : groupsFor(workers);
    this.#queue = new WorkQueue(this.#groups, { ordered: ordered !== false });
    this.#hive = new Hive({
      workers,
      runtime,
      ringBytes: settings.ringBytes,
      recordTimeoutMs: settings.recordTimeoutMs,
      maxLostBees: settings.maxLostBees,
      task: {
        kind: "records",
        fn: options.fn,
        concurrency: settings.concurrency,
        recordTimeoutMs: settings.recordTimeoutMs,
        ordered: ordered !== false,
      },
      events: {
        ready: (_bee, { needsKeys }) => this.#sendKeys &&= needsKeys,
        frame: (bee, frame) => this.#received(bee, frame),
        lost: (bee, loss) => this.#lost(bee, loss),
        failed: (error) => this.#events.failed(error),
      },
    });
    this.#scheduler = new Scheduler(this.#queue, {
      floor: this.#hive.danceFloor,
      bees: workers,
      nowMs: () => runtime.monotonicMs(),
    });
  }

  /** Accepted records without a result. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Records that have a result, or an error. */
  get finished(): number {
    return this.#finished;
  }

  /** Accepted records that are with no bee yet. */
  get waiting(): number {
    return this.#unfinished - this.#scheduler.rowsInFlight;
  }

  /** The hive below. */
  get hive(): Hive {
    return this.#hive;
  }

  /** What each bee is there for at the moment. */
  get roles(): readonly (readonly Role[])[] {
    this.#shiftRoles();
    return this.#scheduler.roles;
  }

  /** Ranges of records that a bee holds. */
  rangesAt(bee: number): number {
    return this.#scheduler.rangesAt(bee);
  }

  /** Sources that were added and not read from yet: they are what scouts look after. */
  announceSources(count: number): void {
    this.#newSources = count;
    this.#scheduler.shiftRoles(count);
  }

  /**
   * Takes a record in; it leaves with its batch.
   *
   * @throws {TypeError | RangeError} when the value cannot cross to a bee; nothing has happened then.
   */
  accept(submission: Submission<unknown>): void {
    const hash = keyHash(submission.key);
    // In front of others only if no earlier record of its own key would be overtaken.
    const priority = submission.priority && this.#normal[hash & (KEY_COUNTERS - 1)] === 0;
    const filler = this.#filler(hash & (this.#groups - 1), priority);
    const full = this.carriage.isDue
      ? this.#addTimed(filler, submission, hash)
      : filler.add(submission, hash);
    this.#sequence++;
    this.#unfinished++;
    if (!priority) this.#normal[hash & (KEY_COUNTERS - 1)]++;
    if (full) this.#fullBatch(filler);
    else if (filler.rows === 1) this.#filled.add(filler);
  }

  /** On its own, because a function that makes a closure costs something in each call. */
  #addTimed(filler: BatchFiller, submission: Submission<unknown>, hash: number): boolean {
    return this.carriage.out(() => filler.add(submission, hash));
  }

  /** Whether there are records whose batch has not left. */
  get hasOpenBatches(): boolean {
    return this.#filled.size > 0;
  }

  /** Lets partly filled batches leave, as soon as a bee has room for them. */
  flush(): void {
    if (this.#filled.size === 0) return;
    this.#due = true;
    this.dispatch();
  }

  /** Takes in what the bees have finished and gives them more; whether there was anything. */
  pump(): boolean {
    const any = this.#hive.poll();
    if (any || this.#due || this.#queue.rows > 0) this.dispatch();
    return any;
  }

  /** Somebody waits for a result: does what can be done for it now. */
  serve(): void {
    this.#hive.poll();
    // While the bees have nothing at all, waiting for more records to join would serve nobody.
    if (this.#scheduler.rowsInFlight === 0) this.#due ||= this.#filled.size > 0;
    this.dispatch();
  }

  /** Gives every bee that has room what it should have next. */
  dispatch(): void {
    const turns = this.#scheduler.turns();
    for (let given = true; given;) {
      given = false;
      for (const bee of turns) given = this.#give(bee) || given;
    }
    if (this.#dispatches++ % DISPATCHES_PER_CLOCK === 0) this.#shiftRoles();
  }

  #filler(group: number, priority: boolean): BatchFiller {
    const at = 2 * group + (priority ? 1 : 0);
    const { ordered, onError } = this.#settings;
    const keepSequences = ordered === "all" || onError === "deadLetter";
    return this.#fillers[at] ??= new BatchFiller({
      group,
      priority,
      sendKeys: () => this.#sendKeys,
      sequence: keepSequences ? () => this.#sequence : undefined,
      maxFrameBytes: this.#hive.maxFrameBytes,
    });
  }

  #fullBatch(filler: BatchFiller): void {
    this.#filled.delete(filler);
    this.#seal(filler);
    this.pump();
  }

  #seal(filler: BatchFiller): void {
    // What was submitted here with high priority must not be overtaken by a later one of its key.
    const urgent = filler.priority ? undefined : this.#fillers[2 * filler.group + 1];
    if (urgent && this.#filled.delete(urgent)) this.#seal(urgent);
    const batch = filler.seal(this.#order++);
    this.#sealedMs.set(batch, this.#settings.runtime.monotonicMs());
    this.#queue.enqueue({ batch, from: 0, to: batch.rows, losses: 0 });
  }

  /**
   * What the bee should have next. Open batches are closed only for a bee that has nothing else,
   * so that batches are small when there is little to do and full when there is much.
   */
  #nextFor(bee: number): WorkRange | undefined {
    if (!this.#scheduler.hasRoom(bee)) return undefined;
    if (this.#due) this.#sealFor(bee, true);
    const range = this.#scheduler.next(bee);
    if (range || !this.#due) return range;
    return this.#sealFor(bee, false) ? this.#scheduler.next(bee) : undefined;
  }

  /** Closes the oldest open batch that the bee may have; whether there was one. */
  #sealFor(bee: number, priority: boolean): boolean {
    for (const filler of this.#filled) {
      if (filler.priority !== priority || !this.#queue.isFreeFor(filler.group, bee)) continue;
      this.#filled.delete(filler);
      if (this.#filled.size === 0) this.#due = false;
      this.#seal(filler);
      return true;
    }
    return false;
  }

  #give(bee: number): boolean {
    const range = this.#nextFor(bee);
    if (!range) return false;
    const { batch, from, to } = range;
    const frame = this.#hive.reserve(bee, RECORD_HEADER_BYTES + batch.body.length);
    if (!frame) {
      this.#queue.settle(range);
      this.#queue.putBack(range);
      return false;
    }
    const id = this.#batchId = (this.#batchId + 1) & MAX_BATCH_ID;
    const { rows, valueBytes, keyBytes } = batch;
    const suspect = range.losses > 0;
    writeWorkHeader(frame, { batch: id, from, to, rows, valueBytes, keyBytes, suspect });
    frame.set(batch.body, RECORD_HEADER_BYTES);
    this.#hive.send(bee);
    this.#scheduler.sent(bee, id, range);
    return true;
  }

  #received(bee: number, frame: Uint8Array): void {
    const header = readResultHeader(frame);
    if (header.kind === RecordFrameKind.fatal) {
      const [error] = this.#errors.read(frame.subarray(RECORD_HEADER_BYTES)) as RowError[];
      return this.#events.failed(new StreamingError(error.message));
    }
    const outstanding = this.#scheduler.at(bee, header.batch);
    if (!outstanding || header.from !== outstanding.done) return;
    const { batch } = outstanding.range;
    this.#scheduler.progressed(bee, header.batch, header.rows);
    const take = () => this.#settle(batch, this.#outcome(frame, header));
    const endMs = this.carriage.back(header.rows, take);
    this.latency.record(endMs - (this.#sealedMs.get(batch) ?? endMs), header.rows);
  }

  #outcome(frame: Uint8Array, header: ResultHeader): RowOutcomes {
    const at = RECORD_HEADER_BYTES;
    const values = this.#values.read(frame.subarray(at, at + header.valueBytes));
    return { from: header.from, values, errors: this.#rowErrors(frame, header) };
  }

  #rowErrors(frame: Uint8Array, header: ResultHeader): Map<number, RowError> | undefined {
    if (header.errorBytes === 0) return undefined;
    const at = RECORD_HEADER_BYTES + aligned(header.valueBytes);
    const errors = this.#errors.read(frame.subarray(at, at + header.errorBytes)) as RowError[];
    return new Map(errors.map((error) => [error.index, error]));
  }

  #settle(batch: SealedBatch, outcome: RowOutcomes): void {
    this.#uncount(batch, { from: outcome.from, rows: outcome.values.length });
    this.#events.settled(batch, outcome);
  }

  #uncount(batch: SealedBatch, { from, rows }: { from: number; rows: number }): void {
    this.#unfinished -= rows;
    this.#finished += rows;
    if (batch.priority) return;
    const hashes = new Int32Array(batch.body.buffer, batch.body.byteOffset, batch.rows);
    for (let row = from; row < from + rows; row++) {
      this.#normal[hashes[row] & (KEY_COUNTERS - 1)]--;
    }
  }

  /** What a lost bee had goes back to the heads of the lines, to be done by another alone. */
  #lost(bee: number, loss: BeeLoss): void {
    for (const lost of this.#scheduler.reclaim(bee).reverse()) {
      const { range, done } = lost;
      const rest: WorkRange = { ...range, from: done, losses: range.losses + 1 };
      if (rest.from === rest.to) continue;
      if (rest.losses < LOSSES_TO_ISOLATE) this.#queue.putBack(rest);
      else this.#isolate(rest, { guilty: guiltyRow(lost, loss), loss });
    }
    this.dispatch();
  }

  /** A range has cost two bees: finds the record that does it, by the bee's own word or by halves. */
  #isolate(range: WorkRange, { guilty, loss }: { guilty?: number; loss: BeeLoss }): void {
    const { batch, from, to } = range;
    const losses = LOSSES_TO_ISOLATE - 1;
    const back = (part: { from: number; to: number }) => {
      if (part.from < part.to) this.#queue.putBack({ batch, losses, ...part });
    };
    const row = to - from === 1 ? from : guilty;
    if (row === undefined) {
      const middle = (from + to) >> 1;
      back({ from: middle, to });
      return back({ from, to: middle });
    }
    back({ from: row + 1, to });
    back({ from, to: row });
    const message = `Cannot process record: two bees were lost over it, the last one because: ` +
      loss.cause.message;
    const errors = new Map([[row, { index: row, name: "LostBeeError", message }]]);
    this.#settle(batch, { from: row, values: [undefined], errors });
  }

  #shiftRoles(): void {
    const nowMs = this.#settings.runtime.monotonicMs();
    if (nowMs - this.#rolesAtMs < ROLE_SHIFT_MS) return;
    this.#rolesAtMs = nowMs;
    this.#scheduler.shiftRoles(this.#newSources);
  }
}

/** A power of two, so that a mask tells the group of a hash. */
function groupsFor(workers: number): number {
  return Math.min(MOST_GROUPS, 2 ** Math.ceil(Math.log2(GROUPS_PER_BEE * workers)));
}

/** The row that the bee was at, if it says so of this range. */
function guiltyRow(
  { id, range, done }: Outstanding & { readonly id: number },
  { cursor }: BeeLoss,
): number | undefined {
  const { batch, low, high } = cursor;
  const precise = batch === id && high === low + 1 && low >= done && low < range.to;
  return precise ? low : undefined;
}
