import { type BeeLoss, Hive } from "../../hive/hive.ts";
import { keyHash } from "../../hive/key_hash.ts";
import {
  readResultHeader,
  RECORD_HEADER_BYTES,
  RecordFrameKind,
  writeWorkHeader,
} from "../../hive/record_frames.ts";
import type { RecordFunctionSpec } from "../../hive/record_function.ts";
import type { Role } from "../../hive/roles.ts";
import { Scheduler } from "../../hive/scheduler.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { type SealedBatch, WorkQueue, type WorkRange } from "../../hive/work_queue.ts";
import { Histogram } from "../../metrics/histogram.ts";
import type { BatchFiller } from "./batch_filler.ts";
import { Carriage } from "./carriage.ts";
import type { HiveStreamSettings } from "./hive_stream_options.ts";
import type { Submission } from "./inlet.ts";
import { isolateRecord, LOSSES_TO_ISOLATE, rowAtLoss } from "./isolate_record.ts";
import { OpenBatches } from "./open_batches.ts";
import { ResultReader, type RowOutcomes } from "./result_reader.ts";

/** Few enough that what is filled at the same time stays in the cache. */
const GROUPS_PER_BEE = 4;
const MOST_GROUPS = 64;
const KEY_COUNTERS = 1 << 16;
const MAX_BATCH_ID = 0x7fff_ffff;
const ROLE_SHIFT_MS = 100;
const DISPATCHES_PER_CLOCK = 16;

/** What becomes of records; called by the engine. */
export interface EngineEvents {
  /** Rows of a batch have their outcome. */
  settled(batch: SealedBatch, outcome: RowOutcomes): void;
  /** Nothing more can be done. */
  failed(error: Error): void;
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
  readonly #open: OpenBatches;
  readonly #results = new ResultReader();
  /** Unfinished records outside of the priority lanes, by 16 bits of the key's hash. */
  readonly #normal = new Int32Array(KEY_COUNTERS);
  /** Until all bees have said that their function does without. */
  #sendKeys: boolean;
  #sequence = 0;
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
    const queue = this.#queue = new WorkQueue(this.#groups, { ordered: ordered !== false });
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
    const keepSequences = ordered === "all" || settings.onError === "deadLetter";
    this.#open = new OpenBatches(queue, {
      sendKeys: () => this.#sendKeys,
      sequence: keepSequences ? () => this.#sequence : undefined,
      maxFrameBytes: () => this.#hive.maxFrameBytes,
      nowMs: () => runtime.monotonicMs(),
    });
    this.#scheduler = new Scheduler(queue, {
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
    const filler = this.#open.fillerOf(hash & (this.#groups - 1), priority);
    const full = this.carriage.isDue
      ? this.#addTimed(filler, submission, hash)
      : filler.add(submission, hash);
    this.#sequence++;
    this.#unfinished++;
    if (!priority) this.#normal[hash & (KEY_COUNTERS - 1)]++;
    if (full) {
      this.#open.full(filler);
      this.pump();
    } else if (filler.rows === 1) this.#open.opened(filler);
  }

  /** On its own, because a function that makes a closure costs something in each call. */
  #addTimed(filler: BatchFiller, submission: Submission<unknown>, hash: number): boolean {
    return this.carriage.out(() => filler.add(submission, hash));
  }

  /** Whether there are records whose batch has not left. */
  get hasOpenBatches(): boolean {
    return this.#open.hasAny;
  }

  /** Lets partly filled batches leave, as soon as a bee has room for them. */
  flush(): void {
    if (!this.#open.hasAny) return;
    this.#open.callIn();
    this.dispatch();
  }

  /** Takes in what the bees have finished and gives them more; whether there was anything. */
  pump(): boolean {
    const any = this.#hive.poll();
    if (any || this.#open.isDue || this.#queue.rows > 0) this.dispatch();
    return any;
  }

  /** Somebody waits for a result: does what can be done for it now. */
  serve(): void {
    this.#hive.poll();
    // While the bees have nothing at all, waiting for more records to join would serve nobody.
    if (this.#scheduler.rowsInFlight === 0) this.#open.callIn();
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

  /**
   * What the bee should have next. Open batches are closed only for a bee that has nothing else,
   * so that batches are small when there is little to do and full when there is much.
   */
  #nextFor(bee: number): WorkRange | undefined {
    if (!this.#scheduler.hasRoom(bee)) return undefined;
    if (this.#open.isDue) this.#open.sealFor(bee, true);
    const range = this.#scheduler.next(bee);
    if (range || !this.#open.isDue) return range;
    return this.#open.sealFor(bee, false) ? this.#scheduler.next(bee) : undefined;
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
      return this.#events.failed(new StreamingError(this.#results.fatal(frame).message));
    }
    const outstanding = this.#scheduler.at(bee, header.batch);
    if (!outstanding || header.from !== outstanding.done) return;
    const { batch } = outstanding.range;
    this.#scheduler.progressed(bee, header.batch, header.rows);
    const take = () => this.#settle(batch, this.#results.outcomes(frame, header));
    const endMs = this.carriage.back(header.rows, take);
    this.latency.record(endMs - (this.#open.sealedMs(batch) ?? endMs), header.rows);
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
      else this.#isolate(rest, rowAtLoss(lost, loss), loss.cause);
    }
    this.dispatch();
  }

  #isolate(range: WorkRange, told: number | undefined, cause: Error): void {
    const { again, guilty } = isolateRecord(range, told);
    for (const part of again.toReversed()) this.#queue.putBack(part);
    if (guilty === undefined) return;
    const message = `Cannot process record: two bees were lost over it, the last one because: ` +
      cause.message;
    const errors = new Map([[guilty, { index: guilty, name: "LostBeeError", message }]]);
    this.#settle(range.batch, { from: guilty, values: [undefined], errors });
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
