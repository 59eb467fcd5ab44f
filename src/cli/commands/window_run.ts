import { loadOperators } from "../../hive/operator_schema.ts";
import { isKernelOp } from "../../windows/aggregate_place.ts";
import type { Aggregates } from "../../windows/aggregates.ts";
import { SessionWindow } from "../../windows/session_window.ts";
import { SlidingWindow } from "../../windows/sliding_window.ts";
import { TumblingWindow } from "../../windows/tumbling_window.ts";
import { pipelineFrom } from "../../stream/pipeline_builder.ts";
import type { PipelineMetrics } from "../../stream/pipeline_metrics.ts";
import type { RunnablePipeline } from "../../stream/runnable_pipeline.ts";
import { aggregateList } from "../aggregate_list.ts";
import { refuseDoubtful, withCheckedTimes } from "../checked_times.ts";
import { columnTypes } from "../column_types.ts";
import { type CommandContext, Interrupted, progressOf } from "../command_context.ts";
import { besideLetters, deadLetterPolicy, deadLetters } from "../dead_letters.ts";
import { isKafkaAddress } from "../kafka/kafka_address.ts";
import { checkNoKafka } from "../kafka/kafka_flags.ts";
import { KAFKA_READ_FLAGS } from "../kafka/kafka_input.ts";
import { KAFKA_LOGIN_FLAGS } from "../kafka/login_flags.ts";
import type { Progress, ProgressLine } from "../progress_line.ts";
import { inputPath, inWords, recordInput } from "../record_input.ts";
import { checkNew, type RecordOutput, recordOutput } from "../record_output.ts";
import { outputOf } from "../output_flags.ts";
import { checkSeparate } from "../separate_files.ts";
import { count, elapsed, several } from "../terminal_text.ts";
import { UsageError } from "../usage_error.ts";
import { OF_TOPICS, type TimeFormat, WINDOW, type WindowCommandOptions } from "./window.ts";

/** A partition of a topic that is silent for so long holds no window back, unless it is said otherwise. */
const IDLE_MS = 10_000;

function assigner({ tumbleMs, sizeMs, slideMs, sessionMs }: WindowCommandOptions) {
  const kinds = [tumbleMs, sizeMs, sessionMs].filter((each) => each !== undefined);
  if (kinds.length !== 1 || (sizeMs === undefined) !== (slideMs === undefined)) {
    throw new UsageError(
      "give one kind of window: --tumble 60s, --size 60s --slide 10s, or --session 5m",
    );
  }
  if (tumbleMs !== undefined) return new TumblingWindow({ size: tumbleMs });
  if (sessionMs !== undefined) return new SessionWindow({ gap: sessionMs });
  return new SlidingWindow({ size: sizeMs!, slide: slideMs! });
}

/** Whether the kernels of bees do all, and nothing is to be loaded beside them. */
function areOfKernel(windows: ReturnType<typeof assigner>, aggregates: Aggregates): boolean {
  return !(windows instanceof SessionWindow) &&
    Object.values(aggregates).every(({ op }) => isKernelOp(op));
}

/** A pipeline whose columns are known when it runs, and not to the type checker. */
interface AnyPipeline {
  timestamps(
    column: string,
    options: {
      maxDisorder: number;
      format?: TimeFormat;
      idle?: { after: number; clock: "wall" };
    },
  ): AnyPipeline;
  keyBy(...columns: readonly string[]): AnyPipeline;
  window(assigner: unknown): AnyPipeline;
  aggregate(aggregates: object): RunnablePipeline<unknown>;
}

async function pipelineOf(
  data: string,
  options: WindowCommandOptions,
  { context, letters }: {
    readonly context: CommandContext;
    readonly letters: RecordOutput | undefined;
  },
) {
  const { runtime } = context;
  const { time, key = [], maxDisorderMs: maxDisorder = 0, agg, workers, timeFormat } = options;
  const { badRecords } = options;
  const windows = assigner(options);
  const aggregates = aggregateList(agg);
  if (!areOfKernel(windows, aggregates)) await loadOperators();
  const readAs = options.types && columnTypes(options.types);
  const input = { ...options, ...(readAs && { readAs }) };
  const source = await recordInput(data, input, context, true);
  const timely = timeFormat === undefined ? withCheckedTimes(source, time, refuseDoubtful) : source;
  const rows = pipelineFrom(timely, {
    runtime,
    ...(workers !== undefined && { workers }),
    ...(badRecords !== undefined && { badRecords }),
    ...deadLetterPolicy(letters, WINDOW.flags),
  });
  const timed = (rows as unknown as AnyPipeline).timestamps(time, {
    maxDisorder,
    ...(timeFormat !== undefined && { format: timeFormat }),
    ...(isKafkaAddress(data) && !options.untilEnd && {
      idle: { after: options.idleMs ?? IDLE_MS, clock: "wall" },
    }),
  });
  const keyed = key.length > 0 ? timed.keyBy(...key) : timed;
  return keyed.window(windows).aggregate(aggregates);
}

function progressIn(
  { recordsIn, recordsPerSecond, bytesRead, bytesTotal }: PipelineMetrics,
): Progress {
  const text = `${several(recordsIn, "row", "rows")}, ${count(recordsPerSecond)}/s`;
  return bytesTotal ? { share: bytesRead / bytesTotal, text } : { text };
}

/** Flags of topics mean something where one is read or written. */
function checkTopics(data: string, options: WindowCommandOptions): void {
  const isRead = isKafkaAddress(data);
  if (!isRead) checkNoKafka(options, [...KAFKA_READ_FLAGS, ...OF_TOPICS]);
  const outputs = [options.output, options.deadLetters];
  const isWritten = outputs.some((each) => each !== undefined && isKafkaAddress(each));
  if (!isRead && !isWritten) checkNoKafka(options, KAFKA_LOGIN_FLAGS);
}

