import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { formatDecimal, writeDecimal } from "../src/batch/decimal.ts";
import { formatDate, formatTime, formatTimestamp } from "../src/batch/expressions/time.ts";
import { create } from "../src/kernel/kernel.ts";
import { NumberColumns, type NumberKind } from "../src/kernel/number_columns.ts";
import { anyDouble, doubleOf } from "./support/number_texts.ts";
import { forSeeds, type Random } from "./support/random.ts";

const PATTERNS = 20_000_000;
const BATCH = 20_000;
const kernel = new NumberColumns(create());
const decoder = new TextDecoder();

function texts(kind: NumberKind, values: ArrayBufferView, digits = 0): string[] {
  const { bytes, offsets } = kernel.write(kind, values, digits);
  const all = decoder.decode(bytes);
  return Array.from(offsets.subarray(1), (end, i) => all.slice(offsets[i], end));
}

function holdDoubles(values: readonly number[]): void {
  const written = texts("f64", Float64Array.from(values));
  values.forEach((value, i) => assertStrictEquals(written[i], String(value)));
}

/** Fills words with random bits (xorshift32). */
function fillBits(words: Int32Array, seed: number): void {
  let state = seed | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = Math.imul(state, 0x9e3779b1) ^ (state >>> 15);
  }
}

/** Says which double of a batch is written, or read, other than it should be. */
function blame(values: Float64Array, seed: number): never {
  const written = texts("f64", values);
  const back = kernel.readDoubles(kernel.write("f64", values), false);
  const at = written.findIndex((text, i) => text !== String(values[i]) || back[i] !== values[i]);
  throw new Error(
    `Bit pattern of seed ${seed}: ${values[at]} is written ${written[at]}, read ${back[at]}`,
  );
}

Deno.test("writeF64() is String(x), and readNumber() reads it back, for 20 million bit patterns", () => {
  const first = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`bit patterns from seed ${first}`);
  const values = new Float64Array(BATCH);
  const words = new Int32Array(values.buffer);
  for (let batch = 0; batch < PATTERNS / BATCH; batch++) {
    const seed = (first + Math.imul(batch, 0x85ebca6b)) | 0;
    fillBits(words, seed);
    // what is not finite has a test of its own
    for (let i = 1; i < words.length; i += 2) {
      if ((words[i] & 0x7ff00000) === 0x7ff00000) words[i] ^= 0x40000000;
    }
    const column = kernel.write("f64", values);
    if (decoder.decode(column.bytes) !== values.join("")) blame(values, seed);
    const back = kernel.readDoubles(column, false);
    const again = new Int32Array(back.buffer, back.byteOffset, back.length * 2);
    let differing = again.length ^ words.length;
    for (let i = 0; i < words.length; i++) differing |= again[i] ^ words[i];
    if (differing !== 0) blame(values, seed);
  }
});

Deno.test("writeF64() is String(x) where there is something special about x", () => {
  holdDoubles([0, -0, NaN, Infinity, -Infinity, 1e21, 1e21 - 131072, 1e-6, 1e-7, 9.5e-7, 5e-324]);
  const powers = Array.from({ length: 2_100 }, (_, i) => 2 ** (i - 1075));
  holdDoubles(powers);
  holdDoubles(powers.map((value) => -3 * value));
  for (const step of [-1n, 1n]) {
    const near = new BigUint64Array(Float64Array.from(powers).buffer).filter((bits) => bits > 0n);
    holdDoubles([...near].map((bits) => doubleOf(bits + step)));
  }
  for (const digits of ["1", "5", "12", "25", "999", "123456789", "9007199254740993"]) {
    holdDoubles(Array.from({ length: 680 }, (_, i) => Number(`${digits}e${i - 345}`)));
  }
  const wholes = Array.from({ length: 64 }, (_, i) => 2 ** i);
  holdDoubles(wholes.flatMap((value) => [value, value - 1, value + 1, value + 0.5]));
});

Deno.test("writeF64() is String(x) for numbers as people have them", () => {
  forSeeds(20, (random) => {
    const decimals = 10 ** random.below(17);
    const size = 10 ** random.below(20);
    holdDoubles(Array.from({ length: 5_000 }, () => {
      const value = Math.round((random.next() - 0.5) * size) / decimals;
      return random.chance(0.5) ? value : value * random.next();
    }));
  });
});

