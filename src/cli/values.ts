import { perMillisecond } from "../generators/arrival/rate_shapes.ts";
import { milliseconds } from "../runtime/duration.ts";
import { nearestName } from "../runtime/known_options.ts";
import { UsageError } from "./usage_error.ts";

const SECONDS = /^\d+(?:\.\d+)?$/;
/** What is meant as a duration, whether it can be one or not. */
const AMOUNT = /^(-?\d+(?:\.\d+)?(?:e\+?\d+)?)(ms|s|m|h|d)?$/i;
const MS_OF: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function msOf(text: string, flag: string): number | undefined {
  if (SECONDS.test(text)) return Number(text) * 1000;
  try {
    return milliseconds(text, flag, { fractions: true });
  } catch {
    return undefined;
  }
}

/** What keeps a length of time from being one that is taken, if it is one. */
function beyond(text: string, least: number): string {
  const [, amount, unit = "s"] = AMOUNT.exec(text) ?? [];
  if (amount === undefined) return "";
  if (amount.startsWith("-")) {
    return least > 0 ? ", which must be above 0" : ", which must not be below 0";
  }
  const isTooLarge = Number(amount) * MS_OF[unit.toLowerCase()] > Number.MAX_SAFE_INTEGER;
  return isTooLarge
    ? `, and this is too large: it has more than ${Number.MAX_SAFE_INTEGER} ms`
    : "";
}

/** A duration in ms: `500ms`, `1.5s`, `5m`; a bare number is seconds. */
export function durationMs(text: string, flag: string, least = 0): number {
  const given = text.trim();
  const ms = msOf(given, flag);
  if (ms !== undefined && ms <= Number.MAX_SAFE_INTEGER) return ms;
  throw new UsageError(
    `${flag} takes a duration such as 1, 0.5, 500ms, 5m or 1h (a bare number is seconds)` +
      `${beyond(given, least)}, received ${JSON.stringify(text)}`,
  );
}

/** A duration of whole milliseconds from `least`. */
export function wholeMs(text: string, flag: string, least: number): number {
  const ms = durationMs(text, flag, least);
  if (Number.isInteger(ms) && ms >= least) return ms;
  throw new UsageError(
    `${flag} takes a duration of whole milliseconds from ${least}, received ${
      JSON.stringify(text)
    }`,
  );
}

function numberOf(text: string): number {
  return text.trim() === "" ? NaN : Number(text.replaceAll("_", ""));
}

/** A whole number from `least` to `most`; may be written as `1e6` or `1_000_000`. */
export function wholeNumber(
  text: string,
  flag: string,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = numberOf(text);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const to = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  throw new UsageError(
    `${flag} takes a whole number from ${least}${to}, received ${JSON.stringify(text)}`,
  );
}

/** A number above 0. */
export function positiveNumber(text: string, flag: string): number {
  const value = numberOf(text);
  if (value > 0 && value < Infinity) return value;
  throw new UsageError(`${flag} takes a number above 0, received ${JSON.stringify(text)}`);
}

/** A number from `least`. */
export function fraction(text: string, flag: string, least: number): number {
  const value = numberOf(text);
  if (value >= least && value < Infinity) return value;
  throw new UsageError(`${flag} takes a number from ${least}, received ${JSON.stringify(text)}`);
}

/** Names apart by commas. */
export function nameList(text: string, flag: string): string[] {
  const names = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (names.length > 0) return names;
  throw new UsageError(`${flag} takes names apart by commas, received ${JSON.stringify(text)}`);
}

/** One of a few words. */
export function oneOf(text: string, flag: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text;
  const all = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  const meant = nearestName(text, choices);
  throw new UsageError(
    `${flag} takes ${all}, received ${JSON.stringify(text)}${
      meant ? `; did you mean ${meant}?` : ""
    }`,
  );
}

/** What an address to listen on says: `8080`, `:8080`, `0.0.0.0:8080`, `[::1]:8080`. */
export interface ListenAddress {
  readonly hostname?: string;
  readonly port: number;
}

const ADDRESS = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):)?(\d{1,5})$/;
const MOST_PORT = 65_535;

/** Where to listen. */
export function listenAddress(text: string, flag: string): ListenAddress {
  const [, host = "", port = ""] = ADDRESS.exec(text.trim()) ?? [];
  if (port !== "" && Number(port) <= MOST_PORT) {
    const hostname = host.replace(/^\[(.*)\]$/, "$1");
    return { port: Number(port), ...(hostname !== "" && { hostname }) };
  }
  throw new UsageError(
    `${flag} takes a port, or a host and a port, such as 8080 or 0.0.0.0:8080 (port 0 is a free one), ` +
      `received ${JSON.stringify(text)}`,
  );
}

/** A rate: a number of records a second, or a text like `500/s`. */
export function rate(text: string): number | string {
  const given = text.trim();
  const value = given.includes("/") ? given : numberOf(given);
  try {
    perMillisecond(value, "--rate-limit");
    return value;
  } catch {
    throw new UsageError(
      `--rate-limit takes a number of records a second above 0, or such as 500/s, 30/m or 2/h, ` +
        `received ${JSON.stringify(text)}`,
    );
  }
}

const HEADER = /^([\w!#$%&'*+.^`|~-]+):\s*(.+)$/;

/** Headers, each such as `Authorization: Bearer …`; what is wrong with one is told without it. */
export function headerList(texts: readonly string[], flag: string): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const [, name, value] = HEADER.exec(text) ?? [];
    if (name !== undefined) return [name, value];
    throw new UsageError(
      `${flag} takes a name and a value, such as 'Authorization: Bearer …', received [secret]`,
    );
  }));
}
