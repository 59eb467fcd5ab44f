import { assert, assertEquals } from "@std/assert";
import { col, compile, evaluateRow, RecordBatch, schema, types as t } from "../mod.ts";
import { readColumn } from "../src/batch/column_reader.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 200;
const ROWS = 101;
const MOST_DIGITS = 15;

/** A finite double as a whole number of halvings: `[n, h]` for n / 2^h. */
function fractionOf(x: number): [bigint, bigint] {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const raw = bits.getBigUint64(0);
  const [exponent, low] = [raw >> 52n & 0x7ffn, raw & ((1n << 52n) - 1n)];
  const digits = exponent === 0n ? low : low | 1n << 52n;
  const halvings = 1075n - (exponent === 0n ? 1n : exponent);
  return halvings < 0n ? [digits << -halvings, 0n] : [digits, halvings];
}

/** What the digits of a double give, to the last of them. */
function roundExactly(x: number, digits: number): number {
  if (!Number.isFinite(x)) return x;
  const [n, halvings] = fractionOf(Math.abs(x));
  const twice = (2n * n * 10n ** BigInt(digits) >> halvings) + 1n;
  const size = Number(`${twice >> 1n}e-${digits}`);
  return x < 0 || Object.is(x, -0) ? -size : size;
}

function anyNumber(random: Random): number {
  const sign = random.chance(0.5) ? -1 : 1;
  if (random.chance(0.02)) return random.pick([0, -0, NaN, Infinity, -Infinity, 5e-324, 1.7e308]);
  // as people write halves, which few doubles are
  if (random.chance(0.5)) {
    return sign * Number(`${random.below(10 ** (1 + random.below(9)))}5e-${random.below(12)}`);
  }
  return sign * random.next() * 10 ** (random.below(24) - 6);
}

Deno.test("round() gives what exact digits give, in the kernel and row by row", () => {
  const columns = schema({ x: t.f64 });
  let halves = 0;
  forSeeds(RUNS, (random) => {
    const digits = 1 + random.below(MOST_DIGITS);
    const rows = Array.from({ length: ROWS }, () => ({ x: anyNumber(random) }));
    const rounded = col<number>("x").round(digits);
    using plan = compile(rounded, { schema: columns });
    const batch = RecordBatch.fromRows(rows, { schema: columns });
    const found = readColumn(plan.evaluate(batch), { start: 0, end: ROWS });
    rows.forEach(({ x }, row) => {
      const expected = roundExactly(x, digits);
      assertEquals(found[row], expected, `${x} to ${digits} digits in the kernel`);
      assertEquals(evaluateRow(rounded, { x }), expected, `${x} to ${digits} digits`);
      if (expected !== Math.sign(x) * Math.round(Math.abs(x) * 10 ** digits) / 10 ** digits) {
        halves++;
      }
    });
  });
  assert(halves > RUNS / 2, `${halves} numbers that a plain product gets wrong`);
});

Deno.test("round() looks at the double, whose half is seldom one", () => {
  const cases: [x: number, digits: number, expected: number][] = [
    [0.35, 1, 0.3],
    [-13.145, 2, -13.14],
    [0.00345, 4, 0.0034],
    [2.5, 0, 3],
    [0.375, 2, 0.38],
    [496993507258594.06, 1, 496993507258594.1],
    [2.2465297633374615, 15, 2.246529763337461],
  ];
  for (const [x, digits, expected] of cases) {
    assertEquals(evaluateRow(col<number>("x").round(digits), { x }), expected, `${x}, ${digits}`);
  }
});
