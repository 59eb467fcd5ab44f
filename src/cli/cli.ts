/**
 * The command line: `waggle fit`, `sample`, `stream`, `report`, `window` and `inspect`.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { lateModule } from "../runtime/late_module.ts";
import {
  ClosedPipeError,
  denoProcess,
  type Process,
  processArguments,
} from "../runtime/process.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type CommandContext, Interrupted } from "./command_context.ts";
import { type CommandSpec, type Flag, optionName } from "./command_spec.ts";
import { flagText } from "./flag_text.ts";
import { terminalText } from "./terminal_text.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";

export type { Process, ProcessInput, ProcessOutput } from "../runtime/process.ts";
export type { Runtime } from "../runtime/runtime.ts";

const FAILED = 1;
const USAGE = 2;
const INTERRUPTED = 130;
const STARTS = [
  "waggle fit orders.csv -o orders.waggle      learn from a file",
  "waggle sample orders.waggle -n 1000         make records like it",
  "waggle stream orders.waggle --interval 1    stream them",
  "waggle report orders.csv orders.waggle      see how good they are",
];

/** Commands by name, in the order of the help; each is loaded when it is called. */
const COMMANDS: ReadonlyMap<string, () => Promise<CommandSpec>> = new Map([
  ["fit", async () => {
    const url = new URL("./commands/fit.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/fit.ts")>(url)).FIT;
  }],
  ["sample", async () => {
    const url = new URL("./commands/sample.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/sample.ts")>(url)).SAMPLE;
  }],
  ["stream", async () => {
    const url = new URL("./commands/stream.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/stream.ts")>(url)).STREAM;
  }],
  ["report", async () => {
    const url = new URL("./commands/report.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/report.ts")>(url)).REPORT;
  }],
  ["window", async () => {
    const url = new URL("./commands/window.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/window.ts")>(url)).WINDOW;
  }],
  ["inspect", async () => {
    const url = new URL("./commands/inspect.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/inspect.ts")>(url)).INSPECT;
  }],
  ["completions", async () => {
    const url = new URL("./commands/completions.ts", import.meta.url);
    return (await lateModule<typeof import("./commands/completions.ts")>(url)).completionsOf(all);
  }],
]);

/** All commands, for the help and completions. */
async function all(): Promise<CommandSpec[]> {
  return await Promise.all([...COMMANDS.values()].map((load) => load()));
}

/** The command that is called; all of them where that is none, for the help and what is like it. */
async function called([name]: readonly string[]): Promise<CommandSpec[]> {
  const command = COMMANDS.get(name);
  return command ? [await command()] : await all();
}

/** A flag of the parser. */
function optionOf(flag: Flag): Option {
  const option = new Option(flag.flags, flag.text);
  const { read } = flag;
  return read ? option.argParser((given: string, before: unknown) => read(given, before)) : option;
}

/** Options by the names that commands have for them: durations are milliseconds. */
function named(
  flags: readonly Flag[],
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const durations = new Set(flags.filter((flag) => flag.isDuration).map(optionName));
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      durations.has(name) ? `${name}Ms` : name,
      value,
    ]),
  );
}

/** Tells of a flag that has to be given and was not: the parser would before it knows all flags. */
function checkRequired(command: Command, flags: readonly Flag[]): void {
  const values = command.opts();
  const missing = flags.find((flag) => flag.isRequired && values[optionName(flag)] === undefined);
  if (missing) command.error(`error: required option '${missing.flags}' not specified`);
}

function addCommand(program: Command, spec: CommandSpec, context: CommandContext): void {
  const { name, operands, text, flags, examples } = spec;
  const command = program.command([name, ...operands].join(" ")).description(text)
    .showHelpAfterError(`see \`waggle ${name} --help\``);
  for (const flag of flags) command.addOption(optionOf(flag));
  const title = examples.length === 1 ? "Example:" : "Examples:";
  command.addHelpText("after", ["", title, ...examples.map((line) => `  ${line}`)].join("\n"));
  command.action((...given: unknown[]) => {
    checkRequired(command, flags);
    const [options] = given.slice(operands.length);
    const values = named(flags, options as Record<string, unknown>);
    return spec.run(given.slice(0, operands.length) as string[], values as never, context);
  });
}

function programOf(commands: readonly CommandSpec[], context: CommandContext): Command {
  const encoder = new TextEncoder();
  const { stdout, stderr } = context.process;
  const program = new Command("waggle").exitOverride().configureOutput({
    writeOut: (text) => stdout.write(encoder.encode(text)),
    writeErr: (text) => stderr.write(encoder.encode(terminalText(text))),
    outputError: (text, write) => write(text.replace(/^error: /, "waggle: ")),
    getOutHelpWidth: () => stdout.columns,
    getErrHelpWidth: () => stderr.columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  program.description(
    "Learn synthetic records from real ones, stream them, and aggregate streams.",
  ).version(VERSION, "-V, --version", "tell the version").helpOption("-h, --help", "tell this");
  for (const spec of commands) addCommand(program, spec, context);
  program.addHelpText("after", `\nStart here:\n${STARTS.map((line) => `  ${line}`).join("\n")}`);
  return program;
}

/** What failed first, where closing what was open has failed as well. */
function firstOf(error: unknown): unknown {
  while (error instanceof SuppressedError) error = error.suppressed;
  return error;
}

/** What a command that failed ends with, after telling why. */
function outcomeOf(failure: unknown, process: Process, flags: readonly Flag[]): number {
  const error = firstOf(failure);
  if (error instanceof ClosedPipeError) return 0;
  if (error instanceof Interrupted) return INTERRUPTED;
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : USAGE; // it has told why
  }
  const message = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof UsageError;
  const told = terminalText(isUsage ? message : flagText(message, flags));
  process.stderr.write(new TextEncoder().encode(`waggle: ${told}\n`));
  return isUsage ? USAGE : FAILED;
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
    if (!controller.signal.aborted) return controller.abort(new Interrupted());
    // What comes next in a terminal is not to stand behind what was told of progress.
    if (process.stderr.isTerminal) process.stderr.write(new TextEncoder().encode("\n"));
    process.exit(INTERRUPTED);
  });
  let commands: readonly CommandSpec[] = [];
  try {
    commands = await called(args);
    const end = (reason: Error) => controller.abort(reason);
    const context = { process, runtime, signal: controller.signal, end };
    await programOf(commands, context).parseAsync([...args], { from: "user" });
    return controller.signal.reason instanceof Interrupted ? INTERRUPTED : 0;
  } catch (error) {
    return outcomeOf(error, process, commands.length === 1 ? commands[0].flags : []);
  } finally {
    silence();
  }
}

if (import.meta.main) denoProcess.exit(await main(processArguments()));
