/**
 * The command line: `waggle fit`, `stream`, `inspect` and `window`.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import {
  ClosedPipeError,
  denoProcess,
  type Process,
  processArguments,
} from "../runtime/process.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type CommandContext, Interrupted } from "./command_context.ts";
import { fitCommand } from "./commands/fit.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { streamCommand } from "./commands/stream.ts";
import { windowCommand } from "./commands/window.ts";
import { terminalText } from "./terminal_text.ts";
import { UsageError } from "./usage_error.ts";
import { durationMs, nameList, positiveNumber, wholeNumber } from "./values.ts";

export type { Process, ProcessOutput } from "../runtime/process.ts";
export type { Runtime } from "../runtime/runtime.ts";

const FAILED = 1;
const USAGE = 2;
const INTERRUPTED = 130;

type Action = (argument: string, options: object, context: CommandContext) => Promise<void>;

const whole = (flag: string, least = 0) => (text: string) => wholeNumber(text, flag, least);
const positive = (flag: string) => (text: string) => positiveNumber(text, flag);
const duration = (flag: string) => (text: string) => durationMs(text, flag);

function addFit(program: Command): Command {
  return program.command("fit <data>")
    .description("learn a model from a file (.csv, .ndjson, .json or .avro, .gz or .zst)")
    .requiredOption("-o, --output <model>", "where the model is written to: a .waggle file")
    .option("--model <kind>", "circuit, trees, copula or independent (default: circuit)")
    .option("--primary-key <columns>", "columns whose values are made and not learned", nameList)
    .option("--types <list>", "types that columns are to have: ts=timestamp,zip=utf8", nameList)
    .option("--time <column>", "learn a stream, as it arrives: its column of event times")
    .option("--key <column>", "with --time: the column of its keys")
    .option("--ignore <columns>", "columns to leave out", nameList)
    .option("--seed <number>", "which model of equally good ones", whole("--seed"))
    .option("--max-rows <rows>", "rows to learn from, at most", whole("--max-rows", 1))
    .option("--force", "replace a model that exists")
    .option("-q, --quiet", "tell nothing")
    .addHelpText("after", "\nExample:\n  waggle fit orders.csv -o orders.waggle --primary-key id");
}

function addStream(program: Command): Command {
  return program.command("stream <model>")
    .description("stream synthetic records to the standard output, or to a file")
    .option("--batch-size <records>", "records of a batch (default: 100)", whole("--batch-size", 1))
    .option(
      "--interval <duration>",
      "between batches; a bare number is seconds",
      duration("--interval"),
    )
    .option("--rate-limit <rate>", "records a second, at most; or 500/s, 30/m")
    .option(
      "--speed <factor>",
      "a twin as fast as it was learned (1), or faster",
      positive("--speed"),
    )
    .option("--max-records <records>", "records in all (default: no end)", whole("--max-records"))
    .option("--max-batches <batches>", "batches in all (default: no end)", whole("--max-batches"))
    .option("--seed <number>", "which records (default: 0)", whole("--seed"))
    .option("--start <record>", "the number of the first record (default: 0)", whole("--start"))
    .option("--workers <bees>", "threads that make records (default: none)", whole("--workers"))
    .option("--conditions <json>", 'what records have to be: \'{"status": "active"}\'')
    .option("--adaptive", "as many records at once as the sink takes within --target-latency")
    .option(
      "--target-latency <duration>",
      "with --adaptive (default: 100ms)",
      duration("--target-latency"),
    )
    .option("-f, --format <format>", "ndjson, csv or avro (default: by the file, ndjson)")
    .option("-o, --output <file>", "a file (default: the standard output)")
    .option("--force", "replace a file that exists")
    .option("--metrics-json <file>", "write the figures to a file at the end")
    .option("-q, --quiet", "tell nothing")
    .addHelpText(
      "after",
      "\nExamples:\n  waggle stream orders.waggle --batch-size 100 --interval 1\n" +
        "  waggle stream orders.waggle --max-records 1e6 -o orders.csv.gz",
    );
}

function addInspect(program: Command): Command {
  return program.command("inspect <model>").description("tell what a model has learned");
}

function addWindow(program: Command): Command {
  return program.command("window <data>")
    .description("aggregate the rows of a file in windows of event time")
    .requiredOption("-t, --time <column>", "when a row happened: ISO 8601, or milliseconds")
    .requiredOption("-a, --agg <list>", "what to compute: 'count, mean(temperature), p95(latency)'")
    .option("-k, --key <columns>", "aggregate by these columns", nameList)
    .option(
      "--tumble <duration>",
      "windows of this length, one behind the other",
      duration("--tumble"),
    )
    .option("--size <duration>", "windows of this length …", duration("--size"))
    .option("--slide <duration>", "… that begin every so often", duration("--slide"))
    .option(
      "--session <gap>",
      "windows that end when nothing happens for so long",
      duration("--session"),
    )
    .option(
      "--max-disorder <duration>",
      "how late rows may come (default: 0)",
      duration("--max-disorder"),
    )
    .option(
      "--workers <bees>",
      "threads (default: one less than there are cores)",
      whole("--workers", 1),
    )
    .option("-f, --format <format>", "ndjson, csv or avro (default: by the file, ndjson)")
    .option("-o, --output <file>", "a file (default: the standard output)")
    .option("--force", "replace a file that exists")
    .option("-q, --quiet", "tell nothing")
    .addHelpText(
      "after",
      "\nExample:\n  waggle window data.ndjson --time ts --key sensor --tumble 60s \\\n" +
        "    --agg 'count, mean(temperature)' --format csv",
    );
}

/** Options by the names that commands have for them: durations are milliseconds. */
function named(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const durations = [
    "interval",
    "targetLatency",
    "tumble",
    "size",
    "slide",
    "session",
    "maxDisorder",
  ];
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      durations.includes(name) ? `${name}Ms` : name,
      value,
    ]),
  );
}

