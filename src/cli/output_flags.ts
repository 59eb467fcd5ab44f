import type { FileFormat } from "../publishers/file/file_format.ts";
import { choice, type Flag, text, toggle } from "./command_spec.ts";
import { KAFKA_WRITE_FLAGS, type KafkaWriteOptions } from "./kafka/kafka_output.ts";
import type { KafkaLoginOptions } from "./kafka/login_flags.ts";

const FORMATS = ["ndjson", "csv", "avro", "parquet"] as const satisfies FileFormat[];

/** Where a command writes records to. */
export interface OutputOptions extends KafkaWriteOptions, KafkaLoginOptions {
  /** A file, or the address of a topic; default: the standard output. */
  readonly output?: string;
  /** Default: by the file's name, JSON lines on the standard output. */
  readonly format?: FileFormat;
  /** Whether a file that exists is replaced. */
  readonly force?: boolean;
}

/** What stands for the standard output among files. */
export const TO_STANDARD_OUTPUT = "-";

/** Options of which `--output -` is taken for what it means: none. */
export function outputOf<Options extends { readonly output?: string }>(options: Options): Options {
  const { output, ...rest } = options;
  return output === TO_STANDARD_OUTPUT ? rest as Options : options;
}

/** The flag to replace a file. */
export const FORCE: Flag = toggle("--force", "replace a file that exists");

/** The flags of {@linkcode OutputOptions}. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  choice("-f, --format <format>", `${FORMATS.join(", ")} (default: by the file, ndjson)`, FORMATS),
  text("-o, --output <file>", "a file, or kafka://… (default: -, the standard output)"),
  FORCE,
  ...KAFKA_WRITE_FLAGS,
];

/** Where records go that cannot be used. */
export interface DeadLetterOptions extends OutputOptions {
  readonly deadLetters?: string;
  readonly badRecords?: string;
}

/** The flag of {@linkcode DeadLetterOptions}. */
export const DEAD_LETTERS: Flag = text(
  "--dead-letters <file>",
  "where bad records go, with what is wrong with them: a file, or kafka://…",
);
