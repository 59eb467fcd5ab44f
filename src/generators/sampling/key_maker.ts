import type { Column } from "../../batch/column.ts";
import type { KeyMaker } from "../encoding/plans.ts";
import { CountedCodes } from "./counted_codes.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TWO_32 = 4294967296;
const TWO_16 = 65_536;
const MOST_MS = 2 ** 48;
const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const LONGEST_PATTERN = 64;
const ASCII = /^[\0-\x7f]*$/;
const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });
const ALPHABETS: Readonly<Record<string, string>> = {
  "9": "0123456789",
  "a": "abcdefghijklmnopqrstuvwxyz",
  "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
};
/** Odd, without small factors: steps through any pattern's numbers without meeting one twice. */
const STEP = 0x9e37_79b9_7f4a_7c55n;

function classOf(character: string): string {
  return Object.keys(ALPHABETS).find((name) => ALPHABETS[name].includes(character)) ?? ".";
}

/** The kind of key that texts are. */
export function keyMakerOf(texts: readonly string[]): KeyMaker {
  if (texts.length > 0 && texts.every((text) => UUID_7.test(text))) return uuid7MakerOf(texts);
  if (texts.length > 0 && texts.every((text) => UUID.test(text))) return { kind: "uuid" };
  const lengths = new Map<number, number>();
  for (const { length } of texts) lengths.set(length, (lengths.get(length) ?? 0) + 1);
  const [[length] = [0]] = Array.from(lengths).sort((a, b) => b[1] - a[1] || b[0] - a[0]);
  if (length === 0 || length > LONGEST_PATTERN) return { kind: "uuid" };
  const same = texts.filter((text) => text.length === length);
  const classes = withWholeNumbers(
    Array.from({ length }, (_, at) => commonClass(same.map((text) => text[at]))),
    same[0],
  );
  if (classes.every((each) => each === ".")) return { kind: "uuid" };
  const text = classes.map((each, at) => each === "." ? same[0][at] : each).join("");
  return text.isWellFormed() && capacityOf(classes.join("")) >= BigInt(texts.length)
    ? { kind: "pattern", text, classes: classes.join("") }
    : { kind: "uuid" };
}

/** UUIDs that go on after these, as far from each other in time as these are on average. */
function uuid7MakerOf(texts: readonly string[]): KeyMaker {
  let [least, most] = [Infinity, -Infinity];
  for (const text of texts) {
    const ms = parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
    least = Math.min(least, ms);
    most = Math.max(most, ms);
  }
  const step = texts.length > 1 ? (most - least) / (texts.length - 1) : 1;
  return { kind: "uuid7", start: most + step, step };
}

/** The classes, where of a number with digits that differ all digits do. */
function withWholeNumbers(classes: readonly string[], text: string): string[] {
  const out = [...classes];
  const isDigit = (at: number) => out[at] === "." && classOf(text[at]) === "9";
  for (let at = 1; at < out.length; at++) if (out[at - 1] === "9" && isDigit(at)) out[at] = "9";
  for (let at = out.length - 2; at >= 0; at--) {
    if (out[at + 1] === "9" && isDigit(at)) out[at] = "9";
  }
  return out;
}

/** What stands at one place of all keys: `.` is the same character in all. */
function commonClass(characters: readonly string[]): string {
  if (characters.every((each) => each === characters[0])) return ".";
  const classes = new Set(characters.map(classOf));
  classes.delete(".");
  if (classes.size === 0) return "9";
  return classes.has("A") ? "A" : classes.has("a") ? "a" : "9";
}

/** How many keys a pattern has. */
export function capacityOf(classes: string): bigint {
  return Array.from(classes).reduce(
    (product, each) => product * BigInt(ALPHABETS[each]?.length ?? 1),
    1n,
  );
}

function gcd(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}

function patternKey({ text, classes }: KeyMaker & { kind: "pattern" }, number: bigint): string {
  let out = "";
  for (let at = classes.length - 1; at >= 0; at--) {
    const alphabet = ALPHABETS[classes[at]];
    if (!alphabet) {
      out = text[at] + out;
      continue;
    }
    const size = BigInt(alphabet.length);
    out = alphabet[Number(number % size)] + out;
    number /= size;
  }
  return out;
}

/** The number of a key by a pattern; undefined of a text that is none. */
function patternNumber(
  { text, classes }: KeyMaker & { kind: "pattern" },
  key: string,
): bigint | undefined {
  if (key.length !== classes.length) return undefined;
  let number = 0n;
  for (let at = 0; at < classes.length; at++) {
    const alphabet = ALPHABETS[classes[at]] ?? text[at];
    const digit = alphabet.indexOf(key[at]);
    if (digit < 0) return undefined;
    number = number * BigInt(alphabet.length) + BigInt(digit);
  }
  return number;
}

/** The keys of a pattern by number, and a step by which all of them are met, in disorder. */
export function patternSpace(maker: KeyMaker & { kind: "pattern" }): {
  readonly step: bigint;
  readonly key: (number: bigint) => string;
  readonly numberOf: (key: string) => bigint | undefined;
} {
  const capacity = capacityOf(maker.classes);
  let step = STEP % capacity || 1n;
  while (gcd(step, capacity) !== 1n) step++;
  return {
    step,
    key: (number) => patternKey(maker, number),
    numberOf: (key) => patternNumber(maker, key),
  };
}

