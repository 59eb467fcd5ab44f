import { SyntheticGenerator } from "../../generators/synthetic_generator.ts";
import { UsageError } from "../usage_error.ts";
import type { FitOptions, FitProgress, ModelKind } from "../../generators/fit_options.ts";
import { choice, type CommandSpec, names, required, text, toggle, whole } from "../command_spec.ts";
import {
  type CommandContext,
  progressOf,
  QUIET,
  type QuietOption,
  untilTold,
} from "../command_context.ts";
import { tellDoubtful, withCheckedTimes } from "../checked_times.ts";
import { columnTypes, TYPES_FLAG } from "../column_types.ts";
import { INPUT_FLAGS, type InputOptions } from "../input_flags.ts";
import { checkNew, writeOutput } from "../record_output.ts";
import { isDataName } from "../input_format.ts";
import { inputPath, inWords, recordInput, WatchedSource } from "../record_input.ts";
import { checkSeparate } from "../separate_files.ts";
import { deadLetterPolicy, deadLetters } from "../dead_letters.ts";
import { DEAD_LETTERS, outputOf, TO_STANDARD_OUTPUT } from "../output_flags.ts";
import { isKafkaAddress } from "../kafka/kafka_address.ts";
import { checkNoKafka } from "../kafka/kafka_flags.ts";
import { KAFKA_LIMIT_FLAGS, KAFKA_READ_FLAGS } from "../kafka/kafka_input.ts";
import { KAFKA_LOGIN_FLAGS } from "../kafka/login_flags.ts";
import type { Progress } from "../progress_line.ts";
import { elapsed, several } from "../terminal_text.ts";

const MODELS = ["circuit", "trees", "copula", "independent"] as const satisfies ModelKind[];

/** Options of `waggle fit`. */
export interface FitCommandOptions extends QuietOption, InputOptions {
  readonly output: string;
  readonly model?: ModelKind;
  readonly primaryKey?: readonly string[];
  readonly ignore?: readonly string[];
  /** Types that columns are to have, such as `ts=timestamp`. */
  readonly types?: readonly string[];
  /** The event time of a stream, which is learned as one. */
  readonly time?: string;
  /** The column whose values are the keys of a stream. */
  readonly key?: string;
  readonly seed?: number;
  readonly maxRows?: number;
  readonly force?: boolean;
  readonly deadLetters?: string;
}

function fitOptions(options: FitCommandOptions): FitOptions {
  const { model, primaryKey, ignore = [], seed, maxRows, time, key } = options;
  if (key !== undefined && time === undefined) {
    throw new UsageError("--key is the key of a stream; say by --time which column has its times");
  }
  const columns = {
    ...Object.fromEntries(ignore.map((name) => [name, { role: "ignore" as const }])),
    ...Object.fromEntries(
      Object.entries(columnTypes(options.types)).map(([name, type]) => [name, { type }]),
    ),
  };
  return {
    columns,
    ...(time !== undefined && { time }),
    ...(key !== undefined && { key }),
    ...(model !== undefined && { model }),
    ...(primaryKey !== undefined && { primaryKey }),
    ...(seed !== undefined && { seed }),
    ...(maxRows !== undefined && { maxRows }),
  };
}

/** A model would take the place of data, or be read as such. */
function checkModelName(output: string, { process: { stdout } }: CommandContext): void {
  if (isKafkaAddress(output)) {
    throw new UsageError(
      "--output is where the model is written to, a file such as twin.waggle, and no topic; to write " +
        "records to that, pass it to `waggle sample` or `waggle stream`",
    );
  }
  if (output === TO_STANDARD_OUTPUT && stdout.isTerminal) {
    throw new UsageError(
      "a model is not for a terminal: give a file by --output, or pipe it into a program",
    );
  }
  if (!isDataName(output)) return;
  throw new UsageError(
    `--output is where the model is written to, and ${output} is the name of data; ` +
      `end it in .waggle`,
  );
}

async function writeModel(
  output: string,
  bytes: Uint8Array,
  context: CommandContext,
): Promise<void> {
  if (output === TO_STANDARD_OUTPUT) context.process.stdout.write(bytes);
  else await writeOutput(output, bytes, context);
}

