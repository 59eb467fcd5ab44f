import { received } from "./known_options.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PATTERN = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A length of time: `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"1d"`, or a number of milliseconds. */
export type Duration = number | string;

/** Limits of {@linkcode milliseconds}. */
export interface DurationLimits {
  /** The least allowed, ms. Default 0. */
  least?: number;
  /** What else may be given, for the error message. */
  or?: string;
  /** Whether fractions of a millisecond are allowed. Default `false`. */
  fractions?: boolean;
}

function read(duration: Duration, least: number): number {
  if (typeof duration === "number") return duration;
  if (typeof duration !== "string") return NaN;
  const [, amount, unit] = PATTERN.exec(duration) ?? [];
  return amount === undefined || least >= 0 && amount.startsWith("-")
    ? NaN
    : Number(amount) * MILLISECONDS[unit];
}

/**
 * A duration in milliseconds.
 *
 * @param duration What the user gave.
 * @param name Of the option, for the error message.
 * @throws {TypeError} when it is neither a number nor a text like `"60s"`.
 * @throws {RangeError} when it is negative, too small, not finite, or a fraction where none may be.
 */
export function milliseconds(
  duration: Duration,
  name: string,
  limits: DurationLimits = {},
): number {
  const { least = 0, fractions = false, or } = limits;
  const ms = read(duration, least);
  if (ms >= least && ms <= Number.MAX_SAFE_INTEGER && (fractions || Number.isInteger(ms))) {
    return ms;
  }
  const given = received(duration);
  if (Number.isNaN(ms)) {
    const Wrong = typeof duration === "number" ? RangeError : TypeError;
    throw new Wrong(
      `Cannot read ${name}: a duration is a number of milliseconds or a text like "500ms", "60s", ` +
        `"5m", "1h" or "1d"${or === undefined ? "" : `, or ${or}`}, received ${given}`,
    );
  }
  if (!(ms >= least && ms <= Number.MAX_SAFE_INTEGER)) {
    const bound = ms > least ? `at most ${Number.MAX_SAFE_INTEGER}` : `at least ${least}`;
    throw new RangeError(`Cannot use ${name}: it must be ${bound} ms, received ${given}`);
  }
  throw new RangeError(
    `Cannot use ${name}: it must be a whole number of milliseconds, received ${given}`,
  );
}

/** A number of milliseconds as one would write it as a {@linkcode Duration}, such as `"5m"`. */
export function spellDuration(ms: number): string {
  const units = Object.entries(MILLISECONDS).toReversed();
  const [unit, length] = units.find(([, length]) => ms !== 0 && ms % length === 0) ?? ["ms", 1];
  return `${ms / length}${unit}`;
}
