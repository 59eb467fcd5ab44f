import { upperBound } from "../../batch/sorted_numbers.ts";
import type { KeyMaker, Vocabulary } from "../encoding/plans.ts";
import { capacityOf, patternSpace, uuidOf } from "../sampling/key_maker.ts";
import type { KeyPopulation, MadeKeys } from "./entities.ts";
import { mixed } from "./chain_walk.ts";

/** Whole numbers count as dense when they have a range of at most so many times their number. */
const DENSE = 4;
/** Odd, without small factors: steps through a range without meeting a number twice. */
const STEP = 0x9e37_79b9_7f4a_7c55n;
const WORDS = [1, 2, 3, 4];

/** How keys are made that do not come as themselves. */
export function madeKeys(
  keys: Vocabulary,
  texts: (texts: readonly string[]) => KeyMaker,
): MadeKeys {
  if (keys.kind === "texts") {
    const maker = texts(keys.texts);
    return maker.kind === "pattern" ? maker : { kind: "uuid" };
  }
  const low = keys.numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const high = keys.numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  const isDense = high - low < DENSE * keys.numbers.length;
  return { kind: "range", low, high, step: isDense ? 1 : stepIn(low, high) };
}

function gcd(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}

function stepIn(low: number, high: number): number {
  const size = BigInt(high) - BigInt(low) + 1n;
  let step = STEP % size || 1n;
  while (gcd(step, size) !== 1n) step++;
  return Number(step);
}

/** The keys that can be made, by number from 0. */
interface KeySpace {
  readonly size: number;
  readonly key: (number: number) => string | number;
  /** The number of a key that can be made; undefined of others. */
  readonly numberOf: (key: string | number) => number | undefined;
}

/** The number by which another is multiplied to give 1, modulo `size`. */
function inverse(of: bigint, size: bigint): bigint {
  let [a, b, x, y] = [of % size, size, 1n, 0n];
  while (b > 0n) {
    const times = a / b;
    [a, b] = [b, a - times * b];
    [x, y] = [y, x - times * y];
  }
  return ((x % size) + size) % size;
}

function rangeSpace(
  { low, high, step }: MadeKeys & { kind: "range" },
  most: number,
): KeySpace {
  const size = BigInt(high) - BigInt(low) + 1n;
  if (step === 1) {
    const size = most - low + 1;
    return { size, key: (n) => low + n, numberOf: (key) => Number(key) - low };
  }
  const back = inverse(BigInt(step), size);
  return {
    size: Number(size),
    key: (n) => low + Number(BigInt(n) * BigInt(step) % size),
    numberOf: (key) => Number((BigInt(key) - BigInt(low)) * back % size),
  };
}

function patternKeys(maker: KeyMaker & { kind: "pattern" }): KeySpace {
  const capacity = capacityOf(maker.classes);
  const { step, key, numberOf } = patternSpace(maker);
  const back = inverse(step, capacity);
  return {
    size: Number(capacity),
    key: (n) => key(BigInt(n) * step % capacity),
    numberOf: (text) => {
      const number = numberOf(String(text));
      return number === undefined ? undefined : Number(number * back % capacity);
    },
  };
}

function spaceOf(made: MadeKeys, most: number): KeySpace {
  if (made.kind === "range") return rangeSpace(made, most);
  if (made.kind === "pattern") return patternKeys(made);
  const words = (n: number) => Uint32Array.from(WORDS, (word) => mixed(n, word));
  return { size: 2 ** 53, key: (n) => uuidOf(words(n)), numberOf: () => undefined };
}

/**
 * The keys of a population by number: first those that are known, then made ones, none of which is
 * known. Where more are asked for than can be made, made ones come again.
 */
export class KeyNames {
  readonly #known: Vocabulary;
  readonly #space: KeySpace;
  /** How many numbers there are before each that is skipped, ascending. */
  readonly #skipped: Float64Array;
  readonly #size: number;
  /** How many known keys there are. */
  readonly known: number;

  /**
   * Of a population.
   *
   * @param most The greatest key that a column of numbers holds.
   */
  constructor({ known, made }: KeyPopulation, most: number = Number.MAX_SAFE_INTEGER) {
    this.#known = known;
    this.#space = spaceOf(made, most);
    const values = known.kind === "texts" ? known.texts : Array.from(known.numbers);
    this.known = values.length;
    const skipped = values.map((key) => this.#space.numberOf(key))
      .filter((number) => number !== undefined && number >= 0 && number < this.#space.size);
    this.#skipped = Float64Array.from(skipped as number[]).sort().map((number, at) => number - at);
    this.#size = Math.max(1, this.#space.size - this.#skipped.length);
  }

  /** The key of a number. */
  at(number: number): string | number {
    if (number < this.known) {
      return this.#known.kind === "texts" ? this.#known.texts[number] : this.#known.numbers[number];
    }
    const made = (number - this.known) % this.#size;
    return this.#space.key(made + upperBound(this.#skipped, made));
  }
}
