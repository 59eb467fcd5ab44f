import { startAhead } from "../../hive/bee_module.ts";
import { lateModule } from "../../runtime/late_module.ts";
import { type CommandContext, QUIET, type QuietOption } from "../command_context.ts";
import {
  choice,
  type CommandSpec,
  type Flag,
  names,
  required,
  text,
  whole,
  wholeDuration,
} from "../command_spec.ts";
import { TYPES_FLAG } from "../column_types.ts";
import { INPUT_FLAGS, type InputOptions } from "../input_flags.ts";
import { knownFormat } from "../input_format.ts";
import { isKafkaAddress } from "../kafka/kafka_address.ts";
import { KAFKA_FOLLOW_FLAGS, KAFKA_LIMIT_FLAGS } from "../kafka/kafka_input.ts";
import { KAFKA_LOGIN_FLAGS } from "../kafka/login_flags.ts";
import { DEAD_LETTERS, OUTPUT_FLAGS, type OutputOptions } from "../output_flags.ts";

/** Flags that only topics have which are read. */
export const OF_TOPICS: readonly Flag[] = [...KAFKA_LIMIT_FLAGS, ...KAFKA_FOLLOW_FLAGS];
/** As many as a pipeline may have. */
const MOST_WORKERS = 255;
const TIME_FORMATS = ["iso", "date", "s", "ms", "us"] as const;

/** How event times are written. */
export type TimeFormat = typeof TIME_FORMATS[number];

/** Options of `waggle window`. */
export interface WindowCommandOptions extends OutputOptions, InputOptions, QuietOption {
  readonly time: string;
  readonly timeFormat?: TimeFormat;
  /** Types that columns are to have, such as `price=f64`. */
  readonly types?: readonly string[];
  readonly key?: readonly string[];
  readonly tumbleMs?: number;
  readonly slideMs?: number;
  readonly sizeMs?: number;
  readonly sessionMs?: number;
  readonly maxDisorderMs?: number;
  readonly agg: string;
  readonly workers?: number;
  readonly deadLetters?: string;
  /** After which silence a partition of a topic holds no window back. */
  readonly idleMs?: number;
}

/** As what bees are likely to decode what is read; where others are right, they load that too. */
function decodedAs(data: string | undefined, options: WindowCommandOptions) {
  if (data === undefined || isKafkaAddress(data)) return undefined;
  const format = knownFormat(data, options);
  if (format === "csv" || format === "tsv") return "csv";
  return format === "ndjson" || format === "json" ? "ndjson" : undefined;
}

/** Aggregates the rows of a file or a topic in windows of event time. */
async function window(
  operands: readonly (string | undefined)[],
  options: WindowCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { runtime } = context;
  const bees = options.workers ?? Math.min(MOST_WORKERS, Math.max(1, runtime.cores - 1));
  using _threads = startAhead(runtime, bees, {
    kind: "windows",
    decodes: decodedAs(operands[0], options),
  });
  const url = new URL("./window_run.ts", import.meta.url);
  const { runWindow } = await lateModule<typeof import("./window_run.ts")>(url);
  await runWindow(operands, options, context);
}

/** `waggle window`. */
export const WINDOW: CommandSpec = {
  name: "window",
  operands: ["[data]"],
  text: "aggregate the rows of a file, or of kafka://host:port/topic, in windows of event time",
  flags: [
    required(text("-t, --time <column>", "when a row happened: ISO 8601, or milliseconds")),
    choice(
      "--time-format <format>",
      `${TIME_FORMATS.join(", ")} (default: by the values)`,
      TIME_FORMATS,
    ),
    required(
      text("-a, --agg <list>", "what to compute: 'count, mean(temperature), p95(latency) as slow'"),
    ),
    TYPES_FLAG,
    names("-k, --key <columns>", "aggregate by these columns"),
    wholeDuration("--tumble <duration>", "windows of this length, one behind the other", 1),
    wholeDuration("--size <duration>", "windows of this length …", 1),
    wholeDuration("--slide <duration>", "… that begin every so often", 1),
    wholeDuration("--session <gap>", "windows that end when nothing happens for so long", 1),
    wholeDuration("--max-disorder <duration>", "how late rows may come (default: 0)", 0),
    whole(
      "--workers <bees>",
      `threads, up to ${MOST_WORKERS} (default: one less than there are cores)`,
      1,
      MOST_WORKERS,
    ),
    ...INPUT_FLAGS,
    ...OUTPUT_FLAGS,
    ...OF_TOPICS,
    ...KAFKA_LOGIN_FLAGS,
    DEAD_LETTERS,
    QUIET,
  ],
  examples: [
    "waggle window data.ndjson --time ts --key sensor --tumble 60s --agg 'count, mean(temperature)'",
    "waggle window clicks.csv.gz -t at -k user --session 30m -a 'count, countDistinct(page)'",
    "waggle window --kafka localhost:9092/clicks -t at -k user --tumble 1m -a count",
    "tail -n 100000 log.ndjson | waggle window - -t ts --size 5m --slide 1m -a 'p99(latency)'",
  ],
  run: window,
};