/** Aggregates the rows of a file or a topic in windows of event time. */
export async function runWindow(
  [operand]: readonly (string | undefined)[],
  given: WindowCommandOptions,
  context: CommandContext,
): Promise<void> {
  const options = outputOf(given);
  const data = inputPath(operand, options.kafka);
  checkTopics(data, options);
  const written = { "--output": options.output, "--dead-letters": options.deadLetters };
  await checkSeparate({ read: [data], written }, context);
  await checkNew(options, context);
  const progress = progressOf(context, options);
  const told = await write(data, options, { context, progress });
  if (told !== undefined) progress.end(told);
}

/** Writes the windows; when it is told what was done, files are whole and have their names. */
async function write(
  data: string,
  options: WindowCommandOptions,
  { context, progress }: { readonly context: CommandContext; readonly progress: ProgressLine },
): Promise<string | undefined> {
  await using letters = await deadLetters(options, context);
  const pipeline = await pipelineOf(data, options, { context, letters });
  await using publisher = await recordOutput(
    besideLetters(options),
    context,
    options.key?.[0],
  );
  if (options.output === undefined && context.process.stdout.isTerminal) progress.hold();
  const goesOn = options.group !== undefined;
  const places = { data, output: options.output, deadLetters: options.deadLetters };
  return await run(pipeline, { publisher, progress, context, goesOn, places });
}

/** Rows that are in no window: more than their number, for whoever lets none be late loses them. */
function lateRows(late: number): string {
  const hint = late > 0 ? " left out (see --max-disorder)" : "";
  return several(late, "late row", "late rows") + hint;
}

/** Where rows come from, and where results go to. */
interface Places {
  readonly data: string;
  readonly output: string | undefined;
  readonly deadLetters: string | undefined;
}

/**
 * An empty result looks like a mistake: says where it is none. Of a topic there may be rows before
 * those that are read.
 */
function emptiness(
  { recordsIn, skipped, untimed, deadLettered }: PipelineMetrics,
  { data }: Places,
): string {
  const isEmpty = recordsIn + skipped + untimed + deadLettered === 0;
  const none = isKafkaAddress(data)
    ? `no rows came from ${data}`
    : `${inWords(data)} holds no rows`;
  return isEmpty ? `; ${none}` : "";
}

/**
 * Where no record can be read, those are not the data that somebody means. Of a topic there may be
 * others before those that are read.
 *
 * @throws {Error} when there are records, and none could be read.
 */
function checkRead({ recordsIn, skipped, deadLettered }: PipelineMetrics, places: Places): void {
  const { data, deadLetters } = places;
  if (recordsIn === 0 || skipped + deadLettered < recordsIn || isKafkaAddress(data)) return;
  const many = several(recordsIn, "bad record", "bad records");
  throw new Error(
    `no record of ${inWords(data)} could be read: ` +
      (deadLetters === undefined
        ? `${many} skipped, and there are no others; without --bad-records skip the first is told of`
        : `${many} went to ${deadLetters}, which says what is wrong with them, and there are no others`),
  );
}

/** A file without windows is not made, nor is one that is there replaced. */
function absence({ windowsFired }: PipelineMetrics, { output }: Places): string {
  return windowsFired === 0 && output !== undefined ? `; ${output} was not written` : "";
}

function summary(metrics: PipelineMetrics, ending: string): string {
  const { recordsIn, windowsFired, late, skipped, untimed, deadLettered } = metrics;
  const { elapsedMs, recordsPerSecond } = metrics;
  const more = (some: number, one: string, several: string) =>
    some > 0 ? `, ${count(some)} ${some === 1 ? one : several}` : "";
  return `${several(recordsIn, "row", "rows")} in ${elapsed(elapsedMs)} (${
    count(recordsPerSecond)
  }/s), ` +
    `${several(windowsFired, "window", "windows")}, ${lateRows(late)}` +
    more(skipped, "bad record skipped", "bad records skipped") +
    more(deadLettered, "dead letter", "dead letters") +
    more(untimed, "row without a time", "rows without a time") + ending;
}

/**
 * Runs it to its end, and returns what is to be told of it. Where a group goes on later, windows that
 * Ctrl-C leaves open come then.
 */
async function run(
  pipeline: RunnablePipeline<unknown>,
  { publisher, progress, context: { signal }, goesOn, places }: {
    readonly publisher: RecordOutput;
    readonly progress: ProgressLine;
    readonly context: CommandContext;
    readonly goesOn: boolean;
    readonly places: Places;
  },
): Promise<string | undefined> {
  const whole = pipeline.to(publisher);
  let hasBegun = false;
  const isInterrupted = () => signal.reason instanceof Interrupted;
  try {
    const metrics = await whole.run({
      signal,
      onAbort: goesOn ? "stop" : "drain",
      onProgress: (now) => {
        hasBegun = true;
        progress.show(() => progressIn(now));
      },
    });
    if (!isInterrupted()) checkRead(metrics, places);
    const why = isInterrupted() ? ", interrupted" : emptiness(metrics, places);
    return summary(metrics, why + absence(metrics, places));
  } catch (error) {
    if (goesOn && isInterrupted()) {
      const rest = ", interrupted: the group goes on with the windows that were open";
      return hasBegun ? summary(whole.metrics(), rest) : undefined;
    }
    progress.clear();
    await publisher.abort();
    throw error;
  }
}
