import { SyntheticGenerator } from "../../generators/synthetic_generator.ts";
import type { FitOptions, ModelKind } from "../../generators/fit_options.ts";
import { type CommandContext, progressOf, type QuietOption } from "../command_context.ts";
import { checkNew } from "../record_output.ts";
import { recordInput } from "../record_input.ts";
import { count, elapsed } from "../terminal_text.ts";

/** Options of `waggle fit`. */
export interface FitCommandOptions extends QuietOption {
  readonly output: string;
  readonly model?: ModelKind;
  readonly primaryKey?: readonly string[];
  readonly ignore?: readonly string[];
  readonly seed?: number;
  readonly maxRows?: number;
  readonly force?: boolean;
}

function fitOptions(options: FitCommandOptions): FitOptions {
  const { model, primaryKey, ignore = [], seed, maxRows } = options;
  const columns = Object.fromEntries(ignore.map((name) => [name, { role: "ignore" as const }]));
  return {
    columns,
    ...(model !== undefined && { model }),
    ...(primaryKey !== undefined && { primaryKey }),
    ...(seed !== undefined && { seed }),
    ...(maxRows !== undefined && { maxRows }),
  };
}

/** Learns a model from a file, and writes it to another. */
export async function fitCommand(
  data: string,
  options: FitCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { output } = options;
  const { runtime, signal } = context;
  await checkNew(options, context);
  const progress = progressOf(context, options);
  const startMs = runtime.monotonicMs();
  let rows = 0;
  const generator = await SyntheticGenerator.fit(await recordInput(data, context), {
    ...fitOptions(options),
    signal,
    onProgress: (now) => {
      rows = now.rows;
      progress.show(() =>
        now.phase === "reading"
          ? { text: `reading ${data}: ${count(now.rows)} rows` }
          : { share: now.share, text: `learning from ${count(now.rows)} rows` }
      );
    },
  });
  await generator.save(output, { runtime });
  progress.end(
    `${generator.describe()}\nwritten to ${output} after ${
      elapsed(runtime.monotonicMs() - startMs)
    }, ${count(rows)} rows`,
  );
}
