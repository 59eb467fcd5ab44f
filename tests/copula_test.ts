import { assert, assertEquals } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { factorOf, packedLength } from "../src/generators/copula/copula_fit.ts";
import { normalBelow, normalQuantile } from "../src/generators/normal.ts";
import { COPULA } from "../src/generators/copula/copula_face.ts";
import { upperLimits } from "../src/generators/copula/copula_draws.ts";
import { ReferenceSampler } from "../src/generators/sampling/reference_sampler.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { forSeeds, forSeedsAsync, type Random } from "./support/random.ts";

const kernel = create();

Deno.test("normalBelow() is the integral of the normal density, and normalQuantile() its inverse", () => {
  const steps = 2000;
  for (const x of [-6, -2.5, -1, -0.1, 0, 0.7, 1.96, 4]) {
    // Simpson's rule from far below
    const width = (x + 12) / steps;
    let sum = 0;
    for (let i = 0; i <= steps; i++) {
      const at = -12 + i * width;
      const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
      sum += weight * Math.exp(-at * at / 2) / Math.sqrt(2 * Math.PI);
    }
    const expected = sum * width / 3;
    assert(Math.abs(normalBelow(x) / expected - 1) < 1e-6, `${x}: ${normalBelow(x)}, ${expected}`);
  }
  forSeeds(100, (random) => {
    const p = random.chance(0.5) ? random.next() : 10 ** -(random.next() * 30);
    if (p === 0) return;
    const back = normalBelow(normalQuantile(p));
    assert(Math.abs(back / p - 1) < 1e-5, `${p}: ${back}`);
  });
  assertEquals([normalQuantile(0), normalQuantile(1)], [-Infinity, Infinity]);
});

Deno.test("SamplerKernel.normals() and copula() give the deviates and symbols of ReferenceSampler", () => {
  forSeeds(20, (random) => {
    using sampler = new SamplerKernel(kernel);
    const at = { seed: BigInt(random.below(2 ** 32)), block: random.below(1000) };
    const count = 1 + random.below(5);
    const normals = sampler.reserve(count * BLOCK_ROWS * 4);
    const columns = Array.from({ length: count }, (_, stream) => {
      const to = normals + stream * BLOCK_ROWS * 4;
      sampler.randomize(at, stream);
      sampler.normals(to);
      const drawn = new Float32Array(sampler.bytes(to, BLOCK_ROWS * 4).buffer);
      const expected = new ReferenceSampler(at, stream, BLOCK_ROWS).normals();
      drawn.forEach((each, row) => {
        const near = Math.abs(each - expected[row]) <= 2e-6 * Math.abs(expected[row]);
        assert(near, `${each}, expected ${expected[row]}`);
      });
      return drawn;
    });
    const symbols = 1 + random.below(255);
    const shares = Float64Array.from({ length: symbols }, () => random.next() / symbols);
    const limits = upperLimits(shares);
    const weights = Float32Array.from({ length: count }, () => random.next() * 2 - 1);
    const to = sampler.reserve(BLOCK_ROWS * 2);
    const table = {
      weights: sampler.place(weights),
      count,
      limits: sampler.place(limits),
      bits: Math.log2(limits.length),
    };
    sampler.copula(normals, table, to);
    const drawn = new Uint16Array(sampler.bytes(to, BLOCK_ROWS * 2).buffer);
    const reference = new ReferenceSampler(at, 0, BLOCK_ROWS);
    assertEquals(drawn, reference.copula(columns, weights, limits));
  });
});

Deno.test("factorOf() gives the correlations back, within what it takes them less", () => {
  forSeeds(40, (random) => {
    const count = 1 + random.below(8);
    // vectors of length 1 and their products: also where one follows from others
    const vectors = Array.from({ length: count }, () => {
      const raw = Array.from({ length: 1 + random.below(4) }, () => random.next() - 0.5);
      const size = Math.hypot(...raw);
      return raw.map((each) => each / size);
    });
    const dot = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, each, at) => sum + each * (b[at] ?? 0), 0);
    const packed = vectors.flatMap((a, v) => vectors.slice(0, v + 1).map((b) => dot(a, b)));
    assertEquals(packed.length, packedLength(count));
    const factor = factorOf(Float64Array.from(packed), count);
    const row = (v: number) => Array.from(factor.subarray(packedLength(v), packedLength(v + 1)));
    let at = 0;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++, at++) {
        const product = dot(row(b), row(a));
        assert(Math.abs(product - packed[at]) < 2e-3, `${a}, ${b}: ${product}, ${packed[at]}`);
      }
    }
  });
});

