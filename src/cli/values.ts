import { UsageError } from "./usage_error.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1000,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/;

/** A duration in ms: `500ms`, `1.5s`, `5m`; a bare number is seconds. */
export function durationMs(text: string, flag: string): number {
  const [, amount, unit = ""] = DURATION.exec(text.trim()) ?? [];
  if (amount !== undefined) return Number(amount) * UNITS[unit];
  throw new UsageError(
    `${flag} takes a duration such as 1, 0.5, 500ms, 5m or 1h (a bare number is seconds), received ` +
      JSON.stringify(text),
  );
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
