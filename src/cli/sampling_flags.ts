import type { SyntheticGenerator } from "../generators/synthetic_generator.ts";
import { type Flag, text, whole } from "./command_spec.ts";
import { flagText } from "./flag_text.ts";
import { UsageError } from "./usage_error.ts";

/** Which records a model makes. */
export interface SamplingOptions {
  readonly seed?: number;
  readonly start?: number;
  readonly workers?: number;
  /** As JSON. */
  readonly conditions?: string;
}

/** The flags of {@linkcode SamplingOptions}. */
export const SAMPLING_FLAGS: readonly Flag[] = [
  text("--conditions <json>", 'what records have to be: \'{"status": "active"}\''),
  whole("--seed <number>", "which records (default: 0)"),
  whole("--start <record>", "the number of the first record (default: 0)"),
  whole("--workers <bees>", "threads that make records, up to 255 (default: none)", 0, 255),
];

const EXAMPLE = '{"segment": "premium", "value": [">", 10000]}';

/** What is wrong with conditions, of which the library has its own words. */
function conditionText(message: string): string {
  const why = message.replace(/^Cannot compile conditions: /, "");
  const [, how] = /^(?:as text they are JSON such as \{[^}]*\}|they are an object .*), (.*)$/
    .exec(why) ?? /^as text they are JSON such as \{[^}]*\}: (.*)$/.exec(why) ?? [];
  if (how !== undefined) return `--conditions takes JSON such as '${EXAMPLE}': ${how}`;
  return `--conditions cannot be kept: ${flagText(why, SAMPLING_FLAGS)}`;
}

/**
 * Checks what records are to be, before any is made.
 *
 * @throws {UsageError} when no record can be so.
 */
export function checkSampling(
  generator: SyntheticGenerator,
  { conditions }: SamplingOptions,
): void {
  if (conditions === undefined) return;
  try {
    generator.sample(0, { conditions });
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    throw new UsageError(conditionText(cause.message), { cause });
  }
}