/** Rows that keys are made for. */
export interface KeyRows {
  /** The number of the first. */
  readonly start: number;
  readonly count: number;
  readonly seed: bigint;
}

/** What the keys of a pattern are written by. */
interface PatternCodes {
  readonly step: bigint;
  readonly codes: CountedCodes;
}

const patterns = new WeakMap<KeyMaker, PatternCodes>();

/** Kept with the maker: all blocks ask for the same, and making it takes longer than their keys. */
function codesOf(maker: KeyMaker & { kind: "pattern" }): PatternCodes {
  const known = patterns.get(maker);
  if (known) return known;
  const { text, classes } = maker;
  const codes = new CountedCodes(
    Array.from(classes, (each, at) => ALPHABETS[each] ?? text[at]),
  );
  const made = { step: patternSpace(maker).step, codes };
  patterns.set(maker, made);
  return made;
}

/**
 * The characters of rows' keys by a pattern: of as many rows as it has keys, no two have the same. Row i
 * has the number i · step + seed, a remainder of how many there are.
 */
function patternCodes<Codes extends Uint8Array | Uint16Array>(
  maker: KeyMaker & { kind: "pattern" },
  { start, count, seed }: KeyRows,
  room: (length: number) => Codes,
): Codes {
  const { step, codes } = codesOf(maker);
  const first = (BigInt(start) * step + seed) % codes.size;
  return codes.write({ first, step, count }, room);
}

function patternKeys(maker: KeyMaker & { kind: "pattern" }, rows: KeyRows): string[] {
  const width = maker.classes.length;
  const all = utf16.decode(patternCodes(maker, rows, (length) => new Uint16Array(length)));
  return Array.from({ length: rows.count }, (_, i) => all.slice(i * width, (i + 1) * width));
}

/** Keys of a pattern as a column of texts; undefined where they are not in ASCII. */
export function patternColumn(maker: KeyMaker, rows: KeyRows): Column | undefined {
  if (maker.kind !== "pattern" || !ASCII.test(maker.text)) return undefined;
  const { count: length } = rows;
  const width = maker.classes.length;
  const offsets = new Int32Array(length + 1);
  for (let row = 1; row <= length; row++) offsets[row] = row * width;
  const values = patternCodes(maker, rows, (length) => new Uint8Array(length));
  return { type: { kind: "utf8" }, length, nullCount: 0, offsets, values };
}

function half(word: number): string {
  return BYTES[(word >>> 8) & 0xff] + BYTES[word & 0xff];
}

function hex(word: number): string {
  return half(word >>> 16) + half(word);
}

/** A version 4 UUID of four random words. */
export function uuidOf([a, b, c, d]: ArrayLike<number> & Iterable<number>): string {
  return `${hex(a)}-${half(b >>> 16)}-4${half(b).slice(1)}-${half((c >>> 16) & 0x3fff | 0x8000)}-${
    half(c)
  }${hex(d)}`;
}

/**
 * A version 7 UUID (RFC 9562, section 5.7): 48 bits of milliseconds, 12 of the fraction of one
 * (section 6.2, method 3), the rest random.
 */
function uuid7Of(ms: number, [, , c, d]: ArrayLike<number> & Iterable<number>): string {
  const whole = Math.floor(ms);
  const fraction = Math.floor((ms - whole) * 4096);
  const high = Math.floor(whole / TWO_16);
  return `${hex(high)}-${half(whole % TWO_16)}-7${half(fraction).slice(1)}-${
    half((c >>> 16) & 0x3fff | 0x8000)
  }-${half(c)}${hex(d)}`;
}

/** How many keys a maker has of which no two are the same, in a column of its type. */
export function keyLimit(maker: KeyMaker, isI32: boolean): number {
  switch (maker.kind) {
    case "pattern":
      return maker.repeats ? Infinity : Number(capacityOf(maker.classes));
    case "sequence": {
      const { start = 1, step = 1 } = maker;
      const most = isI32 ? TWO_32 / 2 : Number.MAX_SAFE_INTEGER;
      const room = step > 0 ? most - 1 - start : most + start;
      return Math.floor(room / Math.abs(step)) + 1;
    }
    case "uuid7":
      return maker.step > 0 ? Math.floor((MOST_MS - 1 - maker.start) / maker.step) : Infinity;
    default:
      return Infinity;
  }
}

/** Whether random words are needed to make keys. */
export function isRandom({ kind }: KeyMaker): boolean {
  return kind === "uuid" || kind === "uuid7";
}

/** Keys of a run of rows; `words` are four random ones each row, for UUIDs. */
export function keysOf(
  maker: KeyMaker,
  { start, count, seed, words }: KeyRows & { words: Uint32Array },
): (string | number)[] {
  const four = (row: number) => words.subarray(row * 4, row * 4 + 4);
  if (maker.kind === "uuid") return Array.from({ length: count }, (_, i) => uuidOf(four(i)));
  if (maker.kind === "uuid7") {
    const { start: from, step } = maker;
    return Array.from({ length: count }, (_, i) => uuid7Of(from + (start + i) * step, four(i)));
  }
  if (maker.kind === "sequence") {
    const { start: from = 1, step = 1 } = maker;
    return Array.from({ length: count }, (_, i) => from + (start + i) * step);
  }
  return patternKeys(maker, { start, count, seed });
}
