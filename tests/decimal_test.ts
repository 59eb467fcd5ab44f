import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  fitsPrecision,
  formatDecimal,
  parseDecimal,
  readDecimal,
  writeDecimal,
} from "../src/batch/decimal.ts";
import { Misfit } from "../src/batch/misfit.ts";
import { holds } from "./support/batches.ts";

const MONEY = { precision: 6, scale: 2 };
const widest = 10n ** 38n - 1n;

Deno.test("parseDecimal() takes exact texts, numbers and bigints", () => {
  const cases: [unknown, bigint][] = [
    ["1.5", 150n],
    ["-1.50", -150n],
    ["+.5", 50n],
    ["5.", 500n],
    ["0", 0n],
    ["-0.00", 0n],
    ["0000001.2500", 125n],
    ["12e1", 12_000n],
    ["125e-2", 125n],
    ["0e9999", 0n],
    ["9999.99", 999_999n],
    [0.1, 10n],
    [-0, 0n],
    [1e3, 100_000n],
    [1e-2, 1n],
    [7n, 700n],
  ];
  for (const [value, unscaled] of cases) assertEquals(parseDecimal(value, MONEY), unscaled);
});

Deno.test("parseDecimal() refuses what would lose a digit, and what is no number", () => {
  const wrong = [
    "1.005",
    "10000",
    "99999e-3",
    0.1 + 0.2,
    1e-3,
    NaN,
    Infinity,
    10_000n,
    "",
    ".",
    "-",
  ]
    .concat(["1,5", " 1", "0x1", "1e", "1e99999", "e5", "--1"]);
  for (const value of [...wrong, true, {}, [1]]) {
    const error = assertThrows(() => parseDecimal(value, MONEY), Misfit);
    assertEquals(error.expected, "an exact decimal(6, 2)");
  }
});

Deno.test("formatDecimal() and parseDecimal() are each other's reverse for 38 digits", () => {
  const unscaled = fc.bigInt({ min: -widest, max: widest });
  holds(fc.tuple(unscaled, fc.nat(38)), ([unscaled, scale]) => {
    const text = formatDecimal(unscaled, scale);
    assertEquals(parseDecimal(text, { precision: 38, scale }), unscaled);
    assertEquals(text.split(".")[1]?.length ?? 0, scale);
  });
});

Deno.test("writeDecimal() and readDecimal() keep 128 bits", () => {
  holds(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }), (unscaled) => {
    const values = new Uint8Array(35).subarray(3);
    writeDecimal(values, 1, unscaled);
    assertEquals(readDecimal(values, 1), unscaled);
    assertEquals(readDecimal(values, 0), 0n);
  });
});

Deno.test("fitsPrecision() counts digits", () => {
  assertEquals([999n, -999n, 1000n, -1000n].map((n) => fitsPrecision(n, 3)), [
    true,
    true,
    false,
    false,
  ]);
});
