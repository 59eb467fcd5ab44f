import { SyntheticGenerator } from "../../generators/synthetic_generator.ts";
import type { DataType } from "../../batch/schema.ts";
import * as types from "../../batch/types.ts";
import { UsageError } from "../usage_error.ts";
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
  /** Types that columns are to have, such as `ts=timestamp`. */
  readonly types?: readonly string[];
  /** The event time of a stream, which is learned as one. */
  readonly time?: string;
  /** The column whose values are the keys of a stream. */
  readonly key?: string;
  readonly seed?: number;
  readonly maxRows?: number;
  readonly force?: boolean;
}

const TYPES: Readonly<Record<string, DataType>> = {
  bool: types.bool,
  i32: types.i32,
  i64: types.i64,
  f64: types.f64,
  timestamp: types.timestamp,
  date: types.date,
  time: types.time,
  utf8: types.utf8,
};

/** A column's name and type, of `name=type`. */
function typed(text: string): [string, { type: DataType }] {
  const at = text.lastIndexOf("=");
  const name = text.slice(at + 1);
  if (at > 0 && Object.hasOwn(TYPES, name)) return [text.slice(0, at), { type: TYPES[name] }];
  throw new UsageError(
    `--types takes columns with their types, such as ts=timestamp; types are ` +
      `${Object.keys(TYPES).join(", ")}, received ${JSON.stringify(text)}`,
  );
}

function fitOptions(options: FitCommandOptions): FitOptions {
  const { model, primaryKey, ignore = [], seed, maxRows, time, key } = options;
  const columns = {
    ...Object.fromEntries(ignore.map((name) => [name, { role: "ignore" as const }])),
    ...Object.fromEntries((options.types ?? []).map(typed)),
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
