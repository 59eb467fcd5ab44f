import { checkWhole } from "../../runtime/known_options.ts";

/** The most bytes one record may take in a batch, unless told otherwise: 16 MiB. */
export const DEFAULT_MAX_RECORD_BYTES: number = 16 * 1024 * 1024;
/** The deepest nesting of one record, unless told otherwise. */
export const DEFAULT_MAX_RECORD_DEPTH = 512;
/** The longest string of a record in UTF-16 units, unless told otherwise: 16 Mi. */
export const DEFAULT_MAX_STRING_LENGTH: number = 16 * 1024 * 1024;
/** The deepest nesting that can be allowed: what a worker's stack holds with room to spare. */
export const HIGHEST_RECORD_DEPTH = 2000;
const HIGHEST_BYTES = 2 ** 31 - 1;
/** No string of this engine is longer, and 32-bit lengths hold it. */
const HIGHEST_STRING_LENGTH = 2 ** 29 - 24;

/** Bounds on one record; beyond them it is refused with an error that names the bound. */
export interface RecordLimits {
  /** The most bytes one record may take in a batch. Default 16 MiB, at most 2 GiB − 1. */
  maxBytes?: number;
  /** The deepest nesting of objects, arrays, maps and sets. Default 512, at most 2,000. */
  maxDepth?: number;
  /** The longest string in UTF-16 units. Default 16 Mi. */
  maxStringLength?: number;
}

function bounded(name: string, value: number, highest: number): number {
  return checkWhole(name, value, { doing: "set record limit", most: highest });
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when a limit is no whole number from 1 to its highest value.
 */
export function resolveLimits(limits: RecordLimits): Required<RecordLimits> {
  const { maxBytes = DEFAULT_MAX_RECORD_BYTES, maxDepth = DEFAULT_MAX_RECORD_DEPTH } = limits;
  const { maxStringLength = DEFAULT_MAX_STRING_LENGTH } = limits;
  return {
    maxBytes: bounded("maxBytes", maxBytes, HIGHEST_BYTES),
    maxDepth: bounded("maxDepth", maxDepth, HIGHEST_RECORD_DEPTH),
    maxStringLength: bounded("maxStringLength", maxStringLength, HIGHEST_STRING_LENGTH),
  };
}
