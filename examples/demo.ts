/**
 * Real rows learned, and a stream like theirs made and processed: ten thousand bird strikes at
 * airports, their twin, a million records of it through a hive of two bees, which counts them by year
 * and size of the animal, into a file; and what came out beside what the real rows give.
 *
 * Run it: `deno task demo`, or with another number of records: `deno task demo 200000`. Ctrl-C ends
 * it early and shows what was done; a second Ctrl-C ends it at once.
 */
import {
  count,
  csv,
  FilePublisher,
  type FitProgress,
  from,
  mean,
  MemoryPublisher,
  type PipelineMetrics,
  type RecordBatch,
  type Source,
  StreamingGenerator,
  SyntheticGenerator,
  tee,
  TumblingWindow,
  types as t,
} from "@waggle/stream";

const FILE = new URL("./data/birdstrikes.csv", import.meta.url);
const OUTPUT = "demo-windows.csv";
const DEFAULT_RECORDS = 1_000_000;
const BATCH_RECORDS = 8192;
const SIZES = ["Small", "Medium", "Large"] as const;
const PLAIN_STEPS = 4;
const BAR_WIDTH = 24;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\u001b[2K";
const INTERRUPTED = 130;

/** Of each strike's fourteen columns, those that are counted by. */
interface Strike {
  "Flight Date": number | null;
  "Wildlife Size": string;
  "Speed IAS in knots": number | null;
}

/** What the windows tell of one year and one size of animals. */
interface Year {
  windowStart: number;
  "Wildlife Size": string;
  strikes: number;
  speeds: number;
  meanSpeed: number | null;
}

function number(value: number, digits = 0): string {
  return value.toLocaleString("en-US", {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  });
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    Deno.exit(); // nobody reads on, as behind `| head`
  }
}

function print(line: string): void {
  write(`${line}\n`);
}

/** Characters of a line that is not to be wrapped, for only its last row could be written over. */
function lineWidth(): number {
  return (Deno.consoleSize().columns || DEFAULT_COLUMNS) - 1;
}

/** A bar where there is room for it, and as much of a list as there is room for behind it. */
function fitted(bar: string, text: string, width: number): string {
  const hasRoom = bar.length + 1 + text.split(", ")[0].length <= width;
  const line = hasRoom ? `${bar} ${text}` : text;
  if (line.length <= width) return line;
  const end = [", ", " "].map((gap) => line.lastIndexOf(gap, width)).find((at) => at > 0);
  return line.slice(0, end ?? width);
}

/** One line that is written over again on a terminal, or a few plain lines elsewhere. */
class Progress {
  readonly #isTerminal = Deno.stdout.isTerminal();
  #told = 0;
  #text = "";

