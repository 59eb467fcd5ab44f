import {
  col,
  count,
  DeliveryGuarantee,
  from,
  lit,
  type PipelineMetrics,
  type RunnablePipeline,
  type Runtime,
  sum,
  TumblingWindow,
} from "../../mod.ts";
import { denoRuntime } from "../../src/runtime/deno_runtime.ts";

const ROWS = 3000;
const KEYS = 7;
const WINDOW_MS = 100;
const BATCH_ROWS = 25;
/** A batch that costs two bees would lose a row: the next bee is killed over another one. */
const APART_MS = 500;

/** What runs while a bee is killed: rows in windows, in any order or theirs, or each by itself. */
export type Shape = "windows" | "ordered" | "rows";

/** A runtime whose bees can be killed by name. */
export interface KillingRuntime extends Runtime {
  readonly workers: readonly string[];
  crash(name: string, error?: Error): void;
}

/** Options of {@linkcode killedRun}. */
export interface KilledRunOptions {
  readonly runtime: KillingRuntime;
  readonly deliveryGuarantee?: DeliveryGuarantee;
  readonly workers: number;
  /** How many bees are killed, each when some results have just left. */
  readonly kills: number;
  readonly checkpointBatches?: number;
}

/** What came out, each with how often; and how many rows it is made of. */
export interface KilledRun {
  readonly results: ReadonlyMap<string, number>;
  readonly rows: number;
  readonly metrics: PipelineMetrics;
  readonly explained: string;
}

function input(): { at: number; key: string; value: number }[] {
  return Array.from({ length: ROWS }, (_, at) => ({ at, key: `k${at % KEYS}`, value: at }));
}

function nameOf({ windowStart, key, n, total }: Record<string, unknown>): string {
  return `${windowStart} ${key}: ${n}, ${total}`;
}

/** What has to come out, by Maps. */
export function wholeResults(shape: Shape): ReadonlyMap<string, number> {
  if (shape === "rows") {
    return new Map(input().map(({ at, key, value }) => [`${at} ${key}: 1, ${value}`, 1]));
  }
  const groups = new Map<string, { n: number; total: number }>();
  for (const { at, key, value } of input()) {
    const name = `${at - at % WINDOW_MS} ${key}`;
    const { n, total } = groups.get(name) ?? { n: 0, total: 0 };
    groups.set(name, { n: n + 1, total: total + value });
  }
  return new Map([...groups].map(([name, { n, total }]) => [`${name}: ${n}, ${total}`, 1]));
}

/** How many rows there are. */
export const WHOLE_ROWS = ROWS;

function pipelineOf(shape: Shape, options: KilledRunOptions): RunnablePipeline<never> {
  const { runtime, workers, deliveryGuarantee, checkpointBatches = 1000 } = options;
  const rows = from(input(), {
    runtime,
    workers,
    checkpointBatches,
    maxLostBees: 100,
    batchRows: BATCH_ROWS,
    epochRows: 50,
    // So small that the rows of one batch leave in several pieces.
    ringBytes: 4096,
    ...(deliveryGuarantee && { deliveryGuarantee }),
  });
  const windowed = rows.timestamps("at").keyBy("key")
    .window(new TumblingWindow({ size: WINDOW_MS }));
  const inOrder = shape === "ordered" ? windowed.trigger({}) : windowed;
  const pipeline: unknown = shape !== "rows"
    ? inOrder.aggregate({ n: count(), total: sum("value") })
    : rows.select({
      windowStart: col("at"),
      key: col("key"),
      n: lit(1),
      total: col("value"),
      ballast: lit("x".repeat(1000)),
    });
  return pipeline as RunnablePipeline<never>;
}

/**
 * Runs a pipeline, and kills bees that have work in hand just when results have left; with
 * `AtLeastOnce` and without windows, when some rows of a batch have left and others have not.
 */
export async function killedRun(shape: Shape, options: KilledRunOptions): Promise<KilledRun> {
  const { runtime, deliveryGuarantee } = options;
  const inParts = shape === "rows" && deliveryGuarantee === DeliveryGuarantee.AtLeastOnce;
  let { kills } = options;
  const results = new Map<string, number>();
  let [rows, at, nextAt] = [0, 0, 0];
  const pipeline: RunnablePipeline<never> = pipelineOf(shape, options).tap((batch) => {
    for (const row of batch as unknown as Iterable<Record<string, unknown>>) {
      results.set(nameOf(row), (results.get(nameOf(row)) ?? 0) + 1);
      rows += row.n as number;
      at = row.windowStart as number;
    }
    if (at < nextAt || inParts && (at + 1) % BATCH_ROWS === 0) return;
    const busy = pipeline.metrics().bees.find(({ queueDepth }) => queueDepth > 0);
    if (!busy || kills === 0) return;
    kills--;
    nextAt = at + APART_MS;
    runtime.crash(runtime.workers.find((name) => name.startsWith(`bee ${busy.bee}.`))!);
  });
  const metrics = await pipeline.run();
  return { results, rows, metrics, explained: pipeline.explain() };
}

/** The process, in which the first bee fails when it has published and was not acknowledged. */
export function failingRuntime(): KillingRuntime {
  const broken = new URL("./bee_worker_unacknowledged.ts", import.meta.url);
  return Object.create(denoRuntime, {
    workers: { value: [] },
    spawn: {
      value: (...[options, events]: Parameters<Runtime["spawn"]>) => {
        const module = options.name === "bee 0.0" ? broken : options.module;
        return denoRuntime.spawn({ ...options, module }, events);
      },
    },
  });
}
