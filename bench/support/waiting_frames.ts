import { encodeFrame, frameSize } from "../../src/batch/frame.ts";
import { decodeFrame } from "../../src/batch/frame.ts";
import type { RecordBatch } from "../../src/batch/record_batch.ts";
import { Hive } from "../../src/hive/hive.ts";
import "../../src/hive/operator_loader.ts"; // for windows whose rows come to their owners in order
import {
  message,
  MESSAGE_HEADER_BYTES,
  messageBody,
  type MessageHeader,
  MessageKind,
  readMessageHeader,
  writeMessageHeader,
} from "../../src/hive/pipeline_frames.ts";
import { OrderedJob } from "../../src/stream/jobs/ordered_job.ts";
import { type PipelinePlan, resolvePlan } from "../../src/stream/pipeline_plan.ts";
import { type PipelineSettings, pipelineSettings } from "../../src/stream/pipeline_options.ts";
import { WindowJob } from "../../src/stream/jobs/window_job.ts";
import { type AnyWindow, windowedPlan } from "../../src/stream/window_plan.ts";
import type { Aggregates } from "../../src/windows/aggregates.ts";

/** A windowed aggregation whose rows all lie in the rings before it begins. */
export interface WaitingFramesOptions {
  readonly workers: number;
  /** Of each ring: all frames of a bee lie in it at once. */
  readonly ringBytes: number;
  readonly window: AnyWindow;
  readonly aggregates: Aggregates;
  /** Rows in the order of their column `at`, with the key `k`. */
  readonly batches: readonly RecordBatch[];
}

const NOTHING = {
  state: { sequence: 0, watermark: -Infinity, rows: 0 },
  snapshot: new Uint8Array(),
};

function taskOf({ window, aggregates, batches }: WaitingFramesOptions, settings: PipelineSettings) {
  const rows: PipelinePlan = {
    time: { column: "at", bound: 0 },
    steps: [],
    keys: ["k"],
    windowing: { assigner: window },
  };
  const plan = { ...rows, ...windowedPlan(rows, aggregates, settings) };
  const resolved = resolvePlan(plan, batches[0].schema);
  return resolved.ordered ? new OrderedJob(resolved, settings) : new WindowJob(resolved, settings);
}

function lastTime(batch: RecordBatch): number {
  return Number(batch.column("at").values![batch.length - 1]);
}

/**
 * Bees with all their work waiting in their rings.
 *
 * The frames say that they come after a reset, so that a bee that has seen the first of them waits
 * for it: the reset is the starting shot.
 */
export class WaitingFrames implements AsyncDisposable {
  readonly #options: WaitingFramesOptions;
  readonly #hive: Hive;
  readonly #rows: number;
  #generation = 0;
  #done = 0;
  #results = 0;
  #failure: Error | undefined;

  constructor(options: WaitingFramesOptions) {
    const { workers, ringBytes, batches } = options;
    const settings = pipelineSettings({ workers, ringBytes });
    const { task, exchanges } = taskOf(options, settings);
    this.#options = options;
    this.#rows = batches.reduce((sum, { length }) => sum + length, 0);
    this.#hive = new Hive({
      workers,
      runtime: settings.runtime,
      task,
      ringBytes,
      exchangeBytes: exchanges ? pipelineSettings({}).ringBytes : 0,
      recordTimeoutMs: settings.recordTimeoutMs,
      maxLostBees: 0,
      events: {
        frame: (_, frame) => this.#heard(frame),
        lost: (_, { cause }) => this.#failure ??= cause,
        failed: (error) => this.#failure ??= error,
      },
    });
  }

  /** Rows of results of the last round. */
  get results(): number {
    return this.#results;
  }

  /** Spawns the bees. */
  async start(): Promise<void> {
    await this.#hive.start();
  }

  /** Fills the rings for the next round. */
  fill(): void {
    const generation = ++this.#generation;
    let [sequence, position, watermark] = [0, 0, -Infinity];
    for (const batch of this.#options.batches) {
      const watermarkAfter = lastTime(batch);
      const place = { sequence, position, watermark, watermarkAfter, cap: Infinity };
      const header = message({ kind: MessageKind.work, generation, ...place });
      this.#put(sequence % this.#options.workers, header, batch);
      position += batch.length;
      watermark = watermarkAfter;
      sequence++;
    }
    const end = message({ kind: MessageKind.end, generation, sequence });
    for (let bee = 0; bee < this.#options.workers; bee++) this.#put(bee, end);
  }

  #put(bee: number, header: MessageHeader, batch?: RecordBatch): void {
    const bytes = MESSAGE_HEADER_BYTES + (batch ? frameSize(batch) : 0);
    const frame = this.#hive.reserve(bee, bytes);
    if (!frame) throw new RangeError("Cannot fill the rings: they are too small for all frames");
    writeMessageHeader(frame, header);
    if (batch) {
      encodeFrame({ kind: "data" }, batch, { target: frame.subarray(MESSAGE_HEADER_BYTES) });
    }
    this.#hive.send(bee);
  }

  /** Lets the bees begin; resolves to the number of rows when all windows have closed. */
  async run(): Promise<number> {
    const { workers } = this.#options;
    this.#done = this.#results = 0;
    for (let bee = 0; bee < workers; bee++) {
      this.#hive.post(bee, { generation: this.#generation, ...NOTHING });
    }
    while (this.#done < workers) {
      if (!this.#hive.poll()) await this.#hive.idle();
      if (this.#failure) throw this.#failure;
    }
    return this.#rows;
  }

  #heard(frame: Uint8Array): void {
    const { kind } = readMessageHeader(frame);
    const body = messageBody(frame);
    if (kind === MessageKind.done) this.#done++;
    if (kind === MessageKind.fatal) {
      this.#failure = new Error(new TextDecoder().decode(body.slice()));
    }
    if (kind !== MessageKind.result) return;
    this.#results += decodeFrame(body.slice(), { trusted: true }).batch!.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hive.stop();
  }
}
