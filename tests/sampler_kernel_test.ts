import { assert, assertEquals } from "@std/assert";
import { tableBits, writeAliasTable } from "../src/generators/sampling/alias_table.ts";
import { ReferenceSampler } from "../src/generators/sampling/reference_sampler.ts";
import { columnOf } from "../src/batch/column_of.ts";
import { getBit } from "../src/batch/bitmap.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const kernel = create();

function randomSeed(random: Random) {
  const word = () => BigInt(random.below(2 ** 32));
  return { seed: (word() << 32n) | word(), block: random.below(2 ** 40) };
}

function randomTables(random: Random, count: number, bits: number): Uint32Array {
  const out = new Uint32Array(count << bits);
  for (let table = 0; table < count; table++) {
    const outcomes = 1 + random.below(1 << bits);
    const weights = Array.from({ length: outcomes }, () => random.chance(0.3) ? 0 : random.next());
    weights[random.below(outcomes)] += 1;
    writeAliasTable(weights, bits, out.subarray(table << bits, (table + 1) << bits));
  }
  return out;
}

function symbolsOf(random: Random, count: number): Uint16Array {
  return Uint16Array.from({ length: BLOCK_ROWS }, () => random.below(count));
}

function positionsOf(random: Random, count: number): Int32Array {
  return Int32Array.from({ length: BLOCK_ROWS }, () => random.below(count + 1) - 1);
}

/** A sampler of either kind on the same random words. */
function pairOf(random: Random) {
  const at = randomSeed(random);
  const stream = random.below(1000);
  const sampler = new SamplerKernel(kernel);
  sampler.randomize(at, stream);
  return { sampler, reference: new ReferenceSampler(at, stream, BLOCK_ROWS) };
}

Deno.test("SamplerKernel.randomize() gives the words of ReferenceSampler", () => {
  forSeeds(20, (random) => {
    const { sampler, reference } = pairOf(random);
    assertEquals(sampler.words(), reference.words());
    sampler[Symbol.dispose]();
  });
});

Deno.test("SamplerKernel.aliasTables() makes the tables of writeAliasTable()", () => {
  forSeeds(60, (random) => {
    using sampler = new SamplerKernel(kernel);
    const count = random.pick([1, 2, 70]);
    const outcomes = 1 + random.below(random.pick([2, 70, 3000]));
    const bits = tableBits(outcomes);
    const weightOf = random.pick([
      () => random.next(),
      () => random.chance(0.7) ? 0 : random.next() ** 20,
      () => 1 / 3,
    ]);
    const all = Array.from({ length: count }, () => {
      const weights = Float64Array.from({ length: outcomes }, weightOf);
      weights[random.below(outcomes)] += 0.1;
      return weights;
    });
    const weigh = (table: number, out: Float64Array) => out.set(all[table]);
    const { at } = sampler.aliasTables({ count, outcomes, bits, weigh });
    const made = new Uint32Array(sampler.bytes(at, (count << bits) * 4).buffer);
    all.forEach((weights, table) => {
      const expected = new Uint32Array(1 << bits);
      writeAliasTable(weights, bits, expected);
      assertEquals(made.subarray(table << bits, (table + 1) << bits), expected);
    });
  });
});

Deno.test("SamplerKernel.draw() draws the symbols of ReferenceSampler", () => {
  forSeeds(30, (random) => {
    const { sampler, reference } = pairOf(random);
    const bits = random.below(8);
    const parents = symbolsOf(random, 1 + random.below(40));
    const tables = randomTables(random, 40, bits);
    const to = sampler.reserve(BLOCK_ROWS * 2);
    const table = { at: sampler.place(tables), bits };
    const keep = random.pick([0, 0xfff0]);
    sampler.draw(table, sampler.place(parents), keep, to);
    const drawn = () => new Uint16Array(sampler.bytes(to, BLOCK_ROWS * 2).buffer);
    assertEquals(drawn(), reference.draw(tables, bits, { parents, keep }));
    const known = random.pick([0x7, 0xf]);
    sampler.draw(table, sampler.place(parents), keep, to, known);
    assertEquals(drawn(), reference.draw(tables, bits, { parents, keep, known }));
    sampler.draw(table, 0, keep, to);
    assertEquals(drawn(), reference.draw(tables, bits));
    sampler[Symbol.dispose]();
  });
});