/** Tells how far the reading is by the bytes, and the learning by what the model says. */
function progressIn(data: string, source: WatchedSource, { phase, rows, share }: FitProgress) {
  const known = several(rows, "row", "rows");
  return (): Progress =>
    phase === "reading"
      ? { of: phase, share: source.share, text: `reading ${inWords(data)}: ${known}` }
      : { of: "learning", share, text: `learning from ${known}` };
}

/** Flags of topics mean something where one is read, or written to. */
function checkTopics(data: string, options: FitCommandOptions): void {
  if (isKafkaAddress(data)) return;
  checkNoKafka(options, [...KAFKA_READ_FLAGS, ...KAFKA_LIMIT_FLAGS]);
  if (!isKafkaAddress(options.deadLetters ?? "")) checkNoKafka(options, KAFKA_LOGIN_FLAGS);
}

/** Learns a model from a file or a topic, and writes it to a file. */
export async function fit(
  [given]: readonly (string | undefined)[],
  options: FitCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { output } = options;
  const { runtime, signal } = context;
  const asked = fitOptions(options);
  checkModelName(output, context);
  const data = inputPath(given, options.kafka);
  checkTopics(data, options);
  const isPiped = output === TO_STANDARD_OUTPUT;
  const written = {
    ...(!isPiped && { "--output": output }),
    "--dead-letters": options.deadLetters,
  };
  await checkSeparate({ read: [data], written }, context);
  await checkNew(outputOf<Partial<FitCommandOptions>>(options), context);
  const progress = progressOf(context, options);
  using _ = untilTold(progress, signal);
  const startMs = runtime.monotonicMs();
  await using letters = await deadLetters(options, context);
  const { deadLetter } = deadLetterPolicy(letters, FIT.flags);
  const input = await recordInput(data, options, context);
  const timely = asked.time === undefined
    ? input
    : withCheckedTimes(input, asked.time, tellDoubtful(progress));
  const source = new WatchedSource(timely, deadLetter);
  const generator = await SyntheticGenerator.fit(source, {
    ...asked,
    signal,
    onProgress: (now) => progress.show(progressIn(data, source, now)),
  });
  await writeModel(output, generator.toBytes(), context);
  await letters?.flush();
  const { rows, skipped, deadLettered } = source;
  progress.end(
    `${generator.describe()}\nwritten to ${isPiped ? "standard output" : output} after ${
      elapsed(runtime.monotonicMs() - startMs)
    }, ${several(rows, "row", "rows")}` +
      (skipped > 0 ? `, ${several(skipped, "bad record", "bad records")} skipped` : "") +
      (deadLettered > 0 ? `, ${several(deadLettered, "dead letter", "dead letters")}` : ""),
  );
}

/** `waggle fit`. */
export const FIT: CommandSpec = {
  name: "fit",
  operands: ["[data]"],
  text: "learn a model from a file, or from kafka://host:port/topic",
  flags: [
    required(
      text(
        "-o, --output <model>",
        "where the model is written to: a .waggle file, or - for the standard output",
      ),
    ),
    choice("--model <kind>", `${MODELS.join(", ")} (default: circuit)`, MODELS),
    names("--primary-key <columns>", "columns whose values are made and not learned"),
    TYPES_FLAG,
    text("--time <column>", "learn a stream, as it arrives: its column of event times"),
    text("--key <column>", "with --time: the column of its keys"),
    names("--ignore <columns>", "columns to leave out"),
    whole("--seed <number>", "which model of equally good ones (default: 0)"),
    whole("--max-rows <rows>", "rows to learn from, at most (default: 250,000)", 1),
    ...INPUT_FLAGS,
    ...KAFKA_LIMIT_FLAGS,
    ...KAFKA_LOGIN_FLAGS,
    DEAD_LETTERS,
    toggle("--force", "replace a model, and dead letters, that exist"),
    QUIET,
  ],
  examples: [
    "waggle fit orders.csv -o orders.waggle --primary-key id",
    "waggle fit clicks.ndjson.gz -o clicks.waggle --time ts --key user",
    "zcat orders.csv.gz | waggle fit - --input-format csv -o orders.waggle",
    "waggle fit kafka://localhost:9092/orders --time at --key user -o orders.waggle",
  ],
  run: fit,
};
