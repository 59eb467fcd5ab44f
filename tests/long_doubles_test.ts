import { assert, assertEquals } from "@std/assert";
import { CsvDecoder, NdjsonDecoder, schema, types as t } from "../mod.ts";
import { forSeeds, type Random } from "./support/random.ts";

const SCHEMA = schema({ x: t.f64 });
const TEXTS = 40_000;
/** Of so few digits next to a carry into those that decide. */
const EDGE = 4n;
const DECIDING_BITS = 9n;

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.below(10)).join("");
}

/** A number of 16 to 19 digits, a point among the first 16. */
function longText(random: Random): string {
  const point = 1 + random.below(15);
  const whole = point === 1
    ? digits(random, 1)
    : `${1 + random.below(9)}${digits(random, point - 1)}`;
  const sign = random.chance(0.5) ? "-" : "";
  return `${sign}${whole}.${digits(random, 16 + random.below(4) - point)}`;
}

/** The first 64 bits of a number that is not 0. */
function leading(value: bigint): bigint {
  const bits = BigInt(value.toString(2).length);
  return bits > 64n ? value >> (bits - 64n) : value << (64n - bits);
}

/**
 * Whether the bits below those that decide are nearly all ones, or zeros, in the product of digits
 * and power of ten by which a number is rounded.
 */
function isNearCarry(text: string): boolean {
  const [whole, fraction] = text.replace("-", "").split(".");
  const size = BigInt(whole + fraction);
  if (size === 0n) return false;
  const power = leading((1n << 300n) / 10n ** BigInt(fraction.length));
  const upper = (leading(size) * power) >> 64n;
  return BigInt.asUintN(Number(DECIDING_BITS), upper + EDGE) < 2n * EDGE;
}

function hold(texts: readonly string[]): void {
  const lines = new TextEncoder().encode(texts.map((text) => `{"x":${text}}\n`).join(""));
  const cells = new TextEncoder().encode(`x\n${texts.join("\n")}\n`);
  for (
    const [decoder, bytes] of [
      [new NdjsonDecoder({ schema: SCHEMA }), lines],
      [new CsvDecoder({ schema: SCHEMA }), cells],
    ] as const
  ) {
    const batches = [...decoder.push(bytes), ...decoder.finish()];
    const values = batches.flatMap((batch) => batch.toRows().map(({ x }) => x));
    assertEquals(values.length, texts.length);
    const wrong = texts.findIndex((text, i) => !Object.is(values[i], Number(text)));
    assert(wrong < 0, `${texts[wrong]} is read as ${values[wrong]}`);
  }
}

Deno.test("CsvDecoder and NdjsonDecoder read 16 to 19 digits as Number does", () => {
  forSeeds(3, (random) => hold(Array.from({ length: TEXTS }, () => longText(random))));
});

Deno.test("CsvDecoder and NdjsonDecoder read 16 to 19 digits where few bits decide", () => {
  forSeeds(3, (random) => {
    const texts = Array.from({ length: TEXTS }, () => longText(random)).filter(isNearCarry);
    assert(texts.length > TEXTS / 200);
    hold(texts);
  });
});

Deno.test("CsvDecoder and NdjsonDecoder read what doubles are written as", () => {
  forSeeds(3, (random) => {
    hold(Array.from({ length: TEXTS }, () => {
      const size = 10 ** (random.below(16) - 2);
      return String((random.next() + random.next() / 2 ** 32 - 0.5) * size);
    }));
  });
});
