import { RecordBatch } from "../batch/record_batch.ts";
import * as t from "../batch/types.ts";
import type { BadInput } from "../stream/source.ts";
import type { CommandContext } from "./command_context.ts";
import type { Flag } from "./command_spec.ts";
import { flagText } from "./flag_text.ts";
import { isKafkaAddress } from "./kafka/kafka_address.ts";
import type { DeadLetterOptions, OutputOptions } from "./output_flags.ts";
import { checkNew, type RecordOutput, recordOutput } from "./record_output.ts";
import { UsageError } from "./usage_error.ts";

const COLUMNS = t.schema({ record: t.utf8, error: t.required(t.utf8), position: t.f64 });
/** Who has records go somewhere has asked for that instead. */
const SKIPPING = /; or pass --bad-records skip$/;
/** What is said of the other output holds of this one too. */
const SHARED = [
  ...["kafkaUser", "kafkaPasswordFile", "kafkaTokenFile", "sasl", "tls"] as const,
  ...["kafkaCa", "kafkaCert", "kafkaKey", "createTopic", "force"] as const,
];

/** A record as it came, as text. */
function textOf(record: unknown): string {
  if (record instanceof Uint8Array) return new TextDecoder().decode(record);
  const plain = (_: string, value: unknown) => typeof value === "bigint" ? Number(value) : value;
  return typeof record === "string" ? record : JSON.stringify(record, plain) ?? String(record);
}

/** Opens where bad records go, if that was asked for. */
export async function deadLetters(
  options: DeadLetterOptions,
  context: CommandContext,
): Promise<RecordOutput | undefined> {
  const { deadLetters: output, badRecords } = options;
  if (output === undefined) return undefined;
  if (badRecords !== undefined) {
    throw new UsageError(`--dead-letters and --bad-records ${badRecords} exclude each other`);
  }
  const { createTopic: _, ...ofFile } = options;
  const { force: __, ...ofTopic } = options;
  const given: OutputOptions = isKafkaAddress(output) ? ofTopic : ofFile;
  const shared = SHARED.flatMap((name) => given[name] === undefined ? [] : [[name, given[name]]]);
  const target: OutputOptions = { output, ...Object.fromEntries(shared) };
  await checkNew(target, context, "--dead-letters");
  return await recordOutput(target, context);
}

/** What is said of the other output: a topic to make may be that of bad records alone. */
export function besideLetters(options: DeadLetterOptions): OutputOptions {
  const isTopic = (path: string | undefined) => path !== undefined && isKafkaAddress(path);
  if (isTopic(options.output) || !isTopic(options.deadLetters)) return options;
  const { createTopic: _, ...own } = options;
  return own;
}

/**
 * What a pipeline is told of them.
 *
 * @param flags Those of the command: what is wrong is said in its words.
 */
export function deadLetterPolicy(letters: RecordOutput | undefined, flags: readonly Flag[]) {
  if (!letters) return {};
  const deadLetter = async ({ record, error: { message }, position, place }: BadInput) => {
    const said = flagText(message, flags).replace(SKIPPING, "");
    const error = place === undefined ? said : `${said} (${place})`;
    const row = { record: textOf(record), error, position };
    await letters.publish(RecordBatch.fromRows([row], { schema: COLUMNS }) as RecordBatch);
  };
  return { badRecords: "deadLetter" as const, deadLetter };
}
