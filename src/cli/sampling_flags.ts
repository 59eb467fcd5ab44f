import type { SyntheticGenerator } from "../generators/synthetic_generator.ts";
import { type Flag, text, whole } from "./command_spec.ts";
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
  whole("--workers <bees>", "threads that make records, up to 255 (default: none)"),
];

const MOST_WORKERS = 255;

/**
 * Checks what records are to be, before any is made.
 *
 * @throws {UsageError} when no record can be so.
 */
export function checkSampling(
  generator: SyntheticGenerator,
  { conditions, workers = 0 }: SamplingOptions,
): void {
  if (workers > MOST_WORKERS) {
    throw new UsageError(`--workers takes up to ${MOST_WORKERS} threads, received ${workers}`);
  }
  if (conditions === undefined) return;
  try {
    generator.sample(0, { conditions });
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    const why = cause.message.replace(/^Cannot compile conditions: (as text they are )?/, "");
    throw new UsageError(`--conditions cannot be kept: ${why}`, { cause });
  }
}
