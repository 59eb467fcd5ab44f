import { ModelFileError } from "../generators/generator_errors.ts";
import { SyntheticGenerator } from "../generators/synthetic_generator.ts";
import { readingFault } from "../runtime/reading_fault.ts";
import type { CommandContext } from "./command_context.ts";
import { isDataName } from "./input_format.ts";
import { isKafkaAddress } from "./kafka/kafka_address.ts";
import { triedReading } from "./tried_reading.ts";
import { UsageError } from "./usage_error.ts";

/** What says that a file may not be read, by whoever forbids it. */
const FORBIDDEN: ReadonlySet<string> = new Set(["NotCapable", "PermissionDenied"]);

function reasonOf(cause: unknown, path: string): string {
  if (cause instanceof ModelFileError && isDataName(path)) {
    return `it is no model, and its name says that it has records; learn one from them by ` +
      `\`waggle fit ${path} -o model.waggle\`, and give that`;
  }
  if (!(cause instanceof Error)) return String(cause);
  return FORBIDDEN.has(cause.name) ? readingFault(cause) : cause.message;
}

/** The generator of a model file. */
export async function modelInput(
  path: string,
  { runtime }: CommandContext,
): Promise<SyntheticGenerator> {
  if (isKafkaAddress(path)) {
    throw new UsageError(
      `a model is a file, received the topic ${path}; learn one from it by ` +
        `\`waggle fit ${path} -o model.waggle\`, and give that`,
    );
  }
  const what = `the model ${path}`;
  const { kind } = await triedReading(what, () => runtime.fileStatus(path));
  if (kind === "nothing" || kind === "folder") {
    throw new UsageError(
      kind === "folder"
        ? `cannot read the model ${path}: it is a folder; give the path of a .waggle file`
        : `cannot read the model ${path}: there is no such file; make one by ` +
          `\`waggle fit data.csv -o ${path}\``,
    );
  }
  try {
    return await SyntheticGenerator.load(path, { runtime });
  } catch (cause) {
    throw new Error(`cannot read the model ${path}: ${reasonOf(cause, path)}`, { cause });
  }
}
