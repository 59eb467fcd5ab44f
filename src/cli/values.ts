import { milliseconds } from "../runtime/duration.ts";
import { UsageError } from "./usage_error.ts";

const SECONDS = /^\d+(?:\.\d+)?$/;

/** A duration in ms: `500ms`, `1.5s`, `5m`; a bare number is seconds. */
export function durationMs(text: string, flag: string): number {
  const given = text.trim();
  if (SECONDS.test(given)) return Number(given) * 1000;
  try {
    return milliseconds(given, flag, { fractions: true });
  } catch {
    throw new UsageError(
      `${flag} takes a duration such as 1, 0.5, 500ms, 5m or 1h (a bare number is seconds), received ` +
        JSON.stringify(text),
    );
  }
}

/** A whole number from `least`; may be written as `1e6` or `1_000_000`. */
export function wholeNumber(text: string, flag: string, least = 0): number {
  const value = Number(text.replaceAll("_", ""));
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(
    `${flag} takes a whole number from ${least}, received ${JSON.stringify(text)}`,
  );
}

/** A number above 0. */
export function positiveNumber(text: string, flag: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (text.trim() !== "" && value > 0 && value < Infinity) return value;
  throw new UsageError(`${flag} takes a number above 0, received ${JSON.stringify(text)}`);
}

/** Names apart by commas. */
export function nameList(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}