  show(share: number, text: string): void {
    if (this.#isTerminal) {
      const full = Math.round(BAR_WIDTH * share);
      const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
      return write(CLEAR_LINE + fitted(bar, text, lineWidth()));
    }
    const step = Math.floor(PLAIN_STEPS * share);
    if (step <= this.#told) return;
    this.#told = step;
    // Without the bar, steps of what has no figures of its own would be the same line again.
    if (text !== this.#text) write(`${text}\n`);
    this.#text = text;
  }

  end(): void {
    if (this.#isTerminal) write(CLEAR_LINE);
  }
}

/** Drains at the first Ctrl-C, and is gone at the second. */
function stopOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    // Without a listener the system ends the process, however busy this thread is.
    Deno.removeSignalListener("SIGINT", stop);
    controller.abort(new DOMException("Interrupted", "AbortError"));
    print("\nInterrupted: finishing what has begun; press Ctrl-C again to stop at once.");
  };
  Deno.addSignalListener("SIGINT", stop);
  return controller.signal;
}

async function learn(signal: AbortSignal): Promise<SyntheticGenerator<Strike>> {
  const progress = new Progress();
  const startMs = performance.now();
  const twin = await SyntheticGenerator.fit(csv<Strike>(FILE), {
    time: "Flight Date",
    columns: { "Flight Date": { type: t.timestamp } },
    seed: 7,
    signal,
    onProgress: ({ phase, rows, share }: FitProgress) =>
      progress.show(share, `${phase}, ${number(rows)} rows`),
  });
  progress.end();
  const seconds = (performance.now() - startMs) / 1000;
  print(`Learned in ${number(seconds, 1)} s: what strikes are like, and how they come.\n`);
  return twin;
}

/** Strikes by year and size of the animal. */
function windowsOf(input: Source<Strike> | AsyncIterable<RecordBatch<Strike>>) {
  return from(input, { workers: 2 })
    .timestamps("Flight Date")
    .keyBy("Wildlife Size")
    .window(new TumblingWindow({ size: "365d" }))
    .aggregate({
      strikes: count(),
      speeds: count("Speed IAS in knots"),
      meanSpeed: mean("Speed IAS in knots"),
    });
}

/** The windows of synthetic records, which go to the file as they fire. */
async function process(
  twin: SyntheticGenerator<Strike>,
  { records, kept, signal }: { records: number; kept: MemoryPublisher; signal: AbortSignal },
): Promise<PipelineMetrics> {
  const streamer = new StreamingGenerator(twin, { seed: 1 });
  const stream = streamer.stream({ batchSize: BATCH_RECORDS, maxRecords: records });
  const progress = new Progress();
  await using file = new FilePublisher(OUTPUT, { ifExists: "replace" });
  const metrics = await windowsOf(stream).to(tee(file, kept)).run({
    signal,
    onAbort: "drain",
    onProgress: ({ recordsIn, windowsFired, recordsPerSecond }) =>
      progress.show(
        recordsIn / records,
        `${number(recordsIn)} of ${number(records)} records, ${number(windowsFired)} windows, ` +
          `${number(recordsPerSecond)}/s`,
      ),
  });
  progress.end();
  return metrics;
}

/** What the whole years among windows come to for one size; those at both ends may be none. */
function figuresOf(windows: readonly Year[], size: string): number[] {
  const starts = windows.map(({ windowStart }) => windowStart);
  const [first, last] = [Math.min(...starts), Math.max(...starts)];
  const isWhole = ({ windowStart }: Year) => windowStart > first && windowStart < last;
  const whole = windows.filter(isWhole);
  const years = new Set(whole.map(({ windowStart }) => windowStart)).size;
  const ours = whole.filter((year) => year["Wildlife Size"] === size);
  const total = (of: (year: Year) => number) => ours.reduce((all, year) => all + of(year), 0);
  const strikes = total((year) => year.strikes);
  const speeds = total((year) => year.speeds);
  return [
    strikes / years,
    total((year) => year.speeds * (year.meanSpeed ?? 0)) / speeds,
    100 * speeds / strikes,
  ];
}

function printComparison(real: readonly Year[], synthetic: readonly Year[]): void {
  const names = ["strikes a year", "speed, knots", "speed known, %"];
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => at === 0 ? cell.padEnd(8) : cell.padStart(11)).join("");
  print("animal".padEnd(8) + names.map((name) => name.padStart(22)).join(""));
  print(line(["", ...names.flatMap(() => ["real", "synthetic"])]));
  for (const size of SIZES) {
    const [ours, theirs] = [figuresOf(synthetic, size), figuresOf(real, size)];
    const cells = ours.flatMap((figure, at) =>
      [theirs[at], figure].map((each) => Number.isFinite(each) ? number(each) : "–")
    );
    print(line([size, ...cells]));
  }
}

function printMetrics(metrics: PipelineMetrics): void {
  const { recordsIn, absorbed, late, windowsFired, elapsedMs, recordsPerSecond } = metrics;
  print(
    `${number(recordsIn)} records made, and processed, in ${number(elapsedMs / 1000, 1)} s ` +
      `(${number(recordsPerSecond)} records/s):\n${number(absorbed)} in ${number(windowsFired)} ` +
      `windows, ${number(late)} late, ${metrics.unaccounted} unaccounted for, ` +
      `${metrics.lostBees} bees lost`,
  );
  for (const { bee, roles, rows, batches, rowsPerSecond } of metrics.bees) {
    const taken = `${number(batches)} ${batches === 1 ? "batch" : "batches"}`;
    print(
      `bee ${bee} (${roles.join(", ")}): ${number(rows)} records in ${taken}, ` +
        `${number(rowsPerSecond)}/s while it worked`,
    );
  }
}

async function demo(records: number): Promise<number> {
  const signal = stopOnInterrupt();
  print(
    `Bird strikes at airports: 10,000 real rows are learned, and ${number(records)} ` +
      `records\nlike them go through two bees, which count them by year and size of the animal.\n`,
  );
  const [real, kept] = [new MemoryPublisher(), new MemoryPublisher()];
  const twin = await learn(signal);
  const metrics = await process(twin, { records, kept, signal });
  printMetrics(metrics);
  if (metrics.aborted) {
    print(`\nThe windows so far are in ${OUTPUT}.`);
    return INTERRUPTED;
  }
  await windowsOf(csv<Strike>(FILE)).to(real).run();
  const rowsOf = (publisher: MemoryPublisher) => publisher.rows() as unknown as Year[];
  print("");
  printComparison(rowsOf(real), rowsOf(kept));
  print(`\nThe windows are in ${OUTPUT}.`);
  return 0;
}

const records = Number(Deno.args[0] ?? DEFAULT_RECORDS);
if (!(Number.isInteger(records) && records > 0)) {
  console.error(`Cannot run the demo: give a number of records, received ${Deno.args[0]}`);
  Deno.exit(2);
}
try {
  Deno.exit(await demo(records));
} catch (error) {
  if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  print("Nothing was learned yet.");
  Deno.exit(INTERRUPTED);
}