Deno.test("writeF64() is String(x) for hundredths, and for the doubles beside them", () => {
  const neighbours = (value: number): number[] => {
    const [bits] = new BigUint64Array(Float64Array.of(value).buffer);
    return [-2n, -1n, 0n, 1n, 2n].map((off) => doubleOf(bits + off));
  };
  holdDoubles(Array.from({ length: 100_000 }, (_, i) => i / 100));
  for (const edge of [0.005, 0.01, 0.015, 9999.99, 10000, 10000.01, 1e13, 9999999999999.99]) {
    holdDoubles(neighbours(edge));
  }
  forSeeds(20, (random) => {
    const most = 10 ** (1 + random.below(16));
    const hundredths = Array.from({ length: 2_000 }, () => 1 + Math.floor(random.next() * most));
    // halves, too, which lie between two of them
    const values = hundredths.map((value, i) => (value + (i & 1) / 2) / 100);
    holdDoubles(values.flatMap(neighbours));
  });
});

Deno.test("writeF64() is String(x) for the least doubles and those near a tie", () => {
  forSeeds(10, (random) => {
    holdDoubles(Array.from({ length: 5_000 }, () => anyDouble(random)));
    holdDoubles(
      Array.from(
        { length: 5_000 },
        () => (2 ** 53 + random.below(2 ** 40)) * 2 ** random.below(60),
      ),
    );
  });
});

Deno.test("writeFixed() is x.toFixed()", () => {
  const known = [
    0,
    -0,
    0.5,
    -0.5,
    1.005,
    1.5,
    2.5,
    0.125,
    1e20,
    1e21,
    -1e-9,
    123.456,
    NaN,
    -Infinity,
  ];
  const exact = [999999999999999.9, 2 ** 53 + 2, 2 ** 69, 0.49999999999999994, 5e-324, 2 ** -40];
  forSeeds(40, (random) => {
    const decimals = random.below(20);
    const any = Array.from({ length: 500 }, () => {
      const halves = random.below(100_000) / 2 ** random.below(12);
      return random.pick([
        halves,
        (random.next() - 0.5) * 10 ** random.below(20),
        anyDouble(random),
      ]);
    });
    const values = [...known, ...exact, ...any];
    const written = texts("fixed", Float64Array.from(values), decimals);
    values.forEach((value, i) => assertStrictEquals(written[i], value.toFixed(decimals)));
  });
});

/** A number of random size up to `bits`, of either sign. */
function anyInteger(random: Random, bits: number): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(random.below(2 ** 32));
  const size = BigInt.asUintN(1 + random.below(bits - 1), value);
  return random.chance(0.5) ? -size : size;
}

Deno.test("writeI64() and writeI32() are String(x)", () => {
  forSeeds(10, (random) => {
    const longs = Array.from({ length: 2_000 }, () => anyInteger(random, 64));
    longs.push(
      0n,
      -(2n ** 63n),
      2n ** 63n - 1n,
      ...Array.from({ length: 19 }, (_, i) => 10n ** BigInt(i)),
    );
    assertEquals(texts("i64", BigInt64Array.from(longs)), longs.map(String));
    const ints = Array.from({ length: 2_000 }, () => Number(anyInteger(random, 32)));
    ints.push(0, -(2 ** 31), 2 ** 31 - 1);
    assertEquals(texts("i32", Int32Array.from(ints)), ints.map(String));
  });
});

Deno.test("writeI64() writes every four digits at every place", () => {
  for (const place of [0n, 4n, 8n, 12n]) {
    for (const rest of [0n, 10n ** 16n - 1n]) {
      const unit = 10n ** place;
      const others = rest - rest / unit % 10_000n * unit;
      const longs = BigInt64Array.from({ length: 10_000 }, (_, i) => others + BigInt(i) * unit);
      assertEquals(texts("i64", longs), Array.from(longs, String));
    }
  }
});

Deno.test("writeF64() is String(x) for few digits, at every power of ten", () => {
  forSeeds(10, (random) => {
    for (let count = 1; count <= 10; count++) {
      const most = 10 ** count;
      holdDoubles(Array.from({ length: 2_000 }, () => {
        const digits = random.chance(0.2) ? most - 1 - random.below(3) : random.below(most);
        return Number(`${digits}e${random.below(640) - 330}`);
      }));
    }
  });
});

