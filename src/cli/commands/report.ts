import type { QualityOptions } from "../../quality/quality_report.ts";
import {
  type CommandContext,
  progressOf,
  QUIET,
  type QuietOption,
  untilTold,
} from "../command_context.ts";
import { type CommandSpec, names, text, toggle, whole, wholeDuration } from "../command_spec.ts";
import { modelInput } from "../model_input.ts";
import { tellDoubtful, withCheckedTimes } from "../checked_times.ts";
import { FORCE, outputOf } from "../output_flags.ts";
import { INPUT_FLAGS, type InputOptions } from "../input_flags.ts";
import { checkNew, writeOutput } from "../record_output.ts";
import { STANDARD_INPUT } from "../input_format.ts";
import { inWords, recordInput, WatchedSource } from "../record_input.ts";
import { checkSeparate } from "../separate_files.ts";
import { isKafkaAddress } from "../kafka/kafka_address.ts";
import { checkNoKafka } from "../kafka/kafka_flags.ts";
import { KAFKA_READ_FLAGS } from "../kafka/kafka_input.ts";
import { KAFKA_LOGIN_FLAGS } from "../kafka/login_flags.ts";
import { elapsed, several, terminalText } from "../terminal_text.ts";
import { ticking } from "../ticking.ts";
import type { Source } from "../../stream/source.ts";
import { UsageError } from "../usage_error.ts";
import { oneOf } from "../values.ts";

const KINDS = ["number", "time", "category", "boolean", "text", "key"] as const;
const MODEL = /\.waggle$/i;

/** Options of `waggle report`. */
export interface ReportCommandOptions extends QuietOption, InputOptions {
  /** Where a page is written to, or JSON. */
  readonly output?: string;
  readonly json?: boolean;
  readonly force?: boolean;
  /** A file of real rows that nothing was learned from. */
  readonly holdout?: string;
  /** Rows that a model makes; default: as many as there are real ones. */
  readonly rows?: number;
  /** What columns are, such as `zip=category`. */
  readonly columns?: readonly string[];
  /** Columns that are left out. */
  readonly ignore?: readonly string[];
  readonly time?: string;
  readonly key?: string;
  readonly sessionGapMs?: number;
  readonly seed?: number;
  readonly maxRows?: number;
  readonly title?: string;
}

function kinds(columns: readonly string[] = []): Record<string, typeof KINDS[number]> {
  return Object.fromEntries(columns.map((column) => {
    const at = column.lastIndexOf("=");
    if (at < 1) {
      throw new UsageError(
        `--columns takes columns with what they are, such as zip=category,id=key, received ` +
          JSON.stringify(column),
      );
    }
    return [column.slice(0, at), oneOf(column.slice(at + 1), "--columns", KINDS)];
  })) as Record<string, typeof KINDS[number]>;
}

function qualityOptions(options: ReportCommandOptions): QualityOptions {
  const { columns, ignore = [], time, key, sessionGapMs, seed, maxRows } = options;
  const ofStream = key !== undefined ? "--key" : sessionGapMs !== undefined ? "--session-gap" : "";
  if (time === undefined && ofStream !== "") {
    throw new UsageError(`${ofStream} is of streams; say by --time which column has the times`);
  }
  return {
    columns: { ...Object.fromEntries(ignore.map((name) => [name, "ignore"])), ...kinds(columns) },
    ...(time !== undefined && { time }),
    ...(key !== undefined && { key }),
    ...(sessionGapMs !== undefined && { sessionGap: sessionGapMs }),
    ...(seed !== undefined && { seed }),
    ...(maxRows !== undefined && { maxRows }),
  };
}

/** The rows of a file or a topic, whose `--rows` are those of the model. */
function rowsOf(
  path: string,
  { rows: _, ...options }: ReportCommandOptions,
  context: CommandContext,
): Promise<Source> {
  return recordInput(path, options, context);
}

/** The rows of a file, or of a model: as many as there are real ones, which are read first. */
async function syntheticRows(
  path: string,
  options: ReportCommandOptions,
  { context, real }: { context: CommandContext; real: WatchedSource },
) {
  if (!MODEL.test(path)) {
    if (options.rows === undefined) return await rowsOf(path, options, context);
    throw new UsageError(`--rows says how many a model makes, and ${path} is no .waggle file`);
  }
  const generator = await modelInput(path, context);
  const { rows, seed } = options;
  return async function* () {
    const { signal, runtime } = context;
    const how = { signal, runtime, ...(seed !== undefined && { seed }) };
    yield* generator.sample(rows ?? real.rows, how).batches();
  }();
}