Deno.test("SamplerKernel.values() and lookup() give the positions of ReferenceSampler", () => {
  forSeeds(30, (random) => {
    const { sampler, reference } = pairOf(random);
    const bits = 1 + random.below(6);
    const tables = [0, 1, 2].map(() => randomTables(random, 1, bits));
    const places = tables.map((table) => sampler.place(table));
    const own = new Int32Array(40);
    for (let at = 0; at < 40; at += 4) {
      own.set([random.below(99) - 1, random.below(4), bits, 0], at);
    }
    const placed = own.map((word, at) => at % 4 === 1 && word > 0 ? places[word - 1] : word);
    const symbols = symbolsOf(random, 10);
    const to = sampler.reserve(BLOCK_ROWS * 4);
    const positions = () => new Int32Array(sampler.bytes(to, BLOCK_ROWS * 4).buffer);
    sampler.values(sampler.place(symbols), sampler.place(placed), to);
    assertEquals(positions(), reference.values(symbols, own, tables));

    const [a, b] = [1 + random.below(20), 1 + random.below(20)];
    const by = random.chance(0.5)
      ? [positionsOf(random, a)]
      : [positionsOf(random, a), positionsOf(random, b)];
    const width = by.length === 2 ? b + 1 : 1;
    const entries = Int32Array.from({ length: (a + 1) * width }, () => random.below(50) - 4);
    const values = Int32Array.from({ length: 1 << bits }, () => random.below(50) - 1);
    const choices = tables.map((table) => ({ table, bits, values }));
    const records = new Int32Array(12);
    places.forEach((place, at) => records.set([place, bits, sampler.place(values)], at * 4));
    const table = { entries: sampler.place(entries), width, choices: sampler.place(records) };
    sampler.lookup(sampler.place(by[0]), by[1] ? sampler.place(by[1]) : 0, table, to);
    assertEquals(positions(), reference.lookup(by, { entries, width, choices }));
    sampler[Symbol.dispose]();
  });
});

Deno.test("SamplerKernel.numbers() gives the numbers of ReferenceSampler", () => {
  forSeeds(30, (random) => {
    const { sampler, reference } = pairOf(random);
    const bits = random.pick([3, 4]);
    const size = 10 ** random.below(12);
    const knots = Float64Array.from(
      { length: 10 * (2 ** bits + 1) },
      () => (random.next() - 0.5) * size,
    );
    const symbols = symbolsOf(random, 10);
    const [whole, scale] = [random.chance(0.5), random.pick([1, 7, 86_400_000])];
    const to = sampler.reserve(BLOCK_ROWS * 8);
    const table = { knots: sampler.place(knots), bits, whole, scale };
    const at = sampler.place(symbols);
    sampler.numbers(at, table, false, to);
    const once = reference.numbers(symbols, { knots, bits, whole, scale });
    assertEquals(new Float64Array(sampler.bytes(to, BLOCK_ROWS * 8).buffer), once);
    sampler.numbers(at, table, true, to);
    const twice = reference.numbers(symbols, { knots, bits, whole, scale }, once);
    assertEquals(new Float64Array(sampler.bytes(to, BLOCK_ROWS * 8).buffer), twice);
    sampler[Symbol.dispose]();
  });
});