function programOf(context: CommandContext): Command {
  const encoder = new TextEncoder();
  const program = new Command("waggle").exitOverride().configureOutput({
    writeOut: (text) => context.process.stdout.write(encoder.encode(text)),
    writeErr: (text) => context.process.stderr.write(encoder.encode(terminalText(text))),
    getOutHelpWidth: () => context.process.stdout.columns,
    getErrHelpWidth: () => context.process.stderr.columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  program.description(
    "Learn synthetic records from real ones, stream them, and aggregate streams.",
  );
  const actions: [Command, Action][] = [
    [addFit(program), fitCommand as Action],
    [addStream(program), streamCommand],
    [addInspect(program), inspectCommand],
    [addWindow(program), windowCommand as Action],
  ];
  for (const [command, run] of actions) {
    command.action((argument: string, options) => run(argument, named(options), context));
  }
  return program;
}

/** What failed first, where closing what was open has failed as well. */
function firstOf(error: unknown): unknown {
  while (error instanceof SuppressedError) error = error.suppressed;
  return error;
}

/** What a command that failed ends with, after telling why. */
function outcomeOf(failure: unknown, process: Process): number {
  const error = firstOf(failure);
  if (error instanceof ClosedPipeError) return 0;
  if (error instanceof Interrupted) return INTERRUPTED;
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : USAGE; // it has told why
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(new TextEncoder().encode(`waggle: ${terminalText(message)}\n`));
  return error instanceof UsageError ? USAGE : FAILED;
}

/** Where a command runs. */
export interface MainOptions {
  /** Its outputs and signals. Default: those of the process. */
  process?: Process;
  /** The world. Default: that of the process. */
  runtime?: Runtime;
}

/**
 * Runs a command.
 *
 * @param args What stands behind the program's name.
 * @returns The exit code: 0, 1 when it failed, 2 when it was not called as it has to be, 130 when it
 *   was interrupted.
 */
export async function main(
  args: readonly string[],
  { process = denoProcess, runtime = denoRuntime }: MainOptions = {},
): Promise<number> {
  const controller = new AbortController();
  const silence = process.onInterrupt(() => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new Interrupted());
  });
  try {
    const end = (reason: Error) => controller.abort(reason);
    const context = { process, runtime, signal: controller.signal, end };
    await programOf(context).parseAsync([...args], { from: "user" });
    return controller.signal.reason instanceof Interrupted ? INTERRUPTED : 0;
  } catch (error) {
    return outcomeOf(error, process);
  } finally {
    silence();
  }
}

if (import.meta.main) denoProcess.exit(await main(processArguments()));