async function write(
  text: string,
  { output }: ReportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  if (output === undefined) context.process.stdout.write(bytes);
  else await writeOutput(output, bytes, context);
}

/** Compares synthetic rows with real ones. */
export async function report(
  [realPath, syntheticPath]: readonly string[],
  given: ReportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const options = outputOf(given);
  const { runtime, signal } = context;
  const { json = false, output, holdout, title } = options;
  const asked = qualityOptions(options);
  if ([realPath, syntheticPath, holdout].filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new UsageError("the standard input can be read once; give a file for the other");
  }
  if (![realPath, syntheticPath, holdout ?? ""].some(isKafkaAddress)) {
    checkNoKafka(options, [...KAFKA_READ_FLAGS, ...KAFKA_LOGIN_FLAGS]);
  }
  const read = [realPath, syntheticPath, holdout];
  await checkSeparate({ read, written: { "--output": output } }, context);
  await checkNew(options, context);
  const progress = progressOf(context, options);
  using _untilTold = untilTold(progress, signal);
  const startMs = runtime.monotonicMs();
  const rows = await rowsOf(realPath, options, context);
  const timely = options.time === undefined
    ? rows
    : withCheckedTimes(rows, options.time, tellDoubtful(progress));
  const real = new WatchedSource(timely);
  const synthetic = await syntheticRows(syntheticPath, options, { context, real });
  const held = holdout === undefined ? {} : { holdout: await rowsOf(holdout, options, context) };
  const { qualityReport } = await import("../../quality/quality_report.ts");
  const text = () =>
    `comparing with ${several(real.rows, "real row", "real rows")}, ${
      elapsed(
        runtime.monotonicMs() - startMs,
      )
    }`;
  using _ = ticking(runtime, () => progress.show(() => ({ text: text() })));
  const quality = await qualityReport(real, synthetic, { ...asked, ...held, signal });
  progress.hold();
  const page = () => quality.toHtml(title === undefined ? {} : { title });
  if (json) await write(`${JSON.stringify(quality, null, 2)}\n`, options, context);
  else if (output !== undefined) await write(page(), options, context);
  else await write(`${terminalText(String(quality))}\n`, options, context);
  const told = output === undefined || json ? "" : `${String(quality)}\n`;
  progress.end(
    `${told}${several(real.rows, "real row", "real rows")} compared with ${
      inWords(syntheticPath)
    } in ${elapsed(runtime.monotonicMs() - startMs)}${
      output === undefined ? "" : `, written to ${output}`
    }`,
  );
}

/** `waggle report`. */
export const REPORT: CommandSpec = {
  name: "report",
  operands: ["<real>", "<synthetic>"],
  text: "tell how good synthetic rows are: those of a file, a topic, or a .waggle model",
  flags: [
    text(
      "-o, --output <file>",
      "a page to look at, .html (default: -, a summary to the standard output)",
    ),
    toggle("--json", "all scores as JSON"),
    text("--holdout <data>", "real rows that nothing was learned from"),
    whole("-n, --rows <rows>", "rows that the model makes (default: as many as are real)", 1),
    names(
      "--columns <list>",
      "what columns are, where it is taken for another: zip=category,id=key",
    ),
    names("--ignore <columns>", "columns to leave out"),
    text("--time <column>", "compare streams: their column of event times"),
    text("--key <column>", "with --time: the column of their keys"),
    wholeDuration("--session-gap <duration>", "with --time: what ends a session of a key", 1),
    whole("--seed <number>", "which rows, where not all are taken (default: 0)"),
    whole("--max-rows <rows>", "rows of each kind, at most (default: 250,000)", 1),
    text("--title <text>", "what the page is called"),
    ...INPUT_FLAGS,
    ...KAFKA_LOGIN_FLAGS,
    FORCE,
    QUIET,
  ],
  examples: [
    "waggle report orders.csv orders.waggle",
    "waggle report orders.csv synthetic.csv --holdout kept.csv -o report.html",
    "waggle report orders.csv orders.waggle --json | jq .overall",
  ],
  run: report,
};