Deno.test("SamplerKernel.ints() gives the numbers of ReferenceSampler within limits, cut off", () => {
  forSeeds(30, (random) => {
    const { sampler, reference } = pairOf(random);
    const bits = random.pick([3, 4]);
    const size = 10 ** random.below(12);
    const knots = Float64Array.from(
      { length: 10 * (2 ** bits + 1) },
      () => (random.next() - 0.5) * size,
    );
    const symbols = symbolsOf(random, 10);
    const [whole, scale] = [random.chance(0.5), random.pick([1, 0.25, 60_000])];
    const [low, high] = [-random.below(2 ** 31), random.below(2 ** 31)];
    const to = sampler.reserve(BLOCK_ROWS * 4);
    const table = { knots: sampler.place(knots), bits, whole, scale };
    const at = sampler.place(symbols);
    const others = Float64Array.from(symbols, () => random.next() * size);
    for (const added of [undefined, others]) {
      sampler.ints(at, table, { low, high, added: added ? sampler.place(added) : 0 }, to);
      const numbers = reference.numbers(symbols, { knots, bits, whole, scale }, added);
      const expected = numbers.map((number) => Math.min(high, Math.max(low, number)));
      const made = new Int32Array(sampler.bytes(to, BLOCK_ROWS * 4).buffer);
      assertEquals(made, Int32Array.from(expected, Math.trunc));
    }
    sampler[Symbol.dispose]();
  });
});

Deno.test("SamplerKernel.words() are of the stream that was asked for last, drawn from or not", () => {
  forSeeds(10, (random) => {
    const { sampler } = pairOf(random);
    const tables = sampler.place(randomTables(random, 1, 3));
    const to = sampler.reserve(BLOCK_ROWS * 2);
    for (let stream = 0; stream < 5; stream++) {
      const at = randomSeed(random);
      const reference = new ReferenceSampler(at, stream, BLOCK_ROWS);
      sampler.randomize(at, stream);
      if (random.chance(0.5)) sampler.draw({ at: tables, bits: 3 }, 0, 0, to);
      assertEquals(sampler.words(), reference.words());
      assertEquals(sampler.words(), reference.words());
    }
    sampler[Symbol.dispose]();
  });
});

Deno.test("SamplerKernel.store() keeps numbers within the limits of what it stores", () => {
  forSeeds(20, (random) => {
    using sampler = new SamplerKernel(kernel);
    const values = Float64Array.from(
      { length: BLOCK_ROWS },
      () => Math.round((random.next() - 0.5) * 1e5),
    );
    const from = sampler.place(values);
    const to = sampler.reserve(BLOCK_ROWS * 16);
    const [low, high] = [-random.below(30_000), random.below(30_000)];
    const limited = values.map((value) => Math.min(high, Math.max(low, value)));
    const stored = (kind: "i32" | "i64" | "f32" | "f64" | "decimal", bytes: number) => {
      sampler.store(from, kind, { divisor: 100, low, high }, to);
      return sampler.bytes(to, BLOCK_ROWS * bytes).buffer;
    };
    assertEquals(new Int32Array(stored("i32", 4)), Int32Array.from(limited));
    assertEquals(new BigInt64Array(stored("i64", 8)), BigInt64Array.from(limited, BigInt));
    assertEquals(new Float32Array(stored("f32", 4)), Float32Array.from(limited, (v) => v / 100));
    assertEquals(new Float64Array(stored("f64", 8)), limited.map((v) => v / 100));
    const parts = sampler.place(values.map((value) => value / 8));
    sampler.store(parts, "whole", { divisor: 100, low, high }, to);
    const whole = new Float64Array(sampler.bytes(to, BLOCK_ROWS * 8).buffer);
    // + 0: a whole number has no sign where it is 0
    const cut = (value: number) => Math.trunc(Math.min(high, Math.max(low, value / 8))) + 0;
    assertEquals(whole, values.map(cut));
    const far = { divisor: 1, low: -(2 ** 60), high: 2 ** 60 };
    sampler.store(sampler.place(values.map((value) => value * 2 ** 41)), "i64", far, to);
    const large = new BigInt64Array(sampler.bytes(to, BLOCK_ROWS * 8).buffer);
    assertEquals(large, BigInt64Array.from(values, (value) => BigInt(value) << 41n));
    const wide = new BigInt64Array(stored("decimal", 16));
    assert(
      limited.every((v, at) =>
        wide[at * 2] === BigInt(v) && wide[at * 2 + 1] === (v < 0 ? -1n : 0n)
      ),
    );
  });
});

