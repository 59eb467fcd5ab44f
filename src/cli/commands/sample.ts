import type { RecordBatch } from "../../batch/record_batch.ts";
import {
  type CommandContext,
  Interrupted,
  progressOf,
  QUIET,
  type QuietOption,
} from "../command_context.ts";
import { type CommandSpec, whole } from "../command_spec.ts";
import { modelInput } from "../model_input.ts";
import type { Progress, ProgressLine } from "../progress_line.ts";
import { OUTPUT_FLAGS, outputOf, type OutputOptions } from "../output_flags.ts";
import { checkNew, type RecordOutput, recordOutput } from "../record_output.ts";
import { checkSampling, SAMPLING_FLAGS, type SamplingOptions } from "../sampling_flags.ts";
import { checkSeparate } from "../separate_files.ts";
import { isKafkaAddress } from "../kafka/kafka_address.ts";
import { checkNoKafka } from "../kafka/kafka_flags.ts";
import { RECORD_KEY } from "../kafka/kafka_output.ts";
import { KAFKA_LOGIN_FLAGS } from "../kafka/login_flags.ts";
import { UsageError } from "../usage_error.ts";
import { count, elapsed, several } from "../terminal_text.ts";

const DEFAULT_ROWS = 10;

/** Options of `waggle sample`. */
export interface SampleCommandOptions extends OutputOptions, SamplingOptions, QuietOption {
  readonly rows?: number;
  /** The column of the keys of records, where these go to a topic. */
  readonly key?: string;
}

/** Writes so many records of a model to the standard output or a file. */
export async function sample(
  [model]: readonly string[],
  given: SampleCommandOptions,
  context: CommandContext,
): Promise<void> {
  const options = outputOf(given);
  const { runtime, signal } = context;
  const { rows = DEFAULT_ROWS, output = "standard output", workers = 0, ...which } = options;
  if (!Number.isSafeInteger((options.start ?? 0) + rows)) {
    throw new UsageError(`there are no ${rows} records from --start ${options.start} on`);
  }
  const isTopic = options.output !== undefined && isKafkaAddress(options.output);
  if (!isTopic) checkNoKafka(options, [RECORD_KEY, ...KAFKA_LOGIN_FLAGS]);
  await checkSeparate({ read: [model], written: { "--output": options.output } }, context);
  await checkNew(options, context);
  const generator = await modelInput(model, context);
  checkSampling(generator, options);
  const { seed, start, conditions } = which;
  const batches = generator.sample(rows, {
    ...{ signal, runtime },
    ...(seed !== undefined && { seed }),
    ...(start !== undefined && { start }),
    ...(conditions !== undefined && { conditions }),
    ...(workers > 0 && { workers }),
  }).batches();
  const progress = progressOf(context, options);
  const startMs = runtime.monotonicMs();
  let made = 0;
  const rate = () => count((made * 1000) / Math.max(1, runtime.monotonicMs() - startMs));
  const now = (): Progress => ({
    share: rows === 0 ? 1 : made / rows,
    text: `${count(made)} of ${several(rows, "record", "records")}, ${rate()}/s`,
  });
  await write(async (publisher) => {
    if (rows === 0) await publisher.publish(generator.sample(0).toBatch() as RecordBatch);
    for await (const batch of batches) {
      await publisher.publish(batch);
      made += batch.length;
      progress.show(now);
    }
  }, { options, context, progress });
  const interrupted = signal.reason instanceof Interrupted
    ? `, of ${count(rows)}: interrupted`
    : "";
  const took = elapsed(runtime.monotonicMs() - startMs);
  const written = `${several(made, "record", "records")} to ${output}`;
  progress.end(`${written} in ${took} (${rate()}/s)${interrupted}`);
}

/** Writes records until an end or Ctrl-C; then a file is whole and has its name. */
async function write(
  records: (publisher: RecordOutput) => Promise<void>,
  { options, context, progress }: {
    readonly options: SampleCommandOptions;
    readonly context: CommandContext;
    readonly progress: ProgressLine;
  },
): Promise<void> {
  await using publisher = await recordOutput(options, context, options.key);
  if (options.output === undefined && context.process.stdout.isTerminal) progress.hold();
  try {
    await records(publisher);
  } catch (error) {
    if (context.signal.reason instanceof Interrupted) return;
    progress.clear();
    await publisher.abort();
    throw error;
  }
}

/** `waggle sample`. */
export const SAMPLE: CommandSpec = {
  name: "sample",
  operands: ["<model>"],
  text: "make so many synthetic records, as fast as it goes",
  flags: [
    whole("-n, --rows <rows>", "how many (default: 10)"),
    ...SAMPLING_FLAGS,
    ...OUTPUT_FLAGS,
    RECORD_KEY,
    ...KAFKA_LOGIN_FLAGS,
    QUIET,
  ],
  examples: [
    "waggle sample orders.waggle -n 1000 > orders.ndjson",
    `waggle sample orders.waggle -n 1e6 --conditions '{"country": "FR"}' -o french.csv.gz`,
  ],
  run: sample,
};