Deno.test("writeF64() is String(x) around what ends one way of writing it", () => {
  const powers = Array.from({ length: 44 }, (_, i) => Number(`1e${i - 22}`));
  const edges = [2 ** 53, 9007199254740993, 0.1 + 0.2, 1e13, 9999.99, 0.01, 5e-324, 1e21, 1e-6];
  const around = [...powers, ...edges].flatMap((value) => {
    const [bits] = new BigUint64Array(Float64Array.of(value).buffer);
    return [-2n, -1n, 0n, 1n, 2n].map((step) => doubleOf(bits > 1n ? bits + step : bits));
  });
  holdDoubles(around.flatMap((value) => [value, -value]));
  forSeeds(5, (random) => {
    for (const count of [15, 16, 17]) {
      holdDoubles(Array.from({ length: 5_000 }, () => {
        const digits = Array.from({ length: count }, () => random.below(10)).join("");
        return Number(`${digits}e${random.below(50) - 30}`);
      }));
    }
  });
});

/** Holds scaled integers to `formatDecimal`. */
function holdDecimals(values: readonly bigint[], scale: number): void {
  const column = new Uint8Array(values.length * 16);
  values.forEach((value, i) => writeDecimal(column, i, value));
  assertEquals(
    texts("decimal", column, scale),
    values.map((value) => formatDecimal(value, scale)),
  );
}

Deno.test("writeDecimal() is formatDecimal()", () => {
  forSeeds(20, (random) => {
    const most = 10n ** 38n - 1n;
    const values = Array.from({ length: 500 }, () => anyInteger(random, 126) % (most + 1n));
    values.push(
      0n,
      1n,
      -1n,
      most,
      -most,
      ...Array.from({ length: 38 }, (_, i) => 10n ** BigInt(i)),
    );
    holdDecimals(values, random.below(39));
  });
});

Deno.test("writeDecimal() is formatDecimal() for decimals of few digits", () => {
  const powers = Array.from({ length: 10 }, (_, i) => 10n ** BigInt(i));
  const edges = powers.flatMap((value) => [value - 1n, value, value + 1n, 9n * value]);
  forSeeds(9, (random, scale) => {
    const any = Array.from({ length: 2_000 }, () => anyInteger(random, 28));
    holdDecimals([...edges, ...edges.map((value) => -value), ...any], scale);
  });
});

Deno.test("writeTimestamp(), writeDate() and writeTime() are what toISOString() gives", () => {
  const day = 86_400_000;
  const edge = 8.64e15;
  const known = [
    0,
    -1,
    day - 1,
    edge,
    -edge,
    edge + 1,
    -edge - 1,
    951_782_400_000,
    -62_198_755_200_000,
  ];
  forSeeds(10, (random) => {
    const times = known.concat(Array.from({ length: 2_000 }, () => {
      const size = random.pick([1e11, 1e12, 1e14, 8.7e15]);
      return Math.round((random.next() - 0.5) * 2 * size);
    }));
    const written = texts("timestamp", BigInt64Array.from(times.map(BigInt)));
    assertEquals(written, times.map((ms) => formatTimestamp(ms) ?? ""));
    const days = [0, 1e8, -1e8, 1e8 + 1, -1e8 - 1, 2 ** 31 - 1, -(2 ** 31)].concat(
      times.map((ms) => Math.floor(ms / day)),
    );
    assertEquals(texts("date", Int32Array.from(days)), days.map((at) => formatDate(at) ?? ""));
    const clocks = [0, day - 1, day, -1, ...times.map((ms) => Math.abs(ms) % day)];
    assertEquals(texts("time", Int32Array.from(clocks)), clocks.map((ms) => formatTime(ms) ?? ""));
  });
});

Deno.test("numbers are written one behind the other, and nothing else is changed", () => {
  const values = Float64Array.of(1.5, 1 / 3, 1e300, -2);
  const { bytes, offsets } = kernel.write("f64", values);
  assertEquals([...offsets], [0, 3, 21, 27, 29]);
  assert(bytes.length === 29);
});