/** Columns of symbols, of which the second and third have to do with the first. */
function randomColumns(random: Random, length: number): Uint8Array[] {
  const first = Uint8Array.from({ length }, () => random.below(4));
  return [
    first,
    first.map((symbol) => random.chance(0.7) ? symbol >> 1 : random.below(2)),
    first.map((symbol) => random.chance(0.5) ? 3 - symbol : random.below(3)),
  ];
}

Deno.test("a copula gives all combinations of symbols probabilities of sum 1, and draws them so often", async () => {
  await forSeedsAsync(5, async (random) => {
    const symbols = [4, 2, 4];
    const columns = randomColumns(random, 3000);
    const options = { seed: 1n, ordered: symbols, onStep: () => Promise.resolve() };
    const model = await COPULA.fit({ columns, symbols, length: 3000 }, options);
    const all = Array.from({ length: 32 }, (_, at) => [at % 4, (at >> 2) % 2, at >> 3]);
    const each = symbols.map((_, v) => Uint8Array.from(all, (symbols) => symbols[v]));
    const likely = COPULA.logLikelihoods(model, { columns: each, symbols, length: 32 })
      .map(Math.exp);
    const total = likely.reduce((a, b) => a + b);
    assert(Math.abs(total - 1) < 0.01, `${total}`);
    using sampler = new SamplerKernel(kernel);
    const to = symbols.map(() => sampler.reserve(BLOCK_ROWS * 2));
    const draws = COPULA.draws(sampler, model);
    const counts = new Float64Array(32);
    for (let block = 0; block < 20; block++) {
      draws.draw({ seed: 3n, block }, to);
      const [a, b, c] = to.map((at) => new Uint16Array(sampler.bytes(at, BLOCK_ROWS * 2).buffer));
      for (let row = 0; row < BLOCK_ROWS; row++) counts[a[row] + 4 * b[row] + 8 * c[row]]++;
    }
    counts.forEach((count, at) => {
      const [share, deviation] = [count / 81_920, Math.sqrt(likely[at] / 81_920)];
      const near = Math.abs(share - likely[at]) < 5 * deviation + 0.02 * likely[at] + 1e-5;
      assert(near, `${at}: ${share}, expected ${likely[at]}`);
    });
    model.shares.forEach((shares, v) => {
      const drawn = new Uint16Array(sampler.bytes(to[v], BLOCK_ROWS * 2).buffer);
      shares.forEach((share, s) => {
        const made = drawn.filter((symbol) => symbol === s).length / BLOCK_ROWS;
        assert(Math.abs(made - share) < 0.04, `${v}, ${s}: ${made}, learned ${share}`);
      });
    });
  });
});

Deno.test("a generator of a copula keeps columns that rise together, and is saved, loaded and described", async () => {
  await forSeedsAsync(2, async (random) => {
    const rows = Array.from({ length: 2000 }, () => {
      const size = random.next() + random.next();
      return {
        size,
        price: Math.round(size * 100 + random.next() * 20),
        note: random.chance(0.1) ? null : "sold",
        kind: "abc"[Math.floor(size * 1.5)],
        same: "x",
      };
    });
    const copula = await SyntheticGenerator.fit(rows, { model: "copula" });
    const independent = await SyntheticGenerator.fit(rows, { model: "independent" });
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
    const few = rows.slice(0, 300);
    assert(mean(copula.logLikelihood(few)) > mean(independent.logLikelihood(few)) + 0.2);
    const sampled = copula.sample(4000, { seed: 2 }).toRows();
    const dear = sampled.filter(({ size, price }) => size > 1 && price > 120).length;
    const really = rows.filter(({ size, price }) => size > 1 && price > 120).length;
    assert(Math.abs(dear / 4000 - really / 2000) < 0.05, `${dear / 4000}, really ${really / 2000}`);
    const loaded = await SyntheticGenerator.load(copula.toBytes());
    assertEquals(loaded.sample(4000, { seed: 2 }).toRows(), sampled as never);
    assertEquals(loaded.toBytes(), copula.toBytes());
    assert(copula.describe().startsWith("a Gaussian copula of 5 variables"));
  });
});