Deno.test("SamplerKernel makes bitmaps, texts and numbers of positions", () => {
  forSeeds(10, (random) => {
    using sampler = new SamplerKernel(kernel);
    const texts = Array.from({ length: 20 }, (_, at) => "ü€x".repeat(random.below(12)) + at);
    const list = columnOf({ kind: "utf8" }, texts);
    const [offsets, bytes] = [sampler.place(list.offsets!), sampler.place(list.values!)];
    const positions = positionsOf(random, texts.length);
    const at = sampler.place(positions);
    const ends = sampler.reserve(BLOCK_ROWS * 4 + 4);
    const size = sampler.textEnds(at, offsets, ends);
    const to = sampler.reserve(size + 16);
    sampler.texts(at, { offsets, bytes }, to);
    const text = new TextDecoder().decode(sampler.bytes(to, size));
    assertEquals(text, Array.from(positions, (p) => texts[p] ?? "").join(""));
    const values = Float64Array.from(texts, () => random.next());
    const numbers = sampler.reserve(BLOCK_ROWS * 8);
    sampler.gather(at, sampler.place(values), numbers);
    const expected = Float64Array.from(positions, (p) => values[p] ?? 0);
    assertEquals(new Float64Array(sampler.bytes(numbers, BLOCK_ROWS * 8).buffer), expected);

    const bits = sampler.reserve(BLOCK_ROWS / 8);
    const bit = (row: number, of: Uint8Array) => getBit(of, row);
    sampler.bools(at, bits);
    const set = sampler.bytes(bits, BLOCK_ROWS / 8);
    assert(positions.every((p, row) => bit(row, set) === (p === 1)));
    const nulls = positions.filter((p) => p < 0).length;
    assertEquals(sampler.present(at, bits), nulls);
    const present = sampler.bytes(bits, BLOCK_ROWS / 8);
    assert(positions.every((p, row) => bit(row, present) === (p >= 0)));
    const kept = new Int32Array(sampler.bytes(at, BLOCK_ROWS * 4).buffer);
    assertEquals(kept, positions.map((p) => Math.max(p, 0)));
    const symbols = symbolsOf(random, 5);
    const words = sampler.reserve(BLOCK_ROWS * 4);
    sampler.positions(sampler.place(symbols), 4, words);
    const own = new Int32Array(sampler.bytes(words, BLOCK_ROWS * 4).buffer);
    assertEquals(own, Int32Array.from(symbols, (s) => s === 4 ? -1 : s));
    const firsts = Int32Array.from({ length: 5 }, () => random.below(1000) - 1);
    sampler.firsts(sampler.place(symbols), sampler.place(firsts), words);
    const found = new Int32Array(sampler.bytes(words, BLOCK_ROWS * 4).buffer);
    assertEquals(found, Int32Array.from(symbols, (s) => firsts[s]));
    assertEquals(
      sampler.valid(sampler.place(symbols), 4, bits),
      symbols.filter((s) => s === 4).length,
    );
    const valid = sampler.bytes(bits, BLOCK_ROWS / 8);
    assert(symbols.every((s, row) => bit(row, valid) === (s !== 4)));
  });
});

Deno.test("alias tables draw outcomes by their weights, and those of weight 0 never", () => {
  forSeeds(40, (random) => {
    const bits = random.below(8);
    const size = 1 + random.below(1 << bits);
    const weights = Array.from({ length: size }, () => random.chance(0.4) ? 0 : random.next() ** 4);
    weights[random.below(size)] += 1e-3;
    const table = new Uint32Array(1 << bits);
    writeAliasTable(weights, bits, table);
    const total = weights.reduce((a, b) => a + b);
    const shares = new Float64Array(1 << bits);
    table.forEach((entry, own) => {
      const threshold = entry >>> 16;
      shares[own] += threshold / 65536 / table.length;
      shares[entry & 0xffff] += (65536 - threshold) / 65536 / table.length;
    });
    shares.forEach((share, at) => {
      const weight = (weights[at] ?? 0) / total;
      assert(Math.abs(share - weight) < 1e-4, `${at}: ${share}, expected ${weight}`);
      if (weight === 0) assert(share === 0, `${at} never comes, but has ${share}`);
    });
  });
});
