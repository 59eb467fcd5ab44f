/**
 * Real rows through a hive of two bees: bird strikes at airports, read again and again, with their
 * dates moving on, until they are a million, and counted by year and size of the animal.
 *
 * Run it: `deno task demo`, or with another number of rows: `deno task demo 200000`. Ctrl-C ends it
 * early and shows what was done; a second Ctrl-C ends it at once.
 */
import {
  ConsolePublisher,
  count,
  csv,
  from,
  max,
  mean,
  MemoryPublisher,
  type PipelineMetrics,
  RecordBatch,
  type RunnablePipeline,
  schema,
  type Source,
  type SourceBatch,
  type SourceOptions,
  sum,
  TumblingWindow,
  types as t,
} from "@waggle/stream";

const FILE = new URL("./data/birdstrikes.csv", import.meta.url);
const DEFAULT_ROWS = 1_000_000;
const SHOWN_RESULTS = 15;
const PLAIN_STEPS = 4;
const CLEAR_LINE = "\r\u001b[2K";
const INTERRUPTED = 130;

const strikes = csv(FILE, {
  schema: schema({
    "Flight Date": t.date,
    "Wildlife Size": t.dict,
    "Cost Repair": t.i32,
    "Speed IAS in knots": t.i32,
  }),
  extraKeys: "ignore", // the file has ten columns more, which are of no interest here
});
type Strike = typeof strikes extends Source<infer Row> ? Row : never;

/** The rows of a source over and over until there are so many, each time with later dates. */
class Repeated implements Source<Strike> {
  readonly name = strikes.name;
  readonly #rows: number;

  constructor(rows: number) {
    this.#rows = rows;
  }

  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Strike>> {
    let left = this.#rows;
    let days = 0;
    while (left > 0) {
      let [first, last] = [Infinity, -Infinity];
      for await (const { batch } of strikes.open(options)) {
        if (!batch) continue;
        const dates = batch.column("Flight Date").values as Int32Array;
        first = Math.min(first, dates[0]);
        last = Math.max(last, dates[batch.length - 1]);
        yield { batch: moved(batch.slice(0, left), days) };
        left -= Math.min(left, batch.length);
        if (left === 0 || options.signal.aborted) return;
      }
      days += last - first + 1;
    }
  }
}

/** The same rows, so many days later. */
function moved(batch: RecordBatch<Strike>, days: number): RecordBatch<Strike> {
  const columns = batch.columns.map((column, at) =>
    at === 0
      ? { ...column, values: (column.values as Int32Array).map((day) => day + days) }
      : column
  );
  return new RecordBatch(batch.schema, columns, batch.length);
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** One line that is written over again on a terminal, or a few plain lines elsewhere. */
class Progress {
  readonly #rows: number;
  readonly #isTerminal = Deno.stdout.isTerminal();
  #told = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  show({ recordsIn, windowsFired, recordsPerSecond }: PipelineMetrics): void {
    const text = `${number(recordsIn)} of ${number(this.#rows)} rows, ` +
      `${number(windowsFired)} windows, ${number(recordsPerSecond)} rows/s`;
    if (this.#isTerminal) return write(CLEAR_LINE + text);
    const step = Math.floor(PLAIN_STEPS * recordsIn / this.#rows);
    if (step > this.#told) write(`${text}\n`);
    this.#told = step;
  }

  end(): void {
    if (this.#isTerminal) write(CLEAR_LINE);
  }
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Drains at the first Ctrl-C, and is gone at the second. */
function stopOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort(new DOMException("Interrupted", "AbortError"));
    console.log("\nInterrupted: finishing what was read; press Ctrl-C again to stop at once.");
  });
  return controller.signal;
}

async function printResults(kept: MemoryPublisher): Promise<void> {
  const table = new ConsolePublisher({ maxRows: SHOWN_RESULTS });
  // One batch, so that the columns are as wide as all rows need.
  if (kept.length > 0) await table.publish(RecordBatch.concat(kept.batches));
  await table.flush();
}

function printMetrics(metrics: PipelineMetrics): void {
  const { recordsIn, absorbed, late, windowsFired, elapsedMs, recordsPerSecond } = metrics;
  console.log(
    `\n${number(recordsIn)} rows in ${(elapsedMs / 1000).toFixed(1)} s ` +
      `(${number(recordsPerSecond)} rows/s): ${number(absorbed)} in ${number(windowsFired)} ` +
      `windows, ${number(late)} late, ${metrics.unaccounted} unaccounted for, ` +
      `${metrics.lostBees} bees lost`,
  );
  for (const { bee, roles, rows, batches, rowsPerSecond, utilization } of metrics.bees) {
    console.log(
      `bee ${bee} (${roles.join(", ")}): ${number(rows)} rows in ${number(batches)} batches, ` +
        `${number(rowsPerSecond)} rows/s while it worked, busy ${
          Math.round(100 * utilization)
        } % lately`,
    );
  }
}

function pipelineOf(rows: number): RunnablePipeline<unknown> {
  return from(new Repeated(rows), { workers: 2 })
    .timestamps("Flight Date", { format: "date" })
    .keyBy("Wildlife Size")
    .window(new TumblingWindow({ size: "365d" }))
    .aggregate({
      strikes: count(),
      meanSpeed: mean("Speed IAS in knots"),
      maxRepair: max("Cost Repair"),
      repairs: sum("Cost Repair"),
    });
}

async function demo(rows: number): Promise<number> {
  const signal = stopOnInterrupt();
  console.log(
    `Bird strikes at airports, 10,000 real rows read over and over: ${number(rows)} rows through ` +
      `two bees, counted by year and size of the animal.\n`,
  );
  const kept = new MemoryPublisher();
  const progress = new Progress(rows);
  const metrics = await pipelineOf(rows).to(kept).run({
    signal,
    onAbort: "drain",
    onProgress: (metrics) => progress.show(metrics),
  });
  progress.end();
  await printResults(kept);
  printMetrics(metrics);
  return metrics.aborted ? INTERRUPTED : 0;
}

const rows = Number(Deno.args[0] ?? DEFAULT_ROWS);
if (!(Number.isInteger(rows) && rows > 0)) {
  console.error(`Cannot run the demo: give a number of rows, received ${Deno.args[0]}`);
  Deno.exit(2);
}
Deno.exit(await demo(rows));
